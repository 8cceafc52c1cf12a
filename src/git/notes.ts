/** The proof of a commit beside the commit: a git note, which git carries from clone to clone where it is told to. */

import { decode, gitText, runGit } from "./command.ts";
import type { Identity, ObjectId, RepositoryInfo } from "./port.ts";

/** The ref of the notes that hold proofs. */
export const PROOF_NOTES = "refs/notes/omk";

/** Writes the note of a commit, over one that is there; nothing else of the repository is changed. */
export async function writeNote(
  { commonDir, identity }: Pick<RepositoryInfo, "commonDir" | "identity">,
  commit: ObjectId,
  text: string,
): Promise<void> {
  const options = {
    cwd: commonDir,
    profile: "local",
    env: { GIT_DIR: commonDir, ...signature(identity) },
  } as const;
  const blob = await gitText(["hash-object", "-w", "--stdin"], { ...options, stdin: text });
  // As a blob, the text is taken as it is.
  await runGit(["notes", "--ref", PROOF_NOTES, "add", "--force", "-C", blob, commit], options);
}

/** The note of a commit; null where it has none. */
export async function readNote(commonDir: string, commit: ObjectId): Promise<string | null> {
  const { code, stdout } = await runGit(["notes", "--ref", PROOF_NOTES, "show", commit], {
    cwd: commonDir,
    profile: "local",
    env: { GIT_DIR: commonDir },
    okCodes: [0, 1],
  });
  return code === 0 ? decode(stdout) : null;
}

function signature({ name, email }: Identity): Readonly<Record<string, string>> {
  return {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
}
