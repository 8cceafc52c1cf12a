/** Reads the whole commits of a log from its files, without a lock and beside its writers. */

import {
  CommitScanner,
  LOG_START,
  type LogPosition,
  type ScannedCommit,
  type Tail,
} from "./commit_scanner.ts";
import { CorruptLogError, LogIoError, MalformedEventError } from "./errors.ts";

/** What is to be read, and how. */
export interface ScanOptions {
  /** Where to start; the beginning of the log without it. */
  readonly position?: LogPosition;
  /** Whether the digest of every commit is computed (default). */
  readonly checkSums?: boolean;
}

/**
 * Yields the whole commits, some at a time, up to the end that the log has when the scan starts; returns what stands
 * behind the last one.
 *
 * @throws LogIoError, MalformedEventError, CorruptLogError: after the commits before the damage
 */
export async function* scanLog(
  path: string,
  options: ScanOptions = {},
): AsyncGenerator<ScannedCommit[], Tail> {
  using file = await attempt(path, "open", () => Deno.open(path));
  const { size } = await attempt(path, "read", () => file.stat());
  let position = options.position ?? LOG_START;
  if (size < position.offset) {
    throw new CorruptLogError(
      path,
      position.lines + 1,
      size,
      `it has been cut from ${position.offset} to ${size} bytes`,
    );
  }
  let isReread = false;
  for (;;) {
    const scanner = new CommitScanner(path, position, options.checkSums);
    await attempt(path, "read", () => file.seek(position.offset, Deno.SeekMode.Start));
    let found: unknown;
    while (found === undefined && scanner.nextOffset < size) {
      const room = scanner.room().subarray(0, size - scanner.nextOffset);
      const count = await attempt(path, "read", () => file.read(room)) ?? 0;
      if (count === 0) break;
      const commits: ScannedCommit[] = [];
      found = caught(() => {
        for (const commit of scanner.take(count)) commits.push(commit);
      });
      if (commits.length > 0) yield commits;
    }
    let tail: Tail | undefined;
    found ??= caught(() => {
      tail = scanner.finish();
    });
    if (tail !== undefined) return tail;
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

async function attempt<T>(path: string, operation: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new LogIoError(path, operation, error);
  }
}
