/**
 * Group commit: appends queue up, and a leader commits all that is queued under one hold of `events.lock`, until
 * nothing is left to do.
 */

import type { Clock } from "../clock.ts";
import { reasonOf } from "../errors.ts";
import { AppendQueue, QUEUE_CAPACITY } from "./append_queue.ts";
import { CommitCycle, type CycleWaiter } from "./commit_cycle.ts";
import { type CommitFile, isFatal } from "./commit_file.ts";
import { LogClosedError, LogPoisonedError } from "./errors.ts";
import type { FreeDraft, RunEvent } from "./event.ts";
import { EventLoopTurn } from "./event_loop_turn.ts";
import { FlushTimer } from "./flush_timer.ts";
import { LOCK_BUDGET_MS, type LogLock } from "./lock.ts";
import type { LogForm } from "./log_form.ts";
import type { AppendOptions, LogPosition } from "./port.ts";
import type { RunClock } from "./run_clock.ts";
import { type Listener, Subscribers } from "./subscribers.ts";

/** When commits reach the disk: each before it is acknowledged, the important kinds so and the rest soon, or never. */
export type Durability = "strict" | "batch" | "none";

/** How commits are made. */
export interface GroupCommitOptions {
  readonly durability: Durability;
  readonly form: LogForm;
  readonly clock: Clock;
  /** Gives facts their time. */
  readonly runClock: RunClock;
  /** How long one commit waits for the lock, in milliseconds. */
  readonly lockBudgetMs?: number;
}

/** Turns of the microtask queue within which who was acknowledged has appended again, if it does so at once. */
const TICKS_TO_NEXT = 4;

/** The commits of one open log. */
export class GroupCommit {
  readonly #path: string;
  readonly #file: CommitFile;
  readonly #lock: LogLock;
  readonly #lockBudgetMs: number;
  readonly #durability: Durability;
  readonly #clock: RunClock;
  readonly #queue: AppendQueue;
  readonly #subscribers = new Subscribers();
  readonly #turn = new EventLoopTurn();
  readonly #flushTimer: FlushTimer;
  #polls: CycleWaiter<number>[] = [];
  #syncs: CycleWaiter<void>[] = [];
  /** Behind the last commit that subscribers were told of. */
  #end: LogPosition;
  /** The error with which everything is refused from now on. */
  #refusal: unknown;
  #leading: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** Something was written that `batch` has still to sync. */
  #isUnsynced = false;
  #isFlushDue = false;

  /**
   * @param path names the log in errors
   * @param file is closed with this, and so is the lock
   */
  constructor(path: string, file: CommitFile, lock: LogLock, options: GroupCommitOptions) {
    this.#path = path;
    this.#file = file;
    this.#lock = lock;
    this.#lockBudgetMs = options.lockBudgetMs ?? LOCK_BUDGET_MS;
    this.#durability = options.durability;
    this.#clock = options.runClock;
    this.#flushTimer = new FlushTimer(options.clock, () => this.#flush());
    this.#queue = new AppendQueue(path, (draft) => options.form.admit(draft));
    this.#end = file.position;
  }

  /** The place behind the last commit that subscribers were told of. */
  get end(): LogPosition {
    return this.#end;
  }

