/**
 * What lies around the worktrees, where a task has no business: the user's checkout, and the directory of the slots. It
 * is looked at before and after an agent works. A write to any other place cannot be seen so.
 */

import { gitFields } from "./command.ts";

/** What is looked at. */
export interface OutsidePlaces {
  /** Root of the user's checkout, absolute; null where there is none, or where other tasks work in it. */
  readonly checkout: string | null;
  /** Directory of the slots, absolute. */
  readonly worktreeDir: string;
}

/** Names beside the slots that are omk's own. */
const OWN_NAME = /^(?:[wg]\d|\.|pool\.)/;

/** Notes what is there; the function that it returns tells the absolute paths that have changed or come since, sorted. */
export async function watchOutside(places: OutsidePlaces): Promise<() => Promise<readonly string[]>> {
  const before = await look(places);
  return async () => {
    const after = await look(places);
    return [...after].filter(([path, mark]) => before.get(path) !== mark).map(([path]) => path).sort();
  };
}

/** A mark for each path that can have been written to: unchanged tracked files have none. */
async function look({ checkout, worktreeDir }: OutsidePlaces): Promise<ReadonlyMap<string, string>> {
  const marks = new Map<string, string>();
  if (checkout !== null) {
    const fields = await gitFields(
      ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--ignore-submodules=none"],
      { cwd: checkout, profile: "user" },
    );
    for (const field of fields) {
      const path = `${checkout}/${field.slice(3)}`;
      // Staging alone is no write to a file, and what has gone again is told by its absence.
      marks.set(path, await markOf(path));
    }
  }
  for await (const { name } of Deno.readDir(worktreeDir)) {
    const path = `${worktreeDir}/${name}`;
    if (!OWN_NAME.test(name)) marks.set(path, await markOf(path));
  }
  return marks;
}

async function markOf(path: string): Promise<string> {
  try {
    const { size, mtime, mode } = await Deno.lstat(path);
    return `${size} ${mtime?.getTime() ?? 0} ${mode ?? 0}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "gone";
    throw error;
  }
}
