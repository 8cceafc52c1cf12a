/** The git adapter: one object that answers for the hub, the slots and the merges of a repository. */

import { InfraError, OmkError, reasonOf } from "../errors.ts";
import { deliver } from "./delivery.ts";
import { inspectGateSlot } from "./gate_slot.ts";
import { handOut } from "./hand_out.ts";
import { Hub } from "./hub.ts";
import { locateWorktrees } from "./location.ts";
import { MergeQueue } from "./merge_queue.ts";
import { baseRef, headRef, mergedRef, runRefs } from "./objects.ts";
import { pinSlot } from "./pin.ts";
import type {
  ChangedPath,
  CommitMeta,
  DeliveryRequest,
  DeliveryResult,
  HeldSlot,
  MergeResult,
  ObjectId,
  Pin,
  RepositoryInfo,
  Slot,
  SlotFate,
  SlotHolder,
  SlotRequest,
  Snapshot,
  Workspace,
} from "./port.ts";
import { Publisher } from "./publish.ts";
import { requireObjects, requireRunnable } from "./repository.ts";
import { findSecretPaths } from "./secrets.ts";
import { SlotPool } from "./slot_pool.ts";
import { slotOf } from "./slot_record.ts";
import { writeCheckoutTree } from "./snapshot.ts";
import { userRefs } from "./user_repository.ts";

/** What a workspace is made of. */
export interface WorkspaceOptions {
  /** omk's own environment: it says where state is kept. */
  readonly env: { readonly [name: string]: string | undefined };
  /** `--worktree-dir`; absolute. */
  readonly worktreeDirectory?: string | undefined;
  /** Whether a text holds something of a secret's shape. */
  readonly findSecrets: (text: string) => boolean;
}

/**
 * Opens the hub of a repository, which is made where it is missing, and finds the place of its slots.
 *
 * @throws {UsageError} where no directory for slots can be written to.
 * @throws {InfraError} where the git directory cannot be written to.
 */
export async function openWorkspace(info: RepositoryInfo, options: WorkspaceOptions): Promise<GitWorkspace> {
  const location = await locateWorktrees({
    commonDir: info.commonDir,
    root: info.root,
    chosen: options.worktreeDirectory,
    env: options.env,
  });
  const hub = await openHub(info);
  return new GitWorkspace(hub, new SlotPool(location.path), location.warnings, options.findSecrets);
}

async function openHub(info: RepositoryInfo): Promise<Hub> {
  const home = `${info.commonDir}/omk`;
  try {
    return await Hub.open(info, home);
  } catch (error) {
    if (error instanceof OmkError) throw error;
    throw new InfraError({
      what: "Cannot make omk's own repository beside the user's",
      where: home,
      why: reasonOf(error),
      fix: "see that you may write to the git directory and that the disk has space",
      cause: error,
    });
  }
}

/** The workspace on real git. */
export class GitWorkspace implements Workspace {
  /** omk's own repository; for retention. */
  readonly hub: Hub;
  /** The slots; for retention. */
  readonly pool: SlotPool;
  /** See the port. */
  readonly warnings: readonly string[];
  readonly #findSecrets: (text: string) => boolean;
  readonly #publisher: Publisher;
  readonly #merges: MergeQueue;

  /** Use `openWorkspace`. */
  constructor(
    hub: Hub,
    pool: SlotPool,
    warnings: readonly string[],
    findSecrets: (text: string) => boolean,
  ) {
    this.hub = hub;
    this.pool = pool;
    this.warnings = warnings;
    this.#findSecrets = findSecrets;
    this.#publisher = new Publisher(hub, () => pool.lock());
    this.#merges = new MergeQueue(hub, pool.worktreeDir);
  }

  /** See the port. */
  get info(): RepositoryInfo {
    return this.hub.info;
  }

  /** See the port. */
  get worktreeDir(): string {
    return this.pool.worktreeDir;
  }

  /** See the port. */
  async openRun(runId: string, base: ObjectId, head?: ObjectId): Promise<void> {
    await this.hub.refresh();
    await requireObjects(this.info, base, this.hub.objects);
    await this.#adoptPublished(runId);
    const refs = await this.hub.refs(runRefs(runId));
    const current = refs.get(headRef(runId)) ?? null;
    await this.hub.updateRefs([
      // Verified where it is there already.
      { ref: baseRef(runId), from: refs.has(baseRef(runId)) ? base : null, to: base },
      { ref: headRef(runId), from: current, to: head ?? current ?? base },
    ]);
    await this.publish(runId);
  }

