/**
 * Pinning: one commit of what an attempt left in its slot, made from the files alone, whatever the task did with
 * git there (P6).
 */

import { SlotLostError } from "./errors.ts";
import { lstatOrNull } from "./files.ts";
import type { Hub } from "./hub.ts";
import { pinRef } from "./objects.ts";
import type { CommitMeta, ObjectId, Pin, Slot, SlotHolder, Unpinned } from "./port.ts";
import type { RefUpdate } from "./ref_writer.ts";
import { findSecretPaths } from "./secrets.ts";
import { borrowIndex } from "./slot_index.ts";
import type { SlotPaths, SlotRecord } from "./slot_record.ts";
import { addToIndex, findTrackedChanges, removeFromIndex } from "./stage.ts";
import { walkUntracked } from "./walk.ts";

/** What is pinned, as whom, and how. */
export interface PinRequest {
  readonly paths: SlotPaths;
  readonly record: SlotRecord;
  readonly slot: Slot;
  readonly holder: SlotHolder;
  readonly meta: CommitMeta;
  /** Largest untracked file that is taken, bytes. */
  readonly fileBytes: number;
  /** Whether a text holds something of a secret's shape. */
  readonly findSecrets: (text: string) => boolean;
  /** The iteration of a loop that is kept; absent: what the attempt left in the end. */
  readonly iteration?: number | undefined;
}

/**
 * Pins a slot in the hub under `refs/omk/<run>/task/<id>/<attempt>/pin`, or `…/i<NNN>` for an iteration. The slot, its own repository and omk's
 * index of it stay as they are, so that it can be done again.
 *
 * @throws {SlotLostError} where the worktree is gone.
 */
export async function pinSlot(hub: Hub, request: PinRequest): Promise<Pin> {
  const { paths, slot } = request;
  if (!(await lstatOrNull(paths.worktree))?.isDirectory) {
    throw new SlotLostError({
      what: "Cannot pin the work of an attempt",
      where: paths.worktree,
      why: "its worktree is gone",
    });
  }
  await using index = await borrowIndex(hub, paths, slot.base, "pin");
  const tracked = await findTrackedChanges(hub, paths, index.path);
  const walk = await walkUntracked(hub, {
    paths,
    index: index.path,
    base: slot.base,
    keep: request.record.keep,
    provided: request.record.provided,
  });
  const { small, large } = splitBySize(paths.worktree, walk.files, request.fileBytes);
  await removeFromIndex(hub, paths, index.path, tracked.removed, slot.base);
  const refused = await addToIndex(hub, paths, index.path, [...tracked.changed, ...small]);
  const unpinned: Unpinned[] = [...tracked.unpinned, ...walk.unpinned, ...large, ...refused];
  return {
    ...(await commitIndex(hub, index.path, request)),
    by_products: walk.byProducts,
    by_products_capped: walk.capped,
    unpinned,
    set_aside: unpinned.length > 0,
  };
}

/** Files above the limit are not pinned. */
function splitBySize(
  worktree: string,
  files: readonly string[],
  limit: number,
): { readonly small: string[]; readonly large: Unpinned[] } {
  const small: string[] = [];
  const large: Unpinned[] = [];
  for (const path of files) {
    if (Deno.lstatSync(`${worktree}/${path}`).size <= limit) small.push(path);
    else large.push({ path, reason: "too_large" });
  }
  return { small, large };
}

/** The part of a pin that comes from the index. */
type Committed = Pick<Pin, "commit" | "tree" | "ref" | "changed" | "secrets">;

async function commitIndex(hub: Hub, index: string, request: PinRequest): Promise<Committed> {
  const { slot, holder, meta } = request;
  const tree = await hub.text(["write-tree"], { env: { GIT_INDEX_FILE: index } });
  const baseTree = await hub.treeOf(slot.base);
  if (tree === baseTree) return { commit: null, tree, ref: null, changed: [], secrets: [] };
  const changes = await hub.compare(baseTree, tree);
  const secrets = await findSecretPaths(hub, changes, request.findSecrets);
  const commit = await hub.commitTree(tree, [slot.base], meta);
  const ref = pinRef(holder.run_id, holder.task_id, holder.attempt, request.iteration);
  await setPinRef(hub, ref, commit);
  return { commit, tree, ref, changed: changes.map(({ path, change }) => ({ path, change })), secrets };
}

/**
 * Points the pin's ref at `commit`. An earlier pin of the same attempt can only stem from a process that died
 * before it was recorded; if it differs, it is kept under a ref beside it.
 */
async function setPinRef(hub: Hub, ref: string, commit: ObjectId): Promise<void> {
  const earlier = await hub.ref(ref);
  if (earlier === commit) return;
  const updates: RefUpdate[] = [{ ref, from: earlier, to: commit }];
  if (earlier !== null) {
    const kept = ref.replace(/[^/]+$/, `superseded-${earlier.slice(0, 12)}`);
    if (await hub.ref(kept) === null) updates.push({ ref: kept, from: null, to: earlier });
  }
  await hub.updateRefs(updates);
}
