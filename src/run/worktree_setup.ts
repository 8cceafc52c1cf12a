/**
 * How a fresh worktree of a project becomes fit for work: it has none of the files that git ignores, and so none of
 * the dependencies that gates need.
 */

/** A command that installs what a lock file names. */
export interface WorktreeSetup {
  readonly lockFile: string;
  readonly command: string;
  /** Where it installs, if that is inside the worktree. */
  readonly keep: readonly string[];
}

/** The first lock file of a project decides; the first word of its command must be on the PATH. */
const SETUPS: readonly WorktreeSetup[] = [
  { lockFile: "pnpm-lock.yaml", command: "pnpm install --frozen-lockfile", keep: ["node_modules"] },
  { lockFile: "yarn.lock", command: "yarn install --frozen-lockfile", keep: ["node_modules"] },
  { lockFile: "bun.lock", command: "bun install --frozen-lockfile", keep: ["node_modules"] },
  { lockFile: "package-lock.json", command: "npm ci", keep: ["node_modules"] },
  { lockFile: "uv.lock", command: "uv sync --frozen", keep: [".venv"] },
  { lockFile: "poetry.lock", command: "poetry install", keep: [] },
  { lockFile: "Gemfile.lock", command: "bundle install", keep: [] },
  { lockFile: "composer.lock", command: "composer install", keep: ["vendor"] },
];

/** Finds the set-up of a project; null where it has no known lock file, or the program is not there. */
export async function detectSetup(
  exists: (path: string) => Promise<boolean>,
  hasCommand: (name: string) => Promise<boolean>,
): Promise<WorktreeSetup | null> {
  for (const setup of SETUPS) {
    if (await exists(setup.lockFile) && await hasCommand(setup.command.split(" ")[0] ?? "")) return setup;
  }
  return null;
}
