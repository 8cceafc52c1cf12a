/** A log in a file, shared by processes: how it is opened and created, a run's or a free one. */

import { basename, dirname } from "@std/path";
import { type Clock, systemClock } from "../clock.ts";
import { attempt } from "./attempt.ts";
import { CommitFile } from "./commit_file.ts";
import { LogIoError, RunLogRefusedError } from "./errors.ts";
import type { FreeDraft, FreeEvent, RunEvent } from "./event.ts";
import { type FilePort, systemFiles } from "./file_port.ts";
import { type Durability, GroupCommit } from "./group_commit.ts";
import { LogLock } from "./lock.ts";
import { FREE_LOG, type LogForm, RUN_LOG } from "./log_form.ts";
import type { OpenMode } from "./log_end.ts";
import { lockPath, segmentsAmong } from "./log_paths.ts";
import type { AppendOptions, LogHead, LogPosition, RunLog } from "./port.ts";
import { readRunLog } from "./reader.ts";
import { type RunClock, startRunClock } from "./run_clock.ts";
import { scanLog } from "./scan.ts";
import type { Listener } from "./subscribers.ts";
import { createUuid7, type IdSource } from "./uuid7.ts";

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

/** See the module. */
class FileLog implements RunLog {
  readonly clock: RunClock;
  readonly #path: string;
  readonly #commits: GroupCommit;

  private constructor(path: string, clock: RunClock, commits: GroupCommit) {
    this.#path = path;
    this.clock = clock;
    this.#commits = commits;
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
        const { ts } = file.position;
        const runClock = startRunClock(clock, ts === "" ? 0 : Date.parse(ts));
        const commits = new GroupCommit(path, file, lock, { ...options, clock, runClock });
        log = new FileLog(path, runClock, commits);
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
    return this.#commits.append(drafts, options);
  }

  head(): LogHead {
    const { index, sum } = this.#commits.end;
    return { index, sum };
  }

  position(): LogPosition {
    return this.#commits.end;
  }

  read(from: number | LogPosition = 0): AsyncIterable<RunEvent> {
    const until = this.#commits.end.index;
    if (typeof from === "number") return readRunLog(this.#path, { from, until });
    return readRunLog(this.#path, { from: from.index + 1, position: from, until });
  }

  poll(): Promise<number> {
    return this.#commits.poll();
  }

  subscribe(listener: Listener): () => void {
    return this.#commits.subscribe(listener);
  }

  sync(): Promise<void> {
    return this.#commits.sync();
  }

  close(): Promise<void> {
    return this.#commits.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
