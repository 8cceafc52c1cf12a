/** Where the worktrees of a repository may lie. */

import { repositoryId } from "../git/location.ts";
import { stateHome } from "../run/home.ts";

/** The directories where omk puts worktrees by itself: the usual one, and the one that it falls back to. */
export interface WorktreeDirectories {
  /** Null where no state directory is known. */
  readonly usual: string | null;
  readonly fallback: string;
}

/** The directories for a repository, by its common directory. They need not exist. */
export function worktreeDirectories(
  commonDir: string,
  env: Readonly<Record<string, string>>,
): WorktreeDirectories {
  const state = stateHome(env);
  return {
    usual: state === undefined ? null : `${state}/omk/worktrees/${repositoryId(commonDir)}`,
    fallback: `${commonDir}/omk/worktrees`,
  };
}

/** Those of the directories that exist. */
export async function existingDirectories(paths: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of paths) {
    try {
      if ((await Deno.stat(path)).isDirectory) found.push(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
    }
  }
  return found;
}
