/** The ways in which a log fails. Each error carries the path and the system's own reason. */

import { InfraError, OmkError, reasonOf, UsageError } from "../errors.ts";

/** `events.lock` was not granted within its budget: another process holds it. */
export class LockTimeoutError extends InfraError {
  override readonly name = "LockTimeoutError";

  /** The lock file. */
  readonly path: string;
  /** Milliseconds spent waiting. */
  readonly waitedMs: number;
  /** Who holds it, as far as the system tells: `process 4711 (omk run)`. */
  readonly holder: string | undefined;

  /** Builds the message from the parts. */
  constructor(path: string, waitedMs: number, holder?: string) {
    super({
      what: "Cannot lock the log",
      where: path,
      why: `${holder ?? "another process"} has held the lock for ${Math.round(waitedMs)} ms`,
      fix: "end that process, or wait for it, and try again",
    });
    this.path = path;
    this.waitedMs = waitedMs;
    this.holder = holder;
  }
}

/** A system call on the log failed. Nothing of the rejected appends is in the log, unless it is poisoned. */
export class LogIoError extends InfraError {
  override readonly name = "LogIoError";

  /** The file that is concerned. */
  readonly path: string;
  /** What was tried: `write to`, `open`. */
  readonly operation: string;

  /** Builds the message from the parts. */
  constructor(path: string, operation: string, cause: unknown, fix?: string) {
    super({ what: `Cannot ${operation} the log`, where: path, why: reasonOf(cause), fix, cause });
    this.path = path;
    this.operation = operation;
  }
}

/** A line that is not an event: the strict reader stops at the first. */
export class MalformedEventError extends InfraError {
  override readonly name = "MalformedEventError";

  /** The log, or the segment of it. */
  readonly path: string;
  /** Counted from 1. */
  readonly lineNumber: number;
  /** Where the line starts, in bytes. */
  readonly offset: number;
  /** What is wrong with the line. */
  readonly why: string;

  /** Builds the message from the parts. */
  constructor(path: string, lineNumber: number, offset: number, why: string, cause?: unknown) {
    super({
      what: "Cannot read the log",
      where: `${path}:${lineNumber}`,
      why,
      fix: "see what is left of it with omk log verify",
      cause,
    });
    this.path = path;
    this.lineNumber = lineNumber;
    this.offset = offset;
    this.why = why;
  }
}

/** The lines are events, but the log as a whole is not what its writers wrote. */
export class CorruptLogError extends InfraError {
  override readonly name = "CorruptLogError";

  /** The log, or the segment of it. */
  readonly path: string;
  /** The first line that is concerned, counted from 1. */
  readonly line: number;
  /** Where that line starts, in bytes. */
  readonly offset: number;
  /** What is wrong. */
  readonly why: string;

  /** Builds the message from the parts. */
  constructor(path: string, line: number, offset: number, why: string, cause?: unknown) {
    super({
      what: "The log is corrupt",
      where: `${path}:${line}`,
      why,
      fix: "see what is left of it with omk log verify",
      cause,
    });
    this.path = path;
    this.line = line;
    this.offset = offset;
    this.why = why;
  }
}

/** A write or a sync of some process failed in a way that leaves the log's bytes in doubt: no process appends. */
export class LogPoisonedError extends InfraError {
  override readonly name = "LogPoisonedError";

  /** The log. */
  readonly path: string;
  /** What the process that poisoned it saw. */
  readonly reason: string;

  /** Builds the message from the parts. */
  constructor(path: string, reason: string, cause?: unknown) {
    super({
      what: "The log refuses appends",
      where: path,
      why: reason,
      fix: "check the disk, then go on with omk log repair",
      cause,
    });
    this.path = path;
    this.reason = reason;
  }
}

/** The log was closed, by this process, before the append. */
export class LogClosedError extends OmkError {
  override readonly name = "LogClosedError";

  /** The log. */
  readonly path: string;

  /** Builds the message from the parts. */
  constructor(path: string) {
    super({ what: "Cannot append to the log", where: path, why: "it is closed" });
    this.path = path;
  }
}

/** The append's signal aborted before its commit was written. Nothing of it is in the log. */
export class AppendAbortedError extends OmkError {
  override readonly name = "AppendAbortedError";

  /** The log. */
  readonly path: string;

  /** Builds the message from the parts. */
  constructor(path: string, cause: unknown) {
    super({ what: "The append was given up", where: path, why: reasonOf(cause), cause });
    this.path = path;
  }
}

/** A draft that has no place in the log: a fault of the program that appends it. Nothing was written. */
export class EventRefusedError extends OmkError {
  override readonly name = "EventRefusedError";

  /** Kind of the draft. */
  readonly kind: string;
  /** The rule that it breaks. */
  readonly why: string;

  /** Builds the message from the parts. */
  constructor(kind: string, why: string, cause?: unknown) {
    super({ what: `Cannot append a "${kind}" event`, why, cause });
    this.kind = kind;
    this.why = why;
  }
}

/** A run's own log was to be opened as a free one: only omk appends to it. Nothing was touched. */
export class RunLogRefusedError extends UsageError {
  override readonly name = "RunLogRefusedError";

  /** The log. */
  readonly path: string;

  /** Builds the message from the parts. */
  constructor(path: string) {
    super({
      what: "Cannot append to the log of a run",
      where: path,
      why: "only omk itself does",
      fix: "append to a log of your own",
    });
    this.path = path;
  }
}
