/** What a gate did to the slot that it judged: its tracked paths must be untouched, its traces are removed. */

import { removeTree } from "./files.ts";
import type { Hub } from "./hub.ts";
import { ignorePattern } from "./ignore_rules.ts";
import type { Slot } from "./port.ts";
import { changedTracked } from "./setup.ts";
import { freshIndex, inSlot } from "./slot_index.ts";
import type { Lease } from "./slot_pool.ts";
import type { SlotPaths } from "./slot_record.ts";

/** What an inspection found, relative to the slot. */
export interface GateTraces {
  /** Tracked paths whose bytes or mode differ. */
  readonly changed: readonly string[];
  /** Untracked files that are new; they have been removed. An untracked repository ends with `/`. */
  readonly untracked: readonly string[];
}

/** Every untracked path of a slot, ignored ones too, but for what is kept. */
export async function listUntracked(hub: Hub, paths: SlotPaths, keep: readonly string[]): Promise<string[]> {
  const exclusions = keep.map((path) => `--exclude=${ignorePattern(path)}`);
  return await hub.fields(["ls-files", "-z", "--others", ...exclusions], inSlot(paths));
}

/** Compares a gate's slot with its base and with what was there before, and removes what is new. */
export async function inspectGateSlot(
  hub: Hub,
  lease: Lease,
  slot: Slot,
  keep: readonly string[],
): Promise<GateTraces> {
  const { paths } = lease;
  // Every file is read: no stat data may hide a change.
  const index = await freshIndex(hub, paths, slot.base, "check");
  await using _index = index;
  const changed = await changedTracked(hub, paths, index.path);
  const untracked = (await listUntracked(hub, paths, keep)).filter((path) => !lease.untracked?.has(path));
  for (const path of untracked) await removeTree(`${paths.worktree}/${path.replace(/\/$/, "")}`);
  return { changed, untracked };
}
