/** Which slots there are, and who holds them. What is in them is not its business. */

import { exists, isFull, removeIfThere } from "./files.ts";
import type { ObjectId, Slot, SlotFate, SlotHolder } from "./port.ts";
import {
  BLANK_RECORD,
  readRecord,
  slotNames,
  type SlotPaths,
  slotPaths,
  type SlotRecord,
  writeAside,
  writeRecord,
} from "./slot_record.ts";
import { tryLockFile, unlockFile, WorktreeLock } from "./worktree_lock.ts";

/** A slot that this process holds by its lock. */
export interface Lease {
  readonly paths: SlotPaths;
  /** As it stands in the slot's file. */
  record: SlotRecord;
  /** Untracked files that were there when a gate's slot was handed out. */
  untracked: ReadonlySet<string> | null;
  readonly lock: Deno.FsFile;
}

/** The slots of one repository, shared with other omk processes through their lock files. */
export class SlotPool {
  /** Directory of the slots, absolute. */
  readonly worktreeDir: string;
  readonly #leases = new Map<string, Lease>();
  readonly #lock: WorktreeLock;

  /** `worktreeDir` exists. */
  constructor(worktreeDir: string) {
    this.worktreeDir = worktreeDir;
    this.#lock = new WorktreeLock(`${worktreeDir}/pool.lock`);
  }

  /** Serialises creating and removing slots across all omk processes. */
  lock(): Promise<Disposable> {
    return this.#lock.acquire();
  }

  /**
   * Takes a free slot, one whose set-up has this digest if possible, or makes a new one. Slots that hold a dead
   * process's work, or that are set aside, are passed over.
   */
  async lease(kind: "task" | "gate", setupDigest: string | null): Promise<Lease> {
    const letter = kind === "task" ? "w" : "g";
    using _lock = await this.lock();
    const names = (await slotNames(this.worktreeDir)).filter((name) => name.startsWith(letter));
    const free: { readonly paths: SlotPaths; readonly record: SlotRecord }[] = [];
    for (const name of names) {
      const paths = slotPaths(this.worktreeDir, name);
      if (this.#leases.has(name) || await exists(paths.aside)) continue;
      const record = await readRecord(paths);
      if (record !== "unreadable" && record.holder === null) free.push({ paths, record });
    }
    // The sort is stable: among equals the lowest number comes first.
    free.sort((a, b) => rank(a.record, setupDigest) - rank(b.record, setupDigest));
    for (const { paths } of free) {
      const lease = await this.#take(paths);
      if (lease === null) continue;
      // Its holder may have set it aside between the look and the lock.
      if (lease.record.holder === null && !(await exists(paths.aside))) return lease;
      this.#drop(lease);
    }
    return await this.#create(letter, new Set(names));
  }

  /**
   * Takes the slots that a dead process of this run held, of those that `isMeant` chooses; those of a living one stay
   * with it.
   */
  async leaseHeld(
    runId: string,
    isMeant: (holder: SlotHolder) => boolean = () => true,
  ): Promise<{ readonly lease: Lease; readonly holder: SlotHolder; readonly base: ObjectId }[]> {
    using _lock = await this.lock();
    const held: { readonly lease: Lease; readonly holder: SlotHolder; readonly base: ObjectId }[] = [];
    for (const name of await slotNames(this.worktreeDir)) {
      const paths = slotPaths(this.worktreeDir, name);
      if (this.#leases.has(name) || await exists(paths.aside)) continue;
      const before = await readRecord(paths);
      if (before === "unreadable" || before.holder?.run_id !== runId) continue;
      if (!isMeant(before.holder)) continue;
      const lease = await this.#take(paths);
      if (lease === null) continue;
      // It may have been released between the look and the lock.
      const { holder, base } = lease.record;
      const still = holder?.run_id === runId && !(await exists(paths.aside));
      if (still && base !== null) held.push({ lease, holder, base });
      else this.#drop(lease);
    }
    return held;
  }

  /** The lease of a slot that this process was handed. */
  leaseOf(slot: Slot): Lease {
    const lease = this.#leases.get(slot.name);
    if (lease === undefined) throw new Error(`Slot "${slot.name}" is not held by this process`);
    return lease;
  }

  /** Replaces the record of a held slot; it is on the disk when this resolves. */
  async record(lease: Lease, record: SlotRecord): Promise<void> {
    await writeRecord(lease.paths, record);
    lease.record = record;
  }

  /** Gives a slot back, or sets it aside with the reason beside it. */
  async release(lease: Lease, fate: SlotFate): Promise<void> {
    const { holder, base } = lease.record;
    try {
      if (fate.setAside) await writeAside(lease.paths, { version: 1, reason: fate.reason, holder, base });
      await this.record(lease, { ...lease.record, holder: null });
    } catch (error) {
      if (!isFull(error)) throw error;
      // Removing needs no space, and a slot without a record is free. One that cannot be set aside stays its run's.
      if (!fate.setAside) await removeIfThere(lease.paths.record);
    } finally {
      this.#drop(lease);
    }
  }

  /** Frees the lock of a slot whose work another process of its run takes over. */
  letGo(lease: Lease): void {
    this.#drop(lease);
  }

  /** Frees every lock. The records stay: what is held by then is held work. */
  close(): void {
    for (const lease of [...this.#leases.values()]) this.#drop(lease);
  }

  async #take(paths: SlotPaths): Promise<Lease | null> {
    const lock = await tryLockFile(paths.lock);
    if (lock === null) return null;
    try {
      const record = await readRecord(paths);
      const lease: Lease = {
        paths,
        record: record === "unreadable" ? BLANK_RECORD : record,
        untracked: null,
        lock,
      };
      this.#leases.set(paths.name, lease);
      return lease;
    } catch (error) {
      unlockFile(lock);
      throw error;
    }
  }

  async #create(letter: string, taken: ReadonlySet<string>): Promise<Lease> {
    for (let number = 1;; number++) {
      const name = `${letter}${number}`;
      if (taken.has(name)) continue;
      const lease = await this.#take(slotPaths(this.worktreeDir, name));
      if (lease === null) throw new Error(`Slot "${name}" is locked before it exists`);
      return lease;
    }
  }

  #drop(lease: Lease): void {
    this.#leases.delete(lease.paths.name);
    unlockFile(lease.lock);
  }
}

function rank(record: SlotRecord, setupDigest: string | null): number {
  if (setupDigest !== null) return record.setup_digest === setupDigest ? 0 : 1;
  // A task without set-up should not take a slot whose kept directories another plan needs.
  return record.setup_digest === null ? 0 : 1;
}
