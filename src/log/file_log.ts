/**
 * A run's log in a file, shared by processes. Appends queue up; a leader commits all that is queued
 * under one hold of `events.lock`.
 */

import { basename, dirname } from "@std/path";
import { type Clock, systemClock } from "../clock.ts";
import { reasonOf } from "../errors.ts";
import { attempt } from "./attempt.ts";
import { AppendQueue, QUEUE_CAPACITY } from "./append_queue.ts";
import { CommitCycle, type CycleWaiter } from "./commit_cycle.ts";
import { CommitFile, isFatal } from "./commit_file.ts";
import { LogClosedError, LogIoError, LogPoisonedError, RunLogRefusedError } from "./errors.ts";
import type { FreeDraft, FreeEvent, RunEvent } from "./event.ts";
import { EventLoopTurn } from "./event_loop_turn.ts";
import { type FilePort, systemFiles } from "./file_port.ts";
import { FlushTimer } from "./flush_timer.ts";
import { LOCK_BUDGET_MS, LogLock } from "./lock.ts";
import { FREE_LOG, type LogForm, RUN_LOG } from "./log_form.ts";
import type { OpenMode } from "./log_end.ts";
import { lockPath, segmentsAmong } from "./log_paths.ts";
import type { AppendOptions, LogHead, LogPosition, RunLog } from "./port.ts";
import { readRunLog } from "./reader.ts";
import { type RunClock, startRunClock } from "./run_clock.ts";
import { scanLog } from "./scan.ts";
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
  /** A segment with this many bytes gets no further commit (default {@linkcode SEGMENT_BYTES}). */
  readonly segmentBytes?: number;
}

/** How large a segment becomes before the next one is begun, in bytes. */
export const SEGMENT_BYTES = 100 * 1024 * 1024;

/** Turns of the microtask queue within which who was acknowledged has appended again, if it does so at once. */
const TICKS_TO_NEXT = 4;

/** For the log's directory, where it has to be made. */
const PRIVATE_DIRECTORY = 0o700;

/**
 * Opens the log of a run for appending. A torn commit is repaired at once.
 *
 * @throws LockTimeoutError, LogIoError, CorruptLogError, LogPoisonedError
 */
export function openRunLog(path: string, options: RunLogOptions): Promise<RunLog> {
  return FileLog.open(path, { ...options, form: RUN_LOG }, "existing");
}

/**
 * Creates the log of a new run, and its directory; never touches a log that exists. Its first event is to be
 * `run_started`.
 *
 * @throws LockTimeoutError, LogIoError
 */
export async function createRunLog(path: string, options: RunLogOptions): Promise<RunLog> {
  await makeDirectory(path);
  return await FileLog.open(path, { ...options, form: RUN_LOG }, "new");
}

/** A free log, opened for appending. */
export interface FreeLog extends AsyncDisposable {
  /** As of a run's log, see {@linkcode RunLog.append}: any kind but those that only a run's log or the log itself has. */
  append(drafts: readonly FreeDraft[], options?: AppendOptions): Promise<readonly FreeEvent[]>;
}

/**
 * Opens a free log for appending, and creates it and its directory where it is missing. `runId` becomes the `run_id`
 * of a new log's events; those of an existing one keep theirs.
 *
 * @throws RunLogRefusedError, LockTimeoutError, LogIoError, MalformedEventError, CorruptLogError,
 * LogPoisonedError
 */
export async function openFreeLog(path: string, options: RunLogOptions): Promise<FreeLog> {
  await refuseRunLog(path, options.files ?? systemFiles);
  await makeDirectory(path);
  return await FileLog.open(path, { ...options, form: FREE_LOG }, "any");
}

async function refuseRunLog(path: string, files: FilePort): Promise<void> {
  const names = attempt(path, "open", () => files.list(dirname(path)));
  if (!names.includes(basename(path)) && segmentsAmong(path, names).length === 0) return;
  for await (const [first] of scanLog(path, { checkSums: false })) {
    if (first?.events[0]?.kind === "run_started") throw new RunLogRefusedError(path);
    return;
  }
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true, mode: PRIVATE_DIRECTORY });
  } catch (error) {
    throw new LogIoError(path, "create", error);
  }
}

/** How a log of some form is opened. */
interface FormOptions extends RunLogOptions {
  readonly form: LogForm;
}

class FileLog implements RunLog {
  readonly clock: RunClock;
  readonly #path: string;
  readonly #file: CommitFile;
  readonly #lock: LogLock;
  readonly #lockBudgetMs: number;
  readonly #durability: Durability;
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

  private constructor(
    path: string,
    file: CommitFile,
    lock: LogLock,
    options: FormOptions & { clock: Clock },
  ) {
    this.#path = path;
    this.#file = file;
    this.#lock = lock;
    this.#lockBudgetMs = options.lockBudgetMs ?? LOCK_BUDGET_MS;
    this.#durability = options.durability;
    this.#flushTimer = new FlushTimer(options.clock, () => this.#flush());
    this.#queue = new AppendQueue(path, (draft) => options.form.admit(draft));
    this.#end = file.position;
    const { ts } = this.#end;
    this.clock = startRunClock(options.clock, ts === "" ? 0 : Date.parse(ts));
  }

  static async open(path: string, options: FormOptions, mode: OpenMode): Promise<FileLog> {
    const { clock = systemClock, files = systemFiles, newId = createUuid7(() => clock.wall()) } = options;
    const lock = LogLock.open(lockPath(path), clock);
    let log: FileLog;
    try {
      await lock.acquire(options.lockBudgetMs);
      try {
        const { runId, form, segmentBytes = SEGMENT_BYTES } = options;
        const monotonic = () => clock.monotonic();
        const file = new CommitFile(path, { runId, form, files, newId, monotonic, segmentBytes }, mode);
        log = new FileLog(path, file, lock, { ...options, clock });
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

  append(drafts: readonly FreeDraft[], options: AppendOptions = {}): Promise<readonly RunEvent[]> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    if (drafts.length === 0) return Promise.resolve([]);
    const committed = this.#queue.add(drafts, options);
    this.#wake();
    return committed;
  }

  head(): LogHead {
    const { index, sum } = this.#end;
    return { index, sum };
  }

  position(): LogPosition {
    return this.#end;
  }

  read(from: number | LogPosition = 0): AsyncIterable<RunEvent> {
    const until = this.#end.index;
    if (typeof from === "number") return readRunLog(this.#path, { from, until });
    return readRunLog(this.#path, { from: from.index + 1, position: from, until });
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
      // Whatever else it is refused for, a sync would not help.
      const isWhole = this.#refusal instanceof LogClosedError;
      if (isWhole && this.#isUnsynced && this.#durability !== "none") await this.#requestSync();
    } finally {
      while (this.#leading !== undefined) await this.#leading;
      this.#flushTimer.stop();
      await this.#turn.over;
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
      const committed = this.#write(cycle);
      if (mustSync || this.#mustSync(cycle)) await this.#syncFile();
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

  /** Takes the batch and writes it; records that the file owes come before it. */
  #write(cycle: CommitCycle): readonly RunEvent[] {
    cycle.end = this.#file.position;
    if (this.#file.owesRecords) {
      cycle.add(this.#file.commitRecords(this.clock.now()), this.#file.position);
      this.#isUnsynced = true;
    }
    cycle.batch = this.#queue.take();
    if (cycle.batch.length === 0) return [];
    const committed = this.#file.commit(cycle.batch.flatMap(({ events }) => events), this.clock.now());
    this.#isUnsynced = true;
    return committed;
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
