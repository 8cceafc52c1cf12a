/** omk's own index of a slot: what omk wrote there, with stat data; never the index that the task can change. */

import { exists, removeIfThere } from "./files.ts";
import type { Hub, HubOptions } from "./hub.ts";
import type { ObjectId } from "./port.ts";
import type { SlotPaths } from "./slot_record.ts";

/** How git works in a slot: in the hub's repository, on an index of omk's. */
export function inSlot(paths: SlotPaths, index: string = paths.index): HubOptions & { readonly cwd: string } {
  return { cwd: paths.worktree, env: { GIT_WORK_TREE: paths.worktree, GIT_INDEX_FILE: index } };
}

/** A working copy of the index that is removed when it is disposed of. */
export interface IndexCopy extends AsyncDisposable {
  readonly path: string;
}

/** Makes a working copy of omk's index of a slot; where that is missing, one of `base` without stat data. */
export async function borrowIndex(
  hub: Hub,
  paths: SlotPaths,
  base: ObjectId,
  suffix: string,
): Promise<IndexCopy> {
  if (!(await exists(paths.index))) return await freshIndex(hub, paths, base, suffix);
  const copy = await emptyCopy(paths, suffix);
  await copyIndex(paths.index, copy.path);
  return copy;
}

/** Makes an index of `base` that knows no stat data: whatever uses it reads every file. */
export async function freshIndex(
  hub: Hub,
  paths: SlotPaths,
  base: ObjectId,
  suffix: string,
): Promise<IndexCopy> {
  const copy = await emptyCopy(paths, suffix);
  await hub.git(["read-tree", base], inSlot(paths, copy.path));
  return copy;
}

/**
 * Copies an index file. git takes an entry for possibly changed unless it is older than the index file, because
 * both may stem from one tick of the clock; so the copy keeps the file's time, rounded down.
 */
export async function copyIndex(from: string, to: string): Promise<void> {
  await Deno.copyFile(from, to);
  const { mtime } = await Deno.stat(from);
  await Deno.utime(to, mtime ?? 0, mtime ?? 0);
}

async function emptyCopy(paths: SlotPaths, suffix: string): Promise<IndexCopy> {
  const path = `${paths.worktree}.${suffix}`;
  const remove = async () => {
    await removeIfThere(path);
    await removeIfThere(`${path}.lock`);
  };
  await remove();
  return { path, [Symbol.asyncDispose]: remove };
}
