/** Where `omk init --skill` writes: agents look for skills there, below the root of a repository. */
export const SKILL_PATH = ".agents/skills/omk/SKILL.md";
