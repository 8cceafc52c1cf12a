/**
 * A run's log in a file, shared by processes (design §4). Appends queue up; a leader commits all that is queued
 * under one hold of `events.lock`.
 */

import { dirname } from "@std/path";
import { type Clock, systemClock } from "../clock.ts";
import { reasonOf } from "../errors.ts";
import { AppendQueue, QUEUE_CAPACITY, type QueuedAppend } from "./append_queue.ts";
import { CommitFile, isFatal } from "./commit_file.ts";
import type { Tail } from "./commit_scanner.ts";
import { LogClosedError, LogIoError, LogPoisonedError } from "./errors.ts";
import type { EventDraft, RunEvent } from "./event.ts";
import { type FilePort, systemFiles } from "./file_port.ts";
import { LOCK_BUDGET_MS, LogLock } from "./lock.ts";
import { lockPath } from "./log_paths.ts";
import type { AppendOptions, LogHead, RunLog } from "./port.ts";
import { readRunLog } from "./reader.ts";
import { type RunClock, startRunClock } from "./run_clock.ts";
import { type Listener, Subscribers } from "./subscribers.ts";
import { createUuid7, type IdSource } from "./uuid7.ts";

/** When commits reach the disk: each before it is acknowledged, the important kinds so and the rest soon, or never. */
export type Durability = "strict" | "batch" | "none";

/** How a run's log is opened. */
export interface RunLogOptions {
  readonly runId: string;
  readonly durability: Durability;
  readonly clock?: Clock;
  readonly files?: FilePort;
  /** Ids of events. */
  readonly newId?: IdSource;
  /** How long one commit waits for the lock, in milliseconds. */
  readonly lockBudgetMs?: number;
}

/** Within which `batch` durability syncs what it does not sync at once (design §4). */
const FLUSH_MS = 1000;

/** How long commits may follow each other before the event loop gets its turn, in milliseconds. */
const LONGEST_TURN_MS = 16;

/** For the log's directory, where it has to be made. */
const PRIVATE_DIRECTORY = 0o700;

/**
 * Opens the log of a run for appending. A torn commit is repaired at once.
 *
 * @throws LockTimeoutError, LogIoError, CorruptLogError, LogPoisonedError
 */
export function openRunLog(path: string, options: RunLogOptions): Promise<RunLog> {
  return FileLog.open(path, options, "existing");
}

/**
 * Creates the log of a new run, and its directory; never touches a log that exists. Its first event is to be
 * `run_started`.
 *
 * @throws LockTimeoutError, LogIoError
 */
export async function createRunLog(path: string, options: RunLogOptions): Promise<RunLog> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true, mode: PRIVATE_DIRECTORY });
  } catch (error) {
    throw new LogIoError(path, "create", error);
  }
  return await FileLog.open(path, options, "new");
}

/** Someone who waits for the end of a cycle. */
interface CycleWaiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** One hold of the lock: who waits for it, and what it has brought. */
interface Cycle {
  readonly polls: readonly CycleWaiter<number>[];
  readonly syncs: readonly CycleWaiter<void>[];
  /** Whether it has to sync whatever it commits. */
  readonly mustSync: boolean;
  batch: readonly QueuedAppend[];
  /** Committed events, in the order of the log. */
  readonly events: { readonly event: RunEvent; readonly own: boolean }[];
  /** How many of them were appended by other processes. */
  foreign: number;
  /** The head behind the last of them. */
  head: LogHead;
  failure: { readonly error: unknown } | undefined;
  /** Takes a foreign event. */
  readonly see: (event: RunEvent) => void;
}

/** A turn of the event loop. */
interface Turn {
  /** By the clock of the machine, in milliseconds. */
  readonly started: number;
  /** Resolves in the next turn. */
  readonly over: Promise<void>;
}

class FileLog implements RunLog {
  readonly clock: RunClock;
  readonly #path: string;
  readonly #file: CommitFile;
  readonly #lock: LogLock;
  readonly #lockBudgetMs: number;
  readonly #durability: Durability;
  readonly #waits: Clock;
  readonly #queue: AppendQueue;
  readonly #subscribers = new Subscribers();
  #polls: CycleWaiter<number>[] = [];
  #syncs: CycleWaiter<void>[] = [];
  #head: LogHead;
  /** The error with which everything is refused from now on. */
  #refusal: unknown;
  #leading: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** Something was written that `batch` has still to sync. */
  #isUnsynced = false;
  #isFlushDue = false;
  #flushTimer: AbortController | undefined;
  #turn: Turn | undefined;

