/**
 * Makes a log whole again after a failed sync or write: every commit that verifies goes into a new file, which takes
 * the place of the old one. What does not verify is kept beside the log, and the log says so.
 */

import { dirname } from "@std/path";
import { type Clock, systemClock } from "../clock.ts";
import { admitRecord } from "./admission.ts";
import { attempt, attemptAsync } from "./attempt.ts";
import { CommitEncoder } from "./commit.ts";
import { makeCommit } from "./commit_batch.ts";
import { nextSegment } from "./commit_scanner.ts";
import { type CommitCopy, copyCommits } from "./copy_commits.ts";
import { type FilePort, type LogFile, systemFiles, writeAll } from "./file_port.ts";
import { LOCK_BUDGET_MS, LogLock } from "./lock.ts";
import type { PayloadOf } from "./kinds.ts";
import { lockPath, poisonPath, repairPath } from "./log_paths.ts";
import { poisonReason } from "./poison.ts";
import type { LogHead, LogPosition } from "./port.ts";
import { keepRemoved, segmentStarted } from "./records.ts";
import { scanLog } from "./scan.ts";
import { listSegments, openSegment } from "./segment_reader.ts";
import { createUuid7 } from "./uuid7.ts";

/** What a repair has found and done. */
export interface RepairReport {
  /** False if the log was verified and open for appends: nothing was done. */
  readonly repaired: boolean;
  /** Why it was poisoned; null if it was not. */
  readonly poisoned: string | null;
  /** All events and commits of the log as it is now. */
  readonly events: number;
  readonly commits: number;
  readonly head: LogHead;
  /** What did not verify, and the file beside the log that keeps it; null where everything did. */
  readonly removed: { readonly offset: number; readonly bytes: number; readonly copy: string } | null;
}

/** How a log is repaired. */
export interface RepairOptions {
  readonly clock?: Clock;
  readonly files?: FilePort;
  /** How long it waits for the lock, in milliseconds. */
  readonly lockBudgetMs?: number;
}

/**
 * Repairs the log at `path`, a run's or a free one, under its lock. Every commit that verifies stays. Behind the last
 * one that does, a poisoned log may hold anything: that is copied to `events.torn-<offset>`, cut off and recorded as
 * `log_repaired`. A log that nobody has poisoned loses only a commit that was not finished: damage in it is refused,
 * and salvaged to another file. Whoever dies meanwhile leaves the old log or the new one, and the marker.
 *
 * @throws {CorruptLogError} and {MalformedEventError} where there is damage that no failed write explains
 * @throws LockTimeoutError, LogIoError
 */
export async function repairLog(path: string, options: RepairOptions = {}): Promise<RepairReport> {
  const { clock = systemClock, files = systemFiles, lockBudgetMs = LOCK_BUDGET_MS } = options;
  using lock = LogLock.open(lockPath(path), clock);
  await lock.acquire(lockBudgetMs);
  try {
    return await new Repair(path, files, clock).run();
  } finally {
    lock.release();
  }
}

class Repair {
  readonly #path: string;
  readonly #temporary: string;
  readonly #files: FilePort;
  readonly #clock: Clock;

  constructor(path: string, files: FilePort, clock: Clock) {
    this.#path = path;
    this.#temporary = repairPath(path);
    this.#files = files;
    this.#clock = clock;
  }

