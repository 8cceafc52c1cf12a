/** The ways in which what stands behind a log fails. None of them concerns the log itself. */

import { InfraError, OmkError, reasonOf, UsageError } from "../../errors.ts";

/** A sink threw at an event. The other sinks have it, and the log goes on. */
export class SinkError extends OmkError {
  override readonly name = "SinkError";

  /** The sink. */
  readonly sink: string;
  /** How often it has failed so far. */
  readonly failures: number;

  /** Builds the message from the parts. */
  constructor(sink: string, failures: number, cause: unknown) {
    const times = failures === 1 ? "" : `, for the ${failures}th time`;
    super({ what: `The sink "${sink}" has failed at an event${times}`, why: reasonOf(cause), cause });
    this.sink = sink;
    this.failures = failures;
  }
}

/** A cursor could not be read or kept; nothing was moved. */
export class CursorIoError extends InfraError {
  override readonly name = "CursorIoError";

  /** The file. */
  readonly path: string;

  /** Builds the message from the parts. */
  constructor(path: string, operation: string, cause: unknown) {
    super({ what: `Cannot ${operation} the cursor`, where: path, why: reasonOf(cause), cause });
    this.path = path;
  }
}

/** A cursor cannot be used: of another log, not a cursor at all, or in use. Its consumer would miss events. */
export class CursorRefusedError extends UsageError {
  override readonly name = "CursorRefusedError";

  /** The file. */
  readonly path: string;

  /** Builds the message from the parts. */
  constructor(path: string, why: string, fix: string) {
    super({ what: "Cannot use the cursor", where: path, why, fix });
    this.path = path;
  }
}