  private constructor(
    path: string,
    file: CommitFile,
    lock: LogLock,
    options: RunLogOptions & { clock: Clock },
  ) {
    this.#path = path;
    this.#file = file;
    this.#lock = lock;
    this.#lockBudgetMs = options.lockBudgetMs ?? LOCK_BUDGET_MS;
    this.#durability = options.durability;
    this.#waits = options.clock;
    this.#queue = new AppendQueue(path);
    const { ts } = file.position;
    this.#head = file.head;
    this.clock = startRunClock(options.clock, ts === "" ? 0 : Date.parse(ts));
  }

  static async open(path: string, options: RunLogOptions, mode: "existing" | "new"): Promise<FileLog> {
    const { clock = systemClock, files = systemFiles, newId = createUuid7(() => clock.wall()) } = options;
    const lock = LogLock.open(lockPath(path), clock);
    let log: FileLog;
    try {
      await lock.acquire(options.lockBudgetMs);
      try {
        const fileOptions = { runId: options.runId, files, newId, monotonic: () => clock.monotonic() };
        log = new FileLog(path, new CommitFile(path, fileOptions, mode), lock, { ...options, clock });
      } finally {
        lock.release();
      }
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
    try {
      // Repairs what a dead writer left, before anybody relies on the head.
      await log.poll();
      return log;
    } catch (error) {
      await log.close();
      throw error;
    }
  }

  append(drafts: readonly EventDraft[], options: AppendOptions = {}): Promise<readonly RunEvent[]> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    if (drafts.length === 0) return Promise.resolve([]);
    const committed = this.#queue.add(drafts, options);
    this.#wake();
    return committed;
  }

  head(): LogHead {
    return this.#head;
  }