  /** Where the hub was removed in the middle of a run, the refs come back from the user's repository. */
  async #adoptPublished(runId: string): Promise<void> {
    if ((await this.hub.refs(runRefs(runId))).size > 0) return;
    const published = await userRefs(this.hub, runRefs(runId));
    if (published.size === 0) return;
    await this.hub.updateRefs([...published].map(([ref, to]) => ({ ref, from: null, to })));
  }

  /** See the port. */
  async snapshotDirty(runId: string, meta: CommitMeta): Promise<Snapshot> {
    const info = this.info;
    requireRunnable(info);
    const { root, gitDir, head } = info;
    await this.hub.refresh();
    const tree = await writeCheckoutTree(this.hub, { root, gitDir });
    const changes = await this.hub.compare(await this.hub.treeOf(head), tree);
    const secrets = await findSecretPaths(this.hub, changes, this.#findSecrets);
    const commit = await this.hub.commitTree(tree, [head], meta);
    if (await this.hub.ref(baseRef(runId)) !== commit) {
      await this.hub.updateRefs([{ ref: baseRef(runId), from: null, to: commit }]);
    }
    return { commit, tree, secrets };
  }

  /** See the port. */
  treeOf(commit: ObjectId): Promise<ObjectId> {
    return this.hub.treeOf(commit);
  }

  /** See the port. */
  acquire(request: SlotRequest): Promise<Slot> {
    return handOut(this.hub, this.pool, request);
  }

  /** See the port. */
  async heldSlots(runId: string, isMeant?: (holder: SlotHolder) => boolean): Promise<HeldSlot[]> {
    const held = await this.pool.leaseHeld(runId, isMeant);
    return held.map(({ lease, holder, base }) => ({
      slot: slotOf(lease.paths, base),
      holder,
    }));
  }

  /** See the port. */
  letGo(slot: Slot): Promise<void> {
    this.pool.letGo(this.pool.leaseOf(slot));
    return Promise.resolve();
  }

  /** See the port. */
  async pin(
    slot: Slot,
    holder: SlotHolder,
    meta: CommitMeta,
    limits: { readonly pin_file_bytes: number },
    iteration?: number,
  ): Promise<Pin> {
    const { paths, record } = this.pool.leaseOf(slot);
    return await pinSlot(this.hub, {
      paths,
      record,
      slot,
      holder,
      meta,
      fileBytes: limits.pin_file_bytes,
      iteration,
      findSecrets: this.#findSecrets,
    });
  }

  /** See the port. */
  publish(runId: string): Promise<void> {
    return this.#publisher.publish(runId);
  }

  /** See the port. */
  async release(slot: Slot, fate: SlotFate): Promise<void> {
    await this.pool.release(this.pool.leaseOf(slot), fate);
  }

  /** See the port. */
  merge(head: ObjectId, pin: ObjectId, base: ObjectId, meta: CommitMeta): Promise<MergeResult> {
    return this.#merges.mergePin(head, pin, base, meta);
  }

  /** See the port. */
  async advanceHead(runId: string, from: ObjectId, to: ObjectId): Promise<void> {
    const ref = headRef(runId);
    if (await this.hub.ref(ref) === to) return;
    await this.hub.updateRefs([{ ref, from, to }]);
  }

  /** See the port. */
  async keepMerge(runId: string, commit: ObjectId): Promise<void> {
    const ref = mergedRef(runId);
    const from = await this.hub.ref(ref);
    if (from !== commit) await this.hub.updateRefs([{ ref, from, to: commit }]);
    await this.publish(runId);
  }

  /** See the port. */
  inspectGateSlot(
    slot: Slot,
    keep: readonly string[],
  ): Promise<{ readonly changed: readonly string[]; readonly untracked: readonly string[] }> {
    return inspectGateSlot(this.hub, this.pool.leaseOf(slot), slot, keep);
  }

  /** See the port. */
  patch(base: ObjectId, head: ObjectId): Promise<Uint8Array> {
    return this.hub.patch(base, head);
  }

  /** See the port. */
  diff(from: ObjectId, to: ObjectId, paths: readonly string[]): Promise<string> {
    return this.hub.diff(from, to, paths);
  }

  /** See the port. */
  async changedPaths(from: ObjectId, to: ObjectId): Promise<ChangedPath[]> {
    return (await this.hub.compare(from, to)).map(({ path, change }) => ({ path, change }));
  }

  /** See the port. */
  mergeBranch(branchCommit: ObjectId, head: ObjectId, meta: CommitMeta): Promise<MergeResult> {
    return this.#merges.mergeBranch(branchCommit, head, meta);
  }

  /** See the port. */
  deliver(request: DeliveryRequest): Promise<DeliveryResult> {
    return deliver(this.hub, request);
  }

  /** See the port. */
  async close(): Promise<void> {
    this.pool.close();
    try {
      await this.#publisher.close();
    } finally {
      await this.hub.close();
    }
  }
}
