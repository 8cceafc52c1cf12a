/**
 * The file that commits are appended to. Every method but `hasChanged` is for whoever holds `events.lock`.
 */

import { basename } from "@std/path";
import { reasonOf } from "../errors.ts";
import { sha256 } from "../digest.ts";
import { admitRecord, type AdmittedEvent } from "./admission.ts";
import { CommitEncoder } from "./commit.ts";
import { makeCommit } from "./commit_batch.ts";
import { CommitScanner, LOG_START, type LogPosition, type Tail } from "./commit_scanner.ts";
import { CorruptLogError, LogIoError, LogPoisonedError, MalformedEventError } from "./errors.ts";
import type { FreeEvent, RunEvent } from "./event.ts";
import type { FilePort, LogFile } from "./file_port.ts";
import { readLastCommit } from "./last_commit.ts";
import { tornPath } from "./log_paths.ts";
import { poison, poisonReason } from "./poison.ts";
import type { LogHead } from "./port.ts";
import { runEventProblem } from "./run_event.ts";
import type { IdSource } from "./uuid7.ts";

/** What a commit file needs to know. */
export interface CommitFileOptions {
  readonly runId: string;
  readonly files: FilePort;
  readonly newId: IdSource;
  /** Milliseconds since an arbitrary start. */
  readonly monotonic: () => number;
}

/** How a system call says that there is no room. The bytes before are sound, and there may be room later. */
const NO_ROOM = /\((?:os error (?:27|28|69|122))\)|ENOSPC|EDQUOT|EFBIG/;

/**
 * How long a marker that somebody put there by hand may go unseen, in milliseconds. A process of omk that poisons
 * the log takes its write permission too, which is seen after each lock.
 */
const MARKER_CHECK_MS = 5;

/** A run's log, open for appending. */
export class CommitFile implements Disposable {
  readonly #path: string;
  readonly #file: LogFile;
  readonly #options: CommitFileOptions;
  readonly #inode: number | null;
  readonly #encoder = new CommitEncoder();
  #position: LogPosition;
  /** Log records that have still to be written. */
  #owed: AdmittedEvent[] = [];
  #markerChecked = -Infinity;
  /** Why the bytes of the file cannot be trusted any more. */
  #doubt: string | undefined;
  #keepsLock = false;