  read(index = 0): AsyncIterable<RunEvent> {
    return readRunLog(this.#path, { from: index, until: this.#head.index });
  }

  async poll(): Promise<number> {
    if (this.#refusal !== undefined) throw this.#refusal;
    if (!this.#file.hasChanged()) return 0;
    const polled = Promise.withResolvers<number>();
    this.#polls.push(polled);
    this.#wake();
    return await polled.promise;
  }

  subscribe(listener: Listener): () => void {
    return this.#subscribers.add(listener);
  }

  async sync(): Promise<void> {
    if (this.#refusal !== undefined) throw this.#refusal;
    await this.#requestSync();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#refusal ??= new LogClosedError(this.#path);
    try {
      while (this.#leading !== undefined) await this.#leading;
      const isOwn = this.#refusal instanceof LogClosedError;
      if (isOwn && this.#isUnsynced) await this.#requestSync();
    } finally {
      while (this.#leading !== undefined) await this.#leading;
      this.#flushTimer?.abort();
      await this.#turn?.over;
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

  get #hasWork(): boolean {
    return this.#queue.length > 0 || this.#polls.length > 0 || this.#syncs.length > 0 || this.#isFlushDue;
  }

  #wake(): void {
    this.#leading ??= this.#lead();
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
      const turn = this.#turnOf();
      // A commit that was to stand alone lets its caller ask for the head that ends with it.
      if (wasAlone || performance.now() - turn.started > LONGEST_TURN_MS) await turn.over;
    } while (this.#hasWork);
    this.#leading = undefined;
  }

  /** This turn of the event loop: promises alone would keep a busy log from ever ending it. */
  #turnOf(): Turn {
    this.#turn ??= {
      started: performance.now(),
      over: new Promise((resolve) => {
        setTimeout(() => {
          this.#turn = undefined;
          resolve();
        }, 0);
      }),
    };
    return this.#turn;
  }

  /** One hold of the lock; true if its commit was to stand alone. */
  async #cycle(): Promise<boolean> {
    const waiting = this.#queue.length;
    if (!this.#lock.tryAcquire()) {
      try {
        await this.#lock.acquire(this.#lockBudgetMs);
      } catch (error) {
        this.#giveUpLock(waiting, error);
        return false;
      }
    }
    const cycle = this.#startCycle();
    try {
      const tail = this.#file.catchUp(cycle.see);
      if (tail.state !== "clean") await this.#repair(tail, cycle);
      const committed = this.#write(cycle);
      if (this.#mustSync(cycle)) await this.#syncFile();
      this.#add(cycle, committed);
    } catch (error) {
      cycle.failure = { error };
      if (this.#file.isInDoubt) await this.#file.poison();
    } finally {
      if (!this.#file.keepsLock) this.#lock.release();
    }
    if (cycle.failure === undefined) this.#acknowledge(cycle);
    else this.#reject(cycle, cycle.failure.error);
    this.#armFlush();
    return cycle.batch[0]?.alone ?? false;
  }

  #giveUpLock(waiting: number, error: unknown): void {
    for (const { reject } of this.#queue.takeFirst(waiting)) reject(error);
    for (const { reject } of [...this.#polls.splice(0), ...this.#syncs.splice(0)]) reject(error);
    this.#isFlushDue = false;
    this.#armFlush();
  }

  #startCycle(): Cycle {
    const cycle: Cycle = {
      polls: this.#polls,
      syncs: this.#syncs,
      mustSync: this.#isFlushDue || this.#syncs.length > 0,
      batch: [],
      events: [],
      foreign: 0,
      head: this.#head,
      failure: undefined,
      see: (event) => {
        cycle.events.push({ event, own: false });
        cycle.foreign++;
      },
    };
    this.#polls = [];
    this.#syncs = [];
    this.#isFlushDue = false;
    return cycle;
  }

  /** Repairs what a dead writer left, and commits the record of it. */
  async #repair(tail: Tail, cycle: Cycle): Promise<void> {
    await this.#file.repair(tail);
    this.#file.catchUp(cycle.see);
  }

  /** Takes the batch and writes it; whatever the file owes comes before it. */
  #write(cycle: Cycle): readonly RunEvent[] {
    if (this.#file.owesRecords) this.#add(cycle, this.#file.commitRecords(this.clock.now()));
    cycle.head = this.#file.head;
    cycle.batch = this.#queue.take();
    if (cycle.batch.length === 0) return [];
    const admitted = cycle.batch.flatMap(({ events }) => events);
    const committed = this.#file.commit(admitted, this.clock.now());
    this.#isUnsynced = this.#durability === "batch";
    return committed;
  }

  #add(cycle: Cycle, committed: readonly RunEvent[]): void {
    for (const event of committed) cycle.events.push({ event, own: true });
    cycle.head = this.#file.head;
  }

  #mustSync({ batch, mustSync }: Cycle): boolean {
    if (mustSync || this.#durability === "none") return mustSync;
    return batch.some(({ events }) => this.#durability === "strict" || events.some(({ synced }) => synced));
  }

  async #syncFile(): Promise<void> {
    await this.#file.sync();
    this.#isUnsynced = false;
  }

  /** Tells subscribers and those who wait. */
  #acknowledge(cycle: Cycle): void {
    const failure = this.#tell(cycle);
    const { batch, events, polls, syncs, foreign } = cycle;
    if (failure !== undefined) {
      for (const { reject } of [...batch, ...polls, ...syncs]) reject(failure.error);
      return;
    }
    let at = events.length - batch.reduce((count, append) => count + append.events.length, 0);
    for (const append of batch) {
      const end = at + append.events.length;
      append.resolve(events.slice(at, end).map(({ event }) => event));
      at = end;
    }
    for (const { resolve } of polls) resolve(foreign);
    for (const { resolve } of syncs) resolve();
  }

  #reject(cycle: Cycle, error: unknown): void {
    this.#tell(cycle);
    if (this.#file.isInDoubt || isFatal(error)) {
      this.#refusal ??= isFatal(error) ? error : new LogPoisonedError(this.#path, reasonOf(error), error);
    }
    // Where nothing was taken yet, everything that is queued has failed.
    const batch = cycle.batch.length > 0 ? cycle.batch : this.#queue.takeFirst(this.#queue.length);
    for (const { reject } of [...batch, ...cycle.polls, ...cycle.syncs]) reject(error);
    if (isFatal(this.#refusal)) this.#queue.rejectAll(this.#refusal);
  }

  /** Tells subscribers of the events; returns the first error of one. */
  #tell({ events, head }: Cycle): { readonly error: unknown } | undefined {
    this.#head = head;
    let failure: { readonly error: unknown } | undefined;
    for (const { event, own } of events) {
      const thrown = this.#subscribers.tell(event, own);
      failure ??= thrown;
    }
    return failure;
  }

  #armFlush(): void {
    if (!this.#isUnsynced || this.#flushTimer !== undefined || this.#refusal !== undefined) return;
    const timer = new AbortController();
    this.#flushTimer = timer;
    this.#waits.sleep(FLUSH_MS, timer.signal).then(() => {
      this.#flushTimer = undefined;
      if (!this.#isUnsynced || timer.signal.aborted) return;
      this.#isFlushDue = true;
      this.#wake();
    });
  }
}
