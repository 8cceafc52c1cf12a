/**
 * A run's log in a file, shared by processes (design §4). Appends queue up; a leader commits all that is queued
 * under one hold of `events.lock`.
 */

import { dirname } from "@std/path";
import { type Clock, systemClock } from "../clock.ts";
import { AppendQueue, QUEUE_CAPACITY, type QueuedAppend } from "./append_queue.ts";
import { CommitFile, isFatal } from "./commit_file.ts";
import { LogClosedError, LogIoError } from "./errors.ts";
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

/** What one hold of the lock has brought. */
interface Cycle {
  batch: QueuedAppend[];
  /** Events in the order of the log. */
  readonly seen: { readonly event: RunEvent; readonly own: boolean }[];
  /** The head behind the last of them. */
  head: LogHead;
  /** Events of the batch. */
  committed: readonly RunEvent[];
  failure: { readonly error: unknown } | undefined;
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
  #turn: { readonly started: number; readonly over: Promise<void> } | undefined;

  private constructor(path: string, file: CommitFile, lock: LogLock, options: RunLogOptions & { clock: Clock }) {
    this.#path = path;
    this.#file = file;
    this.#lock = lock;
    this.#lockBudgetMs = options.lockBudgetMs ?? LOCK_BUDGET_MS;
    this.#durability = options.durability;
    this.#waits = options.clock;
    this.#queue = new AppendQueue(path);
    const { index, sum, ts } = file.position;
    this.#head = { index, sum };
    this.clock = startRunClock(options.clock, ts === "" ? 0 : Date.parse(ts));
  }

  static async open(path: string, options: RunLogOptions, mode: "existing" | "new"): Promise<FileLog> {
    const { clock = systemClock, files = systemFiles, newId = createUuid7(clock.wall) } = options;
    const lock = LogLock.open(lockPath(path), clock);
    let log: FileLog;
    try {
      await lock.acquire(options.lockBudgetMs);
      try {
        const fileOptions = { runId: options.runId, files, newId, monotonic: clock.monotonic };
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
    return readRunLog(this.#path, { from: index });
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
    this.#leading ??= this.#lead().finally(() => this.#leading = undefined);
  }

  /** Commits until nothing is left to do; never rejects. */
  async #lead(): Promise<void> {
    do {
      await this.#gather();
      const wasAlone = await this.#cycle();
      await this.#breathe(wasAlone);
    } while (this.#hasWork);
  }

  /** Waits as long as more appends arrive in this turn of the event loop: they share the commit. */
  async #gather(): Promise<void> {
    for (let seen = -1; seen < this.#queue.length && this.#queue.length < QUEUE_CAPACITY;) {
      seen = this.#queue.length;
      await undefined;
    }
  }

  /**
   * Lets timers and I/O have their turn: promises alone would keep a busy log going for ever. After a commit that
   * was to stand alone too, so that its caller can ask for the head that ends with it.
   */
  async #breathe(mustYield: boolean): Promise<void> {
    this.#turn ??= {
      started: performance.now(),
      over: new Promise((resolve) => {
        setTimeout(() => {
          this.#turn = undefined;
          resolve();
        }, 0);
      }),
    };
    if (mustYield || performance.now() - this.#turn.started > LONGEST_TURN_MS) await this.#turn.over;
  }

  /** One hold of the lock; true if its commit was to stand alone. */
  async #cycle(): Promise<boolean> {
    const waiting = this.#queue.length;
    try {
      if (!this.#lock.tryAcquire()) await this.#lock.acquire(this.#lockBudgetMs);
    } catch (error) {
      for (const { reject } of this.#queue.takeFirst(waiting)) reject(error);
      this.#rejectWaiters(error);
      return false;
    }
    const cycle: Cycle = { batch: [], seen: [], head: this.#head, committed: [], failure: undefined };
    try {
      if (this.#isQuick(cycle)) this.#noteUnsynced(cycle);
      else await this.#sync(cycle);
    } catch (error) {
      cycle.failure = { error };
      if (this.#file.isInDoubt) await this.#file.poison();
    } finally {
      if (!this.#file.keepsLock) this.#lock.release();
    }
    this.#acknowledge(cycle);
    return cycle.batch[0]?.alone ?? false;
  }
}
