/** Opens a log at its end, for appending: the last commit says all that the next one needs. */

import { dirname } from "@std/path";
import { attempt } from "./attempt.ts";
import { LOG_START, nextSegment } from "./commit_scanner.ts";
import { CorruptLogError, LogIoError } from "./errors.ts";
import type { FilePort, LogFile } from "./file_port.ts";
import { type ReadAt, readLastCommit } from "./last_commit.ts";
import type { LogForm } from "./log_form.ts";
import { segmentPath, segmentsAmong } from "./log_paths.ts";
import type { LogPosition } from "./port.ts";

/** The segment that is appended to, and where it ends. */
export interface LogEnd {
  readonly file: LogFile;
  readonly inode: number | null;
  /** Behind the last commit; what stands behind that has not been looked at. */
  readonly position: LogPosition;
  /** It was created, and its name may not be on the disk yet. */
  readonly isNew: boolean;
}

/** What opening needs to know. */
export interface LogEndOptions {
  readonly runId: string;
  readonly form: LogForm;
  readonly files: FilePort;
}

/** Whether a log has to be there, must not be there, or is made where it is missing. */
export type OpenMode = "existing" | "new" | "any";

/**
 * Opens the log under its lock. Where a rotation was cut short, the segment that it was to begin is created.
 *
 * @throws LogIoError, CorruptLogError
 */
export function openLogEnd(path: string, options: LogEndOptions, mode: OpenMode): LogEnd {
  const { files, form, runId } = options;
  const closed = attempt(path, "open", () => segmentsAmong(path, files.list(dirname(path))));
  const isThere = attempt(path, "open", () => files.status(path)) !== undefined;
  const isCutShort = !isThere && closed.length > 0;
  if (mode === "new" && isCutShort) {
    throw new LogIoError(path, "create", new Deno.errors.AlreadyExists("Segments of it are there"));
  }
  const isNew = mode === "new" || (mode === "any" && !isThere) || isCutShort;
  const file = attempt(path, isNew ? "create" : "open", () => isNew ? files.create(path) : files.open(path));
  try {
    const status = attempt(path, "read", () => files.status(path));
    const start = startOfLast(path, { ...LOG_START, ...form.start(runId) }, closed, files);
    const readAt: ReadAt = (offset, into) => attempt(path, "read", () => file.readAt(offset, into));
    checkFirstIndex(path, readAt, start);
    const position = readLastCommit(path, readAt, status?.size ?? 0, start);
    return { file, inode: status?.inode ?? null, position, isNew };
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

/** Where the segment starts that is not closed yet. */
function startOfLast(
  path: string,
  start: LogPosition,
  closed: readonly number[],
  files: FilePort,
): LogPosition {
  const last = closed.at(-1);
  if (last === undefined) return start;
  const closedPath = segmentPath(path, last);
  const file = attempt(closedPath, "open", () => files.open(closedPath));
  using _file = file;
  const readAt: ReadAt = (offset, into) => attempt(closedPath, "read", () => file.readAt(offset, into));
  const size = attempt(closedPath, "read", () => files.status(closedPath))?.size ?? 0;
  // What its first commit follows is for a reader to check: here only its end counts.
  const before = last === 0 ? start : { ...start, index: last - 1, segment: last, sum: "" };
  const end = readLastCommit(closedPath, readAt, size, before);
  if (end.offset === size && end.index >= last) return nextSegment(end);
  throw new CorruptLogError(closedPath, end.lines + 1, end.offset, "a closed segment ends within a commit");
}

/** What a line begins with. */
const INDEX = /^\{"index":(\d{1,16}),/;

/** A segment that is missing before the last one would otherwise be found by readers only. */
function checkFirstIndex(path: string, readAt: ReadAt, { segment }: LogPosition): void {
  const bytes = new Uint8Array(32);
  const text = new TextDecoder().decode(bytes.subarray(0, readAt(0, bytes)));
  const index = Number(INDEX.exec(text)?.[1] ?? segment);
  if (index === segment) return;
  const why = index > segment
    ? `the segment with the events ${segment} to ${index - 1} is missing`
    : `it begins with event ${index}, and the segment before it ends with event ${segment - 1}`;
  throw new CorruptLogError(path, 1, 0, why);
}
