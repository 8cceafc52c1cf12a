/**
 * The file that commits are appended to. Every method but `hasChanged` is for whoever holds `events.lock`.
 */

import { dirname } from "@std/path";
import { reasonOf } from "../errors.ts";
import { admitRecord, type AdmittedEvent } from "./admission.ts";
import { attempt } from "./attempt.ts";
import { CommitEncoder } from "./commit.ts";
import { makeCommit } from "./commit_batch.ts";
import { CommitScanner, nextSegment, type Tail } from "./commit_scanner.ts";
import { CorruptLogError, LogIoError, LogPoisonedError, MalformedEventError } from "./errors.ts";
import type { FreeEvent, RunEvent } from "./event.ts";
import type { LogFile } from "./file_port.ts";
import { readLastCommit } from "./last_commit.ts";
import { type LogEndOptions, openLogEnd, type OpenMode } from "./log_end.ts";
import { segmentPath } from "./log_paths.ts";
import { poison, poisonReason } from "./poison.ts";
import type { LogPosition } from "./port.ts";
import { keepRemoved, segmentStarted } from "./records.ts";
import { SyncPace } from "./sync_pace.ts";
import type { IdSource } from "./uuid7.ts";

/** What a commit file needs to know. */
export interface CommitFileOptions extends LogEndOptions {
  readonly newId: IdSource;
  /** Milliseconds since an arbitrary start. */
  readonly monotonic: () => number;
  /** A segment is closed before it would get a commit that starts behind this many bytes. */
  readonly segmentBytes: number;
}

/** How a system call says that there is no room. The bytes before are sound, and there may be room later. */
const NO_ROOM = /\((?:os error (?:27|28|69|122))\)|ENOSPC|EDQUOT|EFBIG/;

/**
 * How long a marker that somebody put there by hand may go unseen, in milliseconds. A process of omk that poisons
 * the log takes its write permission too, which is seen after each lock.
 */
const MARKER_CHECK_MS = 20;

/** How much of what others have appended is read at a time. */
const PIECE_BYTES = 256 * 1024;

/** Past this, what nobody wants to see is not read, in bytes. */
const MUCH_BYTES = 64 * 1024;

/** A log, open for appending. */
export class CommitFile implements Disposable {
  readonly #path: string;
  readonly #options: CommitFileOptions;
  /** The segment that is appended to. */
  #file: LogFile;
  #inode: number | null;
  readonly #encoder = new CommitEncoder();
  readonly #pace = new SyncPace();
  #position: LogPosition;
  /** Log records that have still to be written. */
  #owed: AdmittedEvent[] = [];
  #markerChecked = -Infinity;
  /** The segment may not have its name on the disk yet. */
  #isNameUnsynced: boolean;
  /** Why the bytes of the file cannot be trusted any more. */
  #doubt: string | undefined;
  #keepsLock = false;

  /**
   * Opens an existing log, or creates a new one, and finds its last commit.
   *
   * @throws LogIoError, CorruptLogError, LogPoisonedError
   */
  constructor(path: string, options: CommitFileOptions, mode: OpenMode) {
    this.#path = path;
    this.#options = options;
    // Before it is opened: a poisoned log is not writable, and the system's reason would say less.
    this.#refuseIfPoisoned();
    const { file, inode, position, isNew } = openLogEnd(path, options, mode);
    this.#file = file;
    this.#inode = inode;
    this.#position = position;
    this.#isNameUnsynced = isNew;
  }

  /** The end of the last commit that was read or written. */
  get position(): LogPosition {
    return this.#position;
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
    return status?.size !== this.#position.offset || status.inode !== this.#inode || !status.writable;
  }

  /** Whether the file ends where this process left it: enough to know where the lock was kept since. */
  isUntouched(): boolean {
    return this.#attempt("read", () => this.#file.size()) === this.#position.offset;
  }