  async run(): Promise<RepairReport> {
    const path = this.#path;
    const poisoned = attempt(path, "read", () => poisonReason(this.#files, path)) ?? null;
    // Closed segments end with a whole commit that was synced: only the last one is written anew.
    const first = (await listSegments(path)).at(-1);
    this.#remove(this.#temporary);
    try {
      using file = attempt(this.#temporary, "create", () => this.#files.create(this.#temporary));
      const copy = await copyCommits(path, first === undefined ? 0 : first + 1, file, this.#temporary);
      const { damage } = copy;
      if (damage !== undefined && (poisoned === null || damage.path !== path)) throw damage;
      const { index, sum } = copy.end;
      if (copy.tail?.state === "clean" && poisoned === null) {
        const { commits } = copy;
        return { repaired: false, poisoned, events: index + 1, commits, head: { index, sum }, removed: null };
      }
      // The last segment may have no whole commit yet.
      const isEmpty = first !== undefined && copy.end.segment <= first;
      return await this.#replace(file, isEmpty ? { ...copy, end: nextSegment(copy.end) } : copy, poisoned);
    } finally {
      this.#remove(this.#temporary);
    }
  }

  /** Puts the new file into the place of the old one, with the record of it, and takes the marker away. */
  async #replace(file: LogFile, copy: CommitCopy, poisoned: string | null): Promise<RepairReport> {
    const path = this.#path;
    let { end, commits } = copy;
    const rest = await this.#readRest(end);
    if (copy.tail?.state === "unterminated") {
      this.#write(file, rest.subarray(0, rest.length - copy.tail.nuls));
      this.#write(file, LINE_FEED);
      end = await this.#lastIn(end);
      commits++;
    }
    const torn = copy.tail?.state === "unterminated" ? rest.subarray(rest.length) : rest;
    const removed = await keepRemoved(this.#files, path, end.offset, torn, poisoned ?? "torn commit");
    let head: LogHead = { index: end.index, sum: end.sum };
    // An empty log stays empty: it begins with the first event of whoever appends one.
    if (end.index >= 0) {
      head = this.#record(file, end, removed);
      commits++;
    }
    await attemptAsync(path, "sync", () => file.syncData());
    attempt(path, "replace", () => this.#files.rename(this.#temporary, path));
    // The marker goes last: until then everybody refuses.
    await this.#syncDirectory();
    this.#remove(poisonPath(path));
    await this.#syncDirectory();
    const { offset, bytes, copy: name } = removed;
    return {
      repaired: true,
      poisoned,
      events: head.index + 1,
      commits,
      head,
      removed: bytes === 0 ? null : { offset, bytes, copy: name },
    };
  }

  /** Appends the record of the repair; returns the head that it makes. */
  #record(file: LogFile, end: LogPosition, removed: PayloadOf<"log_repaired">): LogHead {
    const repaired = admitRecord("log_repaired", removed);
    const isSegmentEmpty = end.offset === 0;
    const records = isSegmentEmpty
      ? [segmentStarted(this.#files, this.#path, end.sum), repaired]
      : [repaired];
    const { bytes, sum, last } = makeCommit(records, end, {
      runId: end.runId,
      now: this.#clock.wall(),
      newId: createUuid7(() => this.#clock.wall()),
      encoder: new CommitEncoder(),
    });
    this.#write(file, bytes);
    return { index: last.index, sum };
  }

  /** What stands behind the last commit that verified. */
  async #readRest({ segment, offset }: LogPosition): Promise<Uint8Array> {
    using opened = await openSegment(this.#path, segment);
    if (opened === undefined) return new Uint8Array(0);
    const { file, path, size } = opened;
    const rest = new Uint8Array(size - offset);
    await attemptAsync(path, "read", async () => {
      await file.seek(offset, Deno.SeekMode.Start);
      for (let at = 0; at < rest.length;) at += await file.read(rest.subarray(at)) ?? Infinity;
    });
    return rest;
  }

  /** Where the new file ends. */
  async #lastIn(position: LogPosition): Promise<LogPosition> {
    let end = position;
    for await (const commits of scanLog(this.#temporary, { position })) end = commits.at(-1)?.after ?? end;
    return end;
  }

  #write(file: LogFile, bytes: Uint8Array): void {
    attempt(this.#temporary, "write to", () => writeAll(file, bytes));
  }

  #remove(path: string): void {
    attempt(path, "remove what is beside", () => this.#files.remove(path));
  }

  async #syncDirectory(): Promise<void> {
    await attemptAsync(this.#path, "sync", () => this.#files.syncDirectory(dirname(this.#path)));
  }
}

const LINE_FEED = new Uint8Array([0x0a]);