  /**
   * Opens an existing log, or creates a new one, and finds its last commit.
   *
   * @throws LogIoError, CorruptLogError, LogPoisonedError
   */
  constructor(path: string, options: CommitFileOptions, mode: "existing" | "new") {
    const { files } = options;
    this.#path = path;
    this.#options = options;
    this.#position = { ...LOG_START, runId: options.runId };
    // Before it is opened: a poisoned log is not writable, and the system's reason would say less.
    this.#refuseIfPoisoned();
    this.#file = attempt(path, mode === "new" ? "create" : "open", () => {
      return mode === "new" ? files.create(path) : files.open(path);
    });
    try {
      const status = this.#status();
      this.#inode = status.inode;
      const readAt = (offset: number, into: Uint8Array) => {
        return this.#attempt("read", () => this.#file.readAt(offset, into));
      };
      this.#position = readLastCommit(path, readAt, status.size, this.#position);
    } catch (error) {
      this.#file[Symbol.dispose]();
      throw error;
    }
  }

  /** The end of the last commit that was read or written. */
  get position(): LogPosition {
    return this.#position;
  }

  /** Index of the last event and sum of the last commit that was read or written. */
  get head(): LogHead {
    const { index, sum } = this.#position;
    return { index, sum };
  }

  /** A write or a sync failed so that the log has to be poisoned. */
  get isInDoubt(): boolean {
    return this.#doubt !== undefined;
  }

  /** The marker could not be set: only the lock keeps other processes from appending. */
  get keepsLock(): boolean {
    return this.#keepsLock;
  }

  /** Whether the file is not as this process left it. */
  hasChanged(): boolean {
    const status = this.#status();
    return status.size !== this.#position.offset || status.inode !== this.#inode || !status.writable;
  }

  /**
   * Reads what other processes have appended, hands it over event by event, and says what stands behind it.
   *
   * @throws LogIoError, LogPoisonedError, CorruptLogError, MalformedEventError
   */
  catchUp(deliver: (event: RunEvent) => void): Tail {
    if (this.#doubt !== undefined) throw new LogPoisonedError(this.#path, this.#doubt);
    const status = this.#status();
    const now = this.#options.monotonic();
    if (!status.writable || now - this.#markerChecked >= MARKER_CHECK_MS) {
      this.#refuseIfPoisoned();
      this.#markerChecked = now;
    }
    const { offset } = this.#position;
    if (status.inode !== this.#inode) throw this.#corrupt("another file has taken its place");
    if (status.size < offset) throw this.#corrupt(`it has been cut from ${offset} to ${status.size} bytes`);
    if (status.size === offset) return { state: "clean", offset, bytes: 0, nuls: 0 };
    return this.#readForeign(status.size, deliver);
  }

  /**
   * Repairs what a writer left that died: cuts a torn commit, after it has been copied, and completes one that
   * lacks only its line feed. The next call of `catchUp` finds a clean tail.
   *
   * @throws LogIoError
   */
  async repair(tail: Tail): Promise<void> {
    const whole = tail.offset + tail.bytes - tail.nuls;
    if (tail.state === "torn") {
      const record = await this.#copyTorn(tail);
      this.#attempt("cut a torn commit from", () => this.#file.truncate(tail.offset));
      this.#owed.push(record);
    } else if (tail.state === "unterminated") {
      this.#attempt("complete the last commit of", () => {
        if (tail.nuls > 0) this.#file.truncate(whole);
        this.#file.write(LINE_FEED);
      });
    }
    await this.sync();
  }

  /** Whether log records have to be committed before anything else. */
  get owesRecords(): boolean {
    return this.#owed.length > 0;
  }

  /** Commits the log records that are owed. */
  commitRecords(now: number): readonly RunEvent[] {
    const events = this.commit(this.#owed, now);
    this.#owed = [];
    return events;
  }

  /**
   * Writes the events as one commit.
   *
   * @param now the run clock, in milliseconds since 1970
   * @throws {LogIoError} if they could not be written; nothing of them stays, or the log is in doubt.
   */
  commit(admitted: readonly AdmittedEvent[], now: number): readonly RunEvent[] {
    const { runId, newId } = this.#options;
    const { bytes, sum, events } = makeCommit(admitted, this.#position, {
      runId,
      now,
      newId,
      encoder: this.#encoder,
    });
    this.#write(bytes);
    const last = events.at(-1) as RunEvent;
    this.#position = {
      ...this.#position,
      index: last.index,
      sum,
      ts: last.ts,
      offset: this.#position.offset + bytes.length,
      lines: this.#position.lines + events.length,
      form: "run",
    };
    return events;
  }

  /**
   * Waits until all that was written is on the disk.
   *
   * @throws {LogIoError} and leaves the log in doubt.
   */
  async sync(): Promise<void> {
    try {
      await this.#file.syncData();
    } catch (error) {
      throw this.#failed("sync", error);
    }
  }

  /** Makes every process refuse the log that is in doubt. */
  async poison(): Promise<void> {
    const { files } = this.#options;
    this.#keepsLock = !await poison(files, this.#path, this.#doubt ?? "");
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }

  #write(bytes: Uint8Array): void {
    let failure: unknown;
    try {
      const written = this.#file.write(bytes);
      if (written === bytes.length) return;
      failure = new Error(`only ${written} of ${bytes.length} bytes were written (ENOSPC)`);
    } catch (error) {
      failure = error;
    }
    if (!NO_ROOM.test(reasonOf(failure))) throw this.#failed("write to", failure);
    try {
      this.#file.truncate(this.#position.offset);
    } catch (error) {
      throw this.#failed("take back a failed write to", error);
    }
    throw new LogIoError(
      this.#path,
      "write to",
      failure,
      "make room: the log goes on when there is space again",
    );
  }

  #failed(operation: string, cause: unknown): LogIoError {
    this.#doubt = `process ${Deno.pid} could not ${operation} it: ${reasonOf(cause)}`;
    return new LogIoError(this.#path, operation, cause, "the log now refuses appends: check the disk");
  }

  #readForeign(size: number, deliver: (event: RunEvent) => void): Tail {
    const scanner = new CommitScanner(this.#path, this.#position);
    while (scanner.nextOffset < size) {
      const room = scanner.room().subarray(0, size - scanner.nextOffset);
      const count = this.#attempt("read", () => this.#file.readAt(scanner.nextOffset, room));
      if (count === 0) throw this.#corrupt(`it has been cut to ${scanner.nextOffset} bytes`);
      for (const commit of scanner.take(count)) {
        const events = commit.events.map((event, i) => this.#checked(event, commit.firstLine + i));
        this.#position = commit.after;
        for (const event of events) deliver(event);
      }
    }
    return scanner.finish();
  }

  #checked(event: FreeEvent, line: number): RunEvent {
    const problem = runEventProblem(event);
    if (problem !== undefined) throw new CorruptLogError(this.#path, line, this.#position.offset, problem);
    return event as RunEvent;
  }

  async #copyTorn(tail: Tail): Promise<AdmittedEvent> {
    const { files } = this.#options;
    const bytes = new Uint8Array(tail.bytes);
    this.#attempt("read", () => this.#file.readAt(tail.offset, bytes));
    const wanted = tornPath(this.#path, tail.offset);
    let copy = wanted;
    try {
      for (let number = 2; files.status(copy) !== undefined; number++) copy = `${wanted}-${number}`;
      await files.createWhole(copy, bytes);
    } catch (error) {
      throw new LogIoError(copy, "keep a torn commit of", error);
    }
    return admitRecord("log_repaired", {
      offset: tail.offset,
      bytes: tail.bytes,
      sha256: sha256(bytes),
      copy: basename(copy),
      reason: "torn commit",
    });
  }

  #refuseIfPoisoned(): void {
    const reason = attempt(this.#path, "read", () => poisonReason(this.#options.files, this.#path));
    if (reason !== undefined) throw new LogPoisonedError(this.#path, reason);
  }

  #status() {
    const status = this.#attempt("read", () => this.#options.files.status(this.#path));
    if (status === undefined) throw this.#corrupt("it has been removed");
    return status;
  }

  #corrupt(why: string, cause?: unknown): CorruptLogError {
    const { lines, offset } = this.#position;
    return new CorruptLogError(this.#path, lines + 1, offset, why, cause);
  }

  #attempt<T>(operation: string, call: () => T): T {
    return attempt(this.#path, operation, call);
  }
}

const LINE_FEED = new Uint8Array([0x0a]);

/** Whether the log can never be appended to by this process again. */
export function isFatal(error: unknown): boolean {
  return error instanceof CorruptLogError || error instanceof MalformedEventError ||
    error instanceof LogPoisonedError;
}

function attempt<T>(path: string, operation: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new LogIoError(path, operation, error);
  }
}
