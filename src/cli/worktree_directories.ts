/** Where the worktrees of a repository may lie. */

import { repositoryId } from "../git/location.ts";
import { stateHome } from "../run/home.ts";
import type { CommandContext } from "./command.ts";
import { WORKTREE_DIR } from "./config/settings.ts";

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

/** The directory that an option, the environment or the user's file chooses, absolute; undefined where none does. */
export function chosenWorktreeDirectory(
  { config, cwd, env }: Pick<CommandContext, "config" | "cwd" | "env">,
): string | undefined {
  const path = config.value(WORKTREE_DIR);
  if (path === undefined || path.startsWith("/")) return path;
  return path.startsWith("~/") && env.HOME ? `${env.HOME}${path.slice(1)}` : `${cwd}/${path}`;
}

/** Every directory that may have worktrees of a repository. */
export function allWorktreeDirectories(commonDir: string, context: CommandContext): readonly string[] {
  const { usual, fallback } = worktreeDirectories(commonDir, context.env);
  const chosen = chosenWorktreeDirectory(context);
  // A chosen directory is shared by repositories: each has one of its own in it.
  const inChosen = chosen === undefined ? null : `${chosen}/${repositoryId(commonDir)}`;
  return [usual, fallback, inChosen].filter((path) => path !== null);
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
