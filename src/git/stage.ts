/** Bringing the state of a slot's files into an index of omk's, file by file, so that one bad file costs only itself. */

import { joinNul } from "./command.ts";
import { GitError } from "./errors.ts";
import { lstatOrNull, mayBeLossy } from "./files.ts";
import type { Hub } from "./hub.ts";
import { zeroId } from "./objects.ts";
import type { ObjectId, Unpinned } from "./port.ts";
import { inSlot } from "./slot_index.ts";
import type { SlotPaths } from "./slot_record.ts";

/** Tracked paths that differ from the index, sorted by what is to be done about them. */
export interface TrackedChanges {
  /** Gone, or no file any more. */
  readonly removed: readonly string[];
  /** Files and symbolic links whose stat data differ. */
  readonly changed: readonly string[];
  readonly unpinned: readonly Unpinned[];
}

/**
 * When a disk is full, each file is tried alone until this many have failed in a row; the rest is then given up.
 */
const FULL_DISK_TRIES = 20;

/** Finds the tracked paths that differ from the index; submodules are left out. */
export async function findTrackedChanges(hub: Hub, paths: SlotPaths, index: string): Promise<TrackedChanges> {
  const fields = await hub.fields(
    ["diff-files", "-z", "--raw", "--ignore-submodules=all"],
    inSlot(paths, index),
  );
  const removed: string[] = [];
  const changed: string[] = [];
  const unpinned: Unpinned[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const path = fields[at + 1] ?? "";
    if (mayBeLossy(path)) {
      unpinned.push({ path, reason: "unreadable" });
      continue;
    }
    const gone = fields[at]?.endsWith(" D") ?? false;
    const info = gone ? null : await lstatOrNull(`${paths.worktree}/${path}`);
    if (info === null || info.isDirectory) removed.push(path);
    else if (info.isFile || info.isSymlink) changed.push(path);
    else unpinned.push({ path, reason: "not_regular" });
  }
  return { removed, changed, unpinned };
}

/** Takes paths out of an index. */
export async function removeFromIndex(
  hub: Hub,
  paths: SlotPaths,
  index: string,
  removed: readonly string[],
  like: ObjectId,
): Promise<void> {
  if (removed.length === 0) return;
  const stdin = joinNul(removed.map((path) => `0 ${zeroId(like)}\t${path}`));
  await hub.git(["update-index", "-z", "--index-info"], { ...inSlot(paths, index), stdin });
}

/** Adds files and symbolic links to an index, and names those that git could not take. */
export async function addToIndex(
  hub: Hub,
  paths: SlotPaths,
  index: string,
  added: readonly string[],
): Promise<Unpinned[]> {
  const unpinned: Unpinned[] = [];
  const pending = added.length === 0 ? [] : [added];
  let fullInARow = 0;
  for (let batch = pending.pop(); batch !== undefined; batch = pending.pop()) {
    const reason = fullInARow >= FULL_DISK_TRIES ? "no_space" : await tryAdd(hub, paths, index, batch);
    if (reason === null) {
      fullInARow = 0;
      continue;
    }
    if (batch.length > 1 && fullInARow < FULL_DISK_TRIES) {
      const middle = Math.ceil(batch.length / 2);
      pending.push(batch.slice(middle), batch.slice(0, middle));
      continue;
    }
    if (reason === "no_space") fullInARow++;
    for (const path of batch) unpinned.push({ path, reason });
  }
  return unpinned;
}

/** Adds all of the paths or none; resolves with the reason where git refuses. */
async function tryAdd(
  hub: Hub,
  paths: SlotPaths,
  index: string,
  batch: readonly string[],
): Promise<"no_space" | "unreadable" | null> {
  try {
    await hub.git(["update-index", "-z", "--add", "--replace", "--stdin"], {
      ...inSlot(paths, index),
      stdin: joinNul(batch),
    });
    return null;
  } catch (error) {
    if (!(error instanceof GitError) || error.failure.ended !== undefined) throw error;
    return /No space left on device|Disk quota exceeded|File too large/.test(error.failure.stderr)
      ? "no_space"
      : "unreadable";
  }
}
