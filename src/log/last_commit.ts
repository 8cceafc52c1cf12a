/** Finds the last commit of a log by reading backwards: appending never needs the whole log. */

import { MAX_COMMIT_BYTES, SEAL_LENGTH } from "./commit.ts";
import { CommitScanner } from "./commit_scanner.ts";
import { CorruptLogError, MalformedEventError } from "./errors.ts";
import { LineError, parseLine } from "./line.ts";
import type { LogPosition } from "./port.ts";

/** Reads bytes of a file: fills `into` from `offset`, returns how many there were. */
export type ReadAt = (offset: number, into: Uint8Array) => number;

/** The file offsets of a commit: of its first byte, and behind its last. */
export interface CommitRange {
  readonly start: number;
  readonly end: number;
}

const FIRST_WINDOW = 64 * 1024;
const LINE_FEED = 0x0a;

/** How the last and the first line of a commit end. Inside of JSON strings the quotes would be escaped. */
const SEALED = /,"sum":"[0-9a-f]{64}"\}$/;
const FIRST = /,"prev":"[0-9a-f]{64}","commit":\d+(?:,"sum":"[0-9a-f]{64}")?\}$/;
/** No longer than this are the ends that matter, in bytes. */
const END_LENGTH = 256;

const decoder = new TextDecoder();

/**
 * Reads and checks the last commit of a segment, and that it follows the commit before it.
 *
 * @param start where a segment without commits starts: an empty log's start, or the end of the segment before it.
 * With an empty `sum`, what stands before the segment is not known, and not checked
 * @throws {CorruptLogError}
 */
export function readLastCommit(path: string, readAt: ReadAt, size: number, start: LogPosition): LogPosition {
  try {
    const range = findLastCommit(readAt, size);
    return range === undefined ? start : checkCommit(path, readAt, range, start);
  } catch (error) {
    // Only now is it worth while to count the lines before the damage.
    if (error instanceof CorruptLogError || error instanceof MalformedEventError) {
      throw new CorruptLogError(path, lineAt(readAt, error.offset), error.offset, error.why, error.cause);
    }
    if (!(error instanceof RangeError || error instanceof LineError)) throw error;
    throw new CorruptLogError(path, lineAt(readAt, size), size, error.message, error);
  }
}

function checkCommit(path: string, readAt: ReadAt, range: CommitRange, start: LogPosition): LogPosition {
  const bytes = new Uint8Array(range.end - range.start);
  readAt(range.start, bytes);
  const { event, prev } = parseLine(decoder.decode(bytes.subarray(0, bytes.indexOf(LINE_FEED))));
  // One event, one line.
  const lines = event.index - start.segment;
  const sum = range.start === 0 && start.sum === "" ? prev : sumBefore(readAt, range.start, start.sum);
  if (prev === undefined || prev !== sum) {
    throw new CorruptLogError(
      path,
      lines + 1,
      range.start,
      "the last commit does not follow the one before it",
    );
  }
  const runId = start.runId || event.run_id;
  const isFirst = range.start === 0 && start.index < 0;
  const before = { ...start, runId, offset: range.start, lines, index: event.index - 1, sum: prev };
  const scanner = new CommitScanner(path, isFirst ? start : { ...before, form: start.form ?? "run" });
  let after: LogPosition | undefined;
  scanner.take(bytes, (commit) => after = commit.after);
  if (after !== undefined) return after;
  throw new RangeError("the last commit is not whole");
}

/** The number of the line that starts at `offset`. */
function lineAt(readAt: ReadAt, offset: number): number {
  const piece = new Uint8Array(FIRST_WINDOW);
  let line = 1;
  for (let at = 0; at < offset;) {
    const bytes = piece.subarray(0, Math.min(piece.length, offset - at));
    const count = readAt(at, bytes);
    if (count === 0) break;
    for (let feed = bytes.indexOf(LINE_FEED); feed >= 0; feed = bytes.indexOf(LINE_FEED, feed + 1)) line++;
    at += count;
  }
  return line;
}

/** The sum with which the segment's part before `offset` ends, or the segment before it. */
function sumBefore(readAt: ReadAt, offset: number, start: string): string | undefined {
  if (offset === 0) return start;
  const seal = new Uint8Array(SEAL_LENGTH + 1);
  readAt(offset - seal.length, seal);
  return /^,"sum":"([0-9a-f]{64})"\}\n$/.exec(decoder.decode(seal))?.[1];
}

/**
 * The lines that end with the file's last sum, by their form alone; `undefined` if there is no such line.
 *
 * @throws {RangeError} if its commit has no first line, or none ends within the largest size of one.
 */
export function findLastCommit(readAt: ReadAt, size: number): CommitRange | undefined {
  for (let window = Math.min(FIRST_WINDOW, size);; window = Math.min(2 * window, size)) {
    const bytes = new Uint8Array(window);
    const start = size - window;
    bytes.fill(0, readAt(start, bytes));
    const found = search(bytes, start === 0);
    if (found !== "more") return { start: start + found.start, end: start + found.end };
    if (start === 0) {
      if (lastSeal(bytes) < 0) return undefined;
      throw new RangeError("the last commit has no beginning");
    }
    if (window > 2 * MAX_COMMIT_BYTES) throw new RangeError(`no commit ends within the last ${window} bytes`);
  }
}

/** Looks for a commit that lies in the window as a whole. */
function search(bytes: Uint8Array, isWholeFile: boolean): CommitRange | "more" {
  const last = lastSeal(bytes);
  for (let end = last; end >= 0;) {
    const before = end === 0 ? -1 : bytes.lastIndexOf(LINE_FEED, end - 1);
    if (FIRST.test(endOf(bytes, end))) {
      // Without a line feed before it, the line may have begun before the window.
      return before < 0 && !isWholeFile ? "more" : { start: before + 1, end: last + 1 };
    }
    end = before;
  }
  return "more";
}

/** The position of the line feed behind the last sum; −1 if there is none. */
function lastSeal(bytes: Uint8Array): number {
  let end = bytes.lastIndexOf(LINE_FEED);
  while (end > 0 && !SEALED.test(endOf(bytes, end))) end = bytes.lastIndexOf(LINE_FEED, end - 1);
  return end > 0 ? end : -1;
}

function endOf(bytes: Uint8Array, lineEnd: number): string {
  return decoder.decode(bytes.subarray(Math.max(0, lineEnd - END_LENGTH), lineEnd));
}