  /** See {@linkcode RunLog.append}. */
  append(drafts: readonly FreeDraft[], options: AppendOptions = {}): Promise<readonly RunEvent[]> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    if (drafts.length === 0) return Promise.resolve([]);
    const committed = this.#queue.add(drafts, options);
    this.#wake();
    return committed;
  }

  /** See {@linkcode RunLog.poll}. */
  async poll(): Promise<number> {
    if (this.#refusal !== undefined) throw this.#refusal;
    if (!this.#file.hasChanged()) return 0;
    const polled = Promise.withResolvers<number>();
    this.#polls.push(polled);
    this.#wake();
    return await polled.promise;
  }

  /** See {@linkcode RunLog.subscribe}. */
  subscribe(listener: Listener): () => void {
    return this.#subscribers.add(listener);
  }

  /** See {@linkcode RunLog.sync}. */
  async sync(): Promise<void> {
    if (this.#refusal !== undefined) throw this.#refusal;
    await this.#requestSync();
  }

  /** See {@linkcode RunLog.close}. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#refusal ??= new LogClosedError(this.#path);
    try {
      while (this.#leading !== undefined) await this.#leading;
      // Whatever else it is refused for, a sync would not help.
      const isWhole = this.#refusal instanceof LogClosedError;
      if (isWhole && this.#isUnsynced && this.#durability !== "none") await this.#requestSync();
    } finally {
      while (this.#leading !== undefined) await this.#leading;
      this.#flushTimer.stop();
      this.#turn.stop();
      if (this.#file.keepsLock) this.#lock.release();
      this.#file[Symbol.dispose]();
      this.#lock[Symbol.dispose]();
    }
  }

  #requestSync(): Promise<void> {
    const synced = Promise.withResolvers<void>();
    this.#syncs.push(synced);
    this.#wake();
    return synced.promise;
  }

  #flush(): void {
    if (!this.#isUnsynced) return;
    this.#isFlushDue = true;
    this.#wake();
  }

  #wake(): void {
    this.#leading ??= this.#lead();
  }

  get #hasWork(): boolean {
    return !this.#queue.isEmpty || this.#polls.length > 0 || this.#syncs.length > 0 || this.#isFlushDue;
  }

  /** Commits until nothing is left to do; never rejects. */
  async #lead(): Promise<void> {
    do {
      // As long as more appends arrive in this turn of the event loop, they share the commit.
      for (let seen = -1; seen < this.#queue.length && this.#queue.length < QUEUE_CAPACITY;) {
        seen = this.#queue.length;
        await undefined;
      }
      const wasAlone = await this.#cycle();
      const isLong = this.#turn.isLong();
      if (isLong || !await this.#isMoreComing()) this.#lock.unpark();
      // A commit that was to stand alone lets its caller ask for the head that ends with it.
      if (isLong || wasAlone) await this.#turn.over;
    } while (this.#hasWork);
    this.#leading = undefined;
  }

  /** Whether who was just acknowledged appends again at once: then the lock is kept for that. */
  async #isMoreComing(): Promise<boolean> {
    for (let tick = 0; tick < TICKS_TO_NEXT && !this.#hasWork; tick++) await undefined;
    return this.#hasWork;
  }

  /** One commit under the lock; true if it was to stand alone. */
  async #cycle(): Promise<boolean> {
    const waiting = this.#queue.length;
    const isResumed = this.#lock.tryResume();
    if (!isResumed && !this.#lock.tryAcquire()) {
      try {
        await this.#lock.acquire(this.#lockBudgetMs);
      } catch (error) {
        const cycle = this.#startCycle();
        cycle.batch = this.#queue.takeFirst(waiting);
        cycle.reject(error);
        this.#startFlushTimer();
        return false;
      }
    }
    const mustSync = this.#isFlushDue;
    const cycle = this.#startCycle();
    let failure: { readonly error: unknown } | undefined;
    try {
      // While the lock was parked, only who does not ask for it can have written.
      if (!isResumed || !this.#file.isUntouched()) await this.#catchUp(cycle);
      if (this.#file.mustPrepare) await this.#file.prepare();
      const readBack = this.#write(cycle);
      const syncing = mustSync || this.#mustSync(cycle) ? this.#syncFile() : undefined;
      // While the disk works: this only reads the JSON that was just made, and does not fail.
      const committed = readBack();
      if (syncing !== undefined) await syncing;
      cycle.add(committed, this.#file.position);
    } catch (error) {
      failure = { error };
      // Before a batch was taken, what the file has read is all that is new.
      if (cycle.batch.length === 0) cycle.end = this.#file.position;
      if (this.#file.isInDoubt) await this.#file.poison();
    }
    const isAlone = cycle.batch[0]?.alone ?? false;
    // Unless it is all that keeps other processes from a log in doubt.
    if (!this.#file.keepsLock) {
      if (failure !== undefined || isAlone || this.#lock.isTurnOver) this.#lock.release();
      else this.#lock.park();
    }
    this.#end = cycle.end;
    failure = failure === undefined ? cycle.tell(this.#subscribers) : this.#fail(cycle, failure.error);
    if (failure === undefined) cycle.resolve();
    else cycle.reject(failure.error);
    this.#startFlushTimer();
    return isAlone;
  }

  #startCycle(): CommitCycle {
    const cycle = new CommitCycle(this.#polls, this.#syncs, this.#end);
    this.#polls = [];
    this.#syncs = [];
    this.#isFlushDue = false;
    return cycle;
  }

  /** Reads what others have appended, and repairs what a dead writer left. */
  async #catchUp(cycle: CommitCycle): Promise<void> {
    const before = this.#file.position.index;
    const deliver = this.#subscribers.isEmpty ? undefined : cycle.see;
    const tail = this.#file.catchUp(deliver);
    if (tail.state !== "clean") {
      await this.#file.repair(tail);
      this.#file.catchUp(deliver);
    }
    cycle.foreign = this.#file.position.index - before;
  }

  /** Takes the batch and writes it; records that the file owes come before it. Returns what makes its events. */
  #write(cycle: CommitCycle): () => readonly RunEvent[] {
    cycle.end = this.#file.position;
    if (this.#file.owesRecords) {
      cycle.add(this.#file.commitRecords(this.#clock.now()), this.#file.position);
      this.#isUnsynced = true;
    }
    cycle.batch = this.#queue.take();
    if (cycle.batch.length === 0) return () => [];
    const readBack = this.#file.commit(cycle.batch.flatMap(({ events }) => events), this.#clock.now());
    this.#isUnsynced = true;
    return readBack;
  }

  #mustSync(cycle: CommitCycle): boolean {
    if (cycle.isSyncWanted) return true;
    switch (this.#durability) {
      case "strict":
        return this.#isUnsynced;
      case "batch":
        return cycle.batch.some(({ events }) => events.some(({ synced }) => synced));
      case "none":
        return false;
    }
  }

  async #syncFile(): Promise<void> {
    await this.#file.sync();
    this.#isUnsynced = false;
  }

  /** Prepares the rejection of a cycle that has failed; what it has read was committed all the same. */
  #fail(cycle: CommitCycle, error: unknown): { readonly error: unknown } {
    cycle.tell(this.#subscribers);
    // Where nothing was taken yet, everything that is queued has failed.
    if (cycle.batch.length === 0) cycle.batch = this.#queue.takeFirst(this.#queue.length);
    if (this.#file.isInDoubt || isFatal(error)) {
      this.#refusal = isFatal(error) ? error : new LogPoisonedError(this.#path, reasonOf(error), error);
      this.#queue.rejectAll(this.#refusal);
      this.#startCycle().reject(this.#refusal);
    }
    return { error };
  }

  #startFlushTimer(): void {
    if (this.#isUnsynced && this.#durability === "batch" && this.#closing === undefined) {
      this.#flushTimer.start();
    }
  }
}