  /**
   * Reads what other processes have appended, hands it over event by event, and says what stands behind it.
   *
   * @param deliver without it nobody wants the events: of much that was appended only the last commit is checked
   * @throws LogIoError, LogPoisonedError, CorruptLogError, MalformedEventError
   */
  catchUp(deliver?: (event: RunEvent) => void): Tail {
    if (this.#doubt !== undefined) throw new LogPoisonedError(this.#path, this.#doubt);
    let status = this.#status();
    const now = this.#options.monotonic();
    if (status?.writable !== true || now - this.#markerChecked >= MARKER_CHECK_MS) {
      this.#refuseIfPoisoned();
      this.#markerChecked = now;
    }
    while (status === undefined || status.inode !== this.#inode) {
      this.#followRotation(status === undefined, deliver);
      status = this.#status();
    }
    const { offset } = this.#position;
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
      const record = await this.#keepTorn(tail);
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

  /** Whether {@linkcode CommitFile.prepare} has to be called before anything is committed. */
  get mustPrepare(): boolean {
    return this.#isNameUnsynced || this.#position.offset >= this.#options.segmentBytes;
  }

  /**
   * Closes a segment that is full, and begins the next. What dies meanwhile leaves either the old state, or a log
   * whose last segment is missing or empty, which is what the next writer then begins.
   *
   * @throws {LogIoError} and leaves the log in doubt where a sync has failed.
   */
  async prepare(): Promise<void> {
    if (this.#position.offset >= this.#options.segmentBytes) {
      await this.sync();
      const closed = segmentPath(this.#path, this.#position.segment);
      const { files } = this.#options;
      const isTaken = this.#attempt("close a segment of", () => files.status(closed)) !== undefined;
      if (isTaken) throw this.#corrupt(`the name that it should get is taken: ${closed}`);
      this.#attempt("close a segment of", () => files.rename(this.#path, closed));
      this.#followRotation(true);
    }
    await this.#syncName();
  }

  /** Whether log records have to be committed before anything else. */
  get owesRecords(): boolean {
    return this.#owed.length > 0 || this.#isSegmentEmpty;
  }

  /** Commits the log records that are owed. */
  commitRecords(now: number): readonly RunEvent[] {
    const owed = [...this.#owed];
    if (this.#isSegmentEmpty) {
      owed.unshift(segmentStarted(this.#options.files, this.#path, this.#position.sum));
    }
    const readBack = this.commit(owed, now);
    this.#owed = [];
    return readBack();
  }

  /**
   * Writes the events, at least one, as one commit; returns what makes them as a reader will see them, for which there
   * is time while they are on their way to the disk.
   *
   * @param now the run clock, in milliseconds since 1970
   * @throws {LogIoError} if they could not be written; nothing of them stays, or the log is in doubt.
   */
  commit(admitted: readonly AdmittedEvent[], now: number): () => readonly RunEvent[] {
    const { newId, form } = this.#options;
    const runId = this.#position.runId || this.#options.runId;
    const { bytes, sum, last, readBack } = makeCommit(admitted, this.#position, {
      runId,
      now,
      newId,
      encoder: this.#encoder,
      form,
    });
    this.#write(bytes);
    this.#position = {
      ...this.#position,
      ...last,
      runId,
      sum,
      offset: this.#position.offset + bytes.length,
      lines: this.#position.lines + admitted.length,
      form: form.name,
    };
    return readBack;
  }

  /**
   * Waits until all that was written is on the disk, without blocking the event loop for long.
   *
   * @throws {LogIoError} and leaves the log in doubt.
   */
  async sync(): Promise<void> {
    const started = this.#options.monotonic();
    try {
      if (this.#pace.isQuick) this.#file.syncDataSync();
      else await this.#file.syncData();
    } catch (error) {
      throw this.#failed("sync", error);
    }
    this.#pace.note(this.#options.monotonic() - started);
    if (this.#isNameUnsynced) await this.#syncName();
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

  /**
   * Goes from a segment that was closed, by whomever, to the one behind it, and begins that where nobody has.
   *
   * @param isMissing whether nothing has the log's name
   */
  #followRotation(isMissing: boolean, deliver?: (event: RunEvent) => void): void {
    const { files } = this.#options;
    const closed = segmentPath(this.#path, this.#position.segment);
    const status = this.#attempt("read", () => files.status(closed));
    if (status === undefined || status.inode !== this.#inode) {
      throw this.#corrupt(isMissing ? "it has been removed" : "another file has taken its place");
    }
    const tail = this.#readForeign(status.size, deliver);
    if (tail.state !== "clean") throw this.#corrupt(`the closed segment ${closed} ends within a commit`);
    const next = nextSegment(this.#position);
    const nextClosed = segmentPath(this.#path, next.segment);
    const isClosed = this.#attempt("read", () => files.status(nextClosed)) !== undefined;
    const path = isClosed ? nextClosed : this.#path;
    const file = this.#attempt(isMissing ? "create" : "open", () => {
      return isMissing && !isClosed ? files.create(path) : files.open(path);
    });
    this.#file[Symbol.dispose]();
    this.#file = file;
    this.#inode = this.#attempt("read", () => files.status(path))?.inode ?? null;
    this.#isNameUnsynced ||= isMissing;
    this.#position = next;
  }

  get #isSegmentEmpty(): boolean {
    return this.#position.offset === 0 && this.#position.index >= 0;
  }

  async #syncName(): Promise<void> {
    try {
      await this.#options.files.syncDirectory(dirname(this.#path));
      this.#isNameUnsynced = false;
    } catch (error) {
      throw this.#failed("sync", error);
    }
  }

  #readForeign(size: number, deliver?: (event: RunEvent) => void): Tail {
    if (deliver === undefined && size - this.#position.offset > MUCH_BYTES) this.#skipTo(size);
    const scanner = new CommitScanner(this.#path, this.#position);
    const piece = new Uint8Array(Math.min(size - scanner.nextOffset, PIECE_BYTES));
    while (scanner.nextOffset < size) {
      const room = piece.subarray(0, size - scanner.nextOffset);
      const count = this.#attempt("read", () => this.#file.readAt(scanner.nextOffset, room));
      if (count === 0) throw this.#corrupt(`it has been cut to ${scanner.nextOffset} bytes`);
      scanner.take(room.subarray(0, count), (commit) => {
        const events = commit.events.map((event, i) => this.#checked(event, commit.firstLine + i));
        this.#position = commit.after;
        if (deliver !== undefined) { for (const event of events) deliver(event); }
      });
    }
    return scanner.finish();
  }

  /** Goes to the last commit before `size`, which vouches for all before it. */
  #skipTo(size: number): void {
    const readAt = (offset: number, into: Uint8Array) => {
      return this.#attempt("read", () => this.#file.readAt(offset, into));
    };
    const last = readLastCommit(this.#path, readAt, size, this.#position);
    if (last.index > this.#position.index) this.#position = last;
  }

  #checked(event: FreeEvent, line: number): RunEvent {
    const problem = this.#options.form.problem(event);
    if (problem !== undefined) throw new CorruptLogError(this.#path, line, this.#position.offset, problem);
    return event as RunEvent;
  }

  async #keepTorn({ offset, bytes }: Tail): Promise<AdmittedEvent> {
    const torn = new Uint8Array(bytes);
    this.#attempt("read", () => this.#file.readAt(offset, torn));
    const removed = await keepRemoved(this.#options.files, this.#path, offset, torn, "torn commit");
    return admitRecord("log_repaired", removed);
  }

  #refuseIfPoisoned(): void {
    const reason = attempt(this.#path, "read", () => poisonReason(this.#options.files, this.#path));
    if (reason !== undefined) throw new LogPoisonedError(this.#path, reason);
  }

  #status() {
    return this.#attempt("read", () => this.#options.files.status(this.#path));
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
