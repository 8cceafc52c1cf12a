/** Where the slots of a repository lie. */

import { sha256 } from "../digest.ts";
import { reasonOf, UsageError } from "../errors.ts";
import { isMissing } from "./files.ts";

/** The directory of the slots, and what the user should know of it. */
export interface WorktreeLocation {
  /** Absolute real path; it exists and is writable. */
  readonly path: string;
  readonly warnings: readonly string[];
}

/** What the place depends on. */
export interface WorktreeQuestion {
  /** Absolute real path of the git common directory. */
  readonly commonDir: string;
  /** Root of the checkout, or null. */
  readonly root: string | null;
  /** `--worktree-dir`; absolute. */
  readonly chosen?: string | undefined;
  /** The environment: `XDG_STATE_HOME`, `HOME`. */
  readonly env: { readonly [name: string]: string | undefined };
}

/** The id of a repository: the first 16 hex digits of the SHA-256 of its common directory's real path. */
export function repositoryId(commonDir: string): string {
  return sha256(commonDir).slice(0, 16);
}

/**
 * Finds the directory of the slots and makes it: outside every project, because a worktree inside a checkout sees
 * the checkout's `node_modules`, and test runners of the checkout run the copies' tests.
 *
 * @throws {UsageError} where the chosen directory is inside the checkout, or no place can be written to.
 */
export async function locateWorktrees(question: WorktreeQuestion): Promise<WorktreeLocation> {
  const { commonDir, root, chosen, env } = question;
  const id = repositoryId(commonDir);
  const realRoot = root === null ? null : await Deno.realPath(root);
  if (chosen !== undefined) {
    const fail = (why: string) =>
      new UsageError({
        what: "Cannot put worktrees into the chosen directory",
        where: chosen,
        why,
        fix: "choose a writable directory outside of every project with --worktree-dir",
      });
    if (realRoot !== null && isInside(await realPathOfExisting(chosen), realRoot)) {
      throw fail("it is inside the checkout, whose files the tasks would see");
    }
    const path = await makeWritable(`${chosen}/${id}`);
    if (path instanceof Error) throw fail(path.message);
    return { path, warnings: [] };
  }
  const state = env["XDG_STATE_HOME"] || (env["HOME"] ? `${env["HOME"]}/.local/state` : undefined);
  const usual = state?.startsWith("/")
    ? await makeWritable(`${state}/omk/worktrees/${id}`)
    : new Error("neither XDG_STATE_HOME nor HOME names a directory");
  if (!(usual instanceof Error)) {
    const inside = realRoot !== null && isInside(usual, realRoot);
    const warning =
      `The worktrees lie inside the checkout, in "${usual}": tasks may see files of the checkout`;
    return { path: usual, warnings: inside ? [warning] : [] };
  }
  const fallback = await makeWritable(`${commonDir}/omk/worktrees`);
  if (fallback instanceof Error) {
    throw new UsageError({
      what: "Cannot find a place for worktrees",
      where: `${commonDir}/omk/worktrees`,
      why: `${fallback.message}; ${usual.message}`,
      fix: "choose a directory that you can write to with --worktree-dir",
    });
  }
  const warning = `The worktrees lie inside the git directory, in "${fallback}" (${usual.message}): ` +
    "tasks may see files of the checkout";
  return { path: fallback, warnings: [warning] };
}

/** The real path of a directory that was made and can be written to, or the reason why not. */
async function makeWritable(path: string): Promise<string | Error> {
  try {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    const probe = await Deno.makeTempFile({ dir: path, prefix: ".probe-" });
    await Deno.remove(probe);
    return await Deno.realPath(path);
  } catch (error) {
    return new Error(reasonOf(error));
  }
}

/** The real path of the deepest part of an absolute path that exists. */
async function realPathOfExisting(path: string): Promise<string> {
  for (let at = path;; at = at.slice(0, at.lastIndexOf("/"))) {
    try {
      return await Deno.realPath(at === "" ? "/" : at);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
}

function isInside(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
