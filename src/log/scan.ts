/** Reads the whole commits of a log from its segments, without a lock and beside its writers. */

import { CommitScanner, LOG_START, nextSegment, type ScannedCommit, type Tail } from "./commit_scanner.ts";
import { CorruptLogError, MalformedEventError } from "./errors.ts";
import { ReadAhead } from "./read_ahead.ts";
import { type OpenSegment, openSegment } from "./segment_reader.ts";
import type { LogPosition } from "./port.ts";

/** What is to be read, and how. */
export interface ScanOptions {
  /** Where to start; the beginning of the log without it. */
  readonly position?: LogPosition;
  /** Whether the digest of every commit is computed (default). */
  readonly checkSums?: boolean;
  /** Called with the bytes of the commits before each yield, segment after segment; they are valid until it returns. */
  readonly onBytes?: (bytes: Uint8Array<ArrayBuffer>, commits: readonly ScannedCommit[]) => Promise<void>;
}

/**
 * Yields the whole commits, some at a time, up to the end that the log has when its last segment is opened; returns
 * what stands behind the last one.
 *
 * @throws LogIoError, MalformedEventError, CorruptLogError: after the commits before the damage
 */
export async function* scanLog(
  path: string,
  options: ScanOptions = {},
): AsyncGenerator<ScannedCommit[], Tail> {
  let position = options.position ?? LOG_START;
  for (;;) {
    using segment = await openSegment(path, position.segment);
    if (segment === undefined) return { state: "clean", offset: position.offset, bytes: 0, nuls: 0 };
    const { tail, end } = yield* scanSegment(segment, position, options);
    if (!segment.isClosed) return tail;
    if (tail.state !== "clean" || end.offset === 0) {
      const why = tail.state === "clean"
        ? "a closed segment is empty"
        : "a closed segment ends within a commit";
      throw new CorruptLogError(segment.path, end.lines + 1, end.offset, why);
    }
    position = nextSegment(end);
  }
}

/** Scans one segment; returns where its last whole commit ends, and what stands behind that. */
async function* scanSegment(
  { file, path, size }: OpenSegment,
  start: LogPosition,
  { checkSums, onBytes }: ScanOptions,
): AsyncGenerator<ScannedCommit[], { readonly tail: Tail; readonly end: LogPosition }> {
  let position = start;
  if (size < position.offset) {
    const why = `it has been cut from ${position.offset} to ${size} bytes`;
    throw new CorruptLogError(path, position.lines + 1, size, why);
  }
  let isReread = false;
  for (;;) {
    const scanner = new CommitScanner(path, position, checkSums);
    await using ahead = await ReadAhead.start(path, file, position.offset, size);
    let found: unknown;
    while (found === undefined) {
      const piece = await ahead.next();
      if (piece === undefined) break;
      const commits: ScannedCommit[] = [];
      found = caught(() => scanner.take(piece, (commit) => commits.push(commit)));
      if (commits.length === 0) continue;
      await onBytes?.(scanner.bytesOf(commits), commits);
      yield commits;
    }
    let tail: Tail | undefined;
    found ??= caught(() => {
      tail = scanner.finish();
    });
    if (tail !== undefined) return { tail, end: scanner.position };
    // A torn commit may just have been cut, and its place taken by a whole one: only damage that is still there when
    // it is read again is damage.
    const isSeenAgain = isReread && scanner.position.offset === position.offset;
    if (isSeenAgain || !isDamage(found)) throw found;
    isReread = true;
    position = scanner.position;
  }
}

/** Whether an error says that the log is not as it was written. */
export function isDamage(error: unknown): error is MalformedEventError | CorruptLogError {
  return error instanceof MalformedEventError || error instanceof CorruptLogError;
}

/** What the call throws; nothing that a scan throws is `undefined`. */
function caught(call: () => void): unknown {
  try {
    call();
    return undefined;
  } catch (error) {
    return error;
  }
}
