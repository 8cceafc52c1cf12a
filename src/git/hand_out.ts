/** Handing a slot out: restored, provided with files, set up, and marked with its holder. */

import { reasonOf } from "../errors.ts";
import { SlotError } from "./errors.ts";
import { listUntracked } from "./gate_slot.ts";
import type { Hub } from "./hub.ts";
import { provideFiles } from "./outputs.ts";
import type { Slot, SlotRequest } from "./port.ts";
import { layWork, restoreSlot } from "./restore.ts";
import { filesToCopy, needsSetup, runSetup, setupDigest } from "./setup.ts";
import type { Lease, SlotPool } from "./slot_pool.ts";
import { slotOf } from "./slot_record.ts";
import { makeSlotRepository } from "./slot_repository.ts";

/** So many slots may fail to be restored, and are set aside, before the hand-out fails. */
const SLOTS_TRIED = 3;

/**
 * Hands out a slot of the pool.
 *
 * @throws {SetupError} where the set-up, a copied file or a restored output is at fault; the slot is free again.
 * @throws {SlotError} where several slots could not be restored; they are set aside.
 */
export async function handOut(hub: Hub, pool: SlotPool, request: SlotRequest): Promise<Slot> {
  const digest = await setupDigest(hub, request.base, request.worktree);
  for (let tried = 1;; tried++) {
    const lease = await pool.lease(request.kind, digest);
    try {
      await prepare(hub, pool, lease, request, digest);
      return slotOf(lease.paths, request.base);
    } catch (error) {
      // No task has run in it: there is nothing to keep, unless it cannot even be restored.
      const broken = error instanceof SlotError;
      await pool.release(lease, broken ? { setAside: true, reason: reasonOf(error) } : { setAside: false });
      if (!broken || tried >= SLOTS_TRIED) throw error;
    }
  }
}

async function prepare(
  hub: Hub,
  pool: SlotPool,
  lease: Lease,
  request: SlotRequest,
  digest: string | null,
): Promise<void> {
  const { paths } = lease;
  const { base, worktree } = request;
  const { files: tracked } = await hub.listings.of(base);
  const intact = await restoreSlot(hub, paths, base, worktree.keep);
  await makeSlotRepository(hub, paths, base);
  const copied = await filesToCopy(hub.info.root, worktree.copy, tracked);
  const provided = await provideFiles(paths.worktree, [...copied, ...request.restore], tracked);
  const before = intact ? lease.record.setup_digest : null;
  if (await needsSetup(paths, worktree, digest, before)) {
    // Should it stop half-way, what is kept is not what any digest stands for.
    await pool.record(lease, { ...lease.record, setup_digest: null });
    await runSetup({ hub, paths, request, provided });
    // The set-up may have changed the slot's git configuration, as tools that install hooks do.
    await makeSlotRepository(hub, paths, base);
  }
  if (request.work) await layWork(hub, paths, base, request.work);
  if (request.kind === "gate") lease.untracked = new Set(await listUntracked(hub, paths, worktree.keep));
  await pool.record(lease, {
    version: 1,
    // A gate leaves no work behind: its slot is free as soon as its process is gone.
    holder: request.kind === "task" ? request.holder : null,
    base,
    setup_digest: worktree.setup === null ? before : digest,
    keep: worktree.keep,
    provided,
  });
}
