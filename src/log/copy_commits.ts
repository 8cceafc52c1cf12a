/** Copies the whole commits of a log, byte for byte, up to the first that does not verify. */

import { attempt } from "./attempt.ts";
import { LOG_START, type ScannedCommit, type Tail } from "./commit_scanner.ts";
import type { CorruptLogError, MalformedEventError } from "./errors.ts";
import { type LogFile, writeAll } from "./file_port.ts";
import { isDamage, scanLog } from "./scan.ts";
import type { LogPosition } from "./port.ts";

/** What was copied, and why it ended. */
export interface CommitCopy {
  /** Of the log, copied or not. */
  readonly commits: number;
  /** That were copied. */
  readonly bytes: number;
  /** Behind the last commit that verified. */
  readonly end: LogPosition;
  /** What keeps the next bytes from being a commit; undefined where the log just ends there. */
  readonly damage: MalformedEventError | CorruptLogError | undefined;
  /** What stands behind the last commit, where that is no damage. */
  readonly tail: Tail | undefined;
}

/**
 * Verifies a log from its beginning, and copies its commits to the end of an open file. Segments are joined: the chain
 * goes over their borders, so that the copy of a log is a log. Only bytes whose sum was checked are written.
 *
 * @param first commits of segments that begin before this event are counted and not copied
 * @param toPath names the open file in errors
 * @throws {LogIoError} where the log cannot be read, or the copy not be written
 */
export async function copyCommits(
  log: string,
  first: number,
  to: LogFile,
  toPath: string,
): Promise<CommitCopy> {
  let end = LOG_START;
  let commits = 0;
  let bytes = 0;
  const scan = scanLog(log, {
    onBytes(together, found) {
      if ((found[0]?.after.segment ?? 0) >= first) {
        attempt(toPath, "write to", () => writeAll(to, together));
        bytes += together.length;
      }
      return Promise.resolve();
    },
  });
  for (;;) {
    let step: IteratorResult<ScannedCommit[], Tail>;
    try {
      step = await scan.next();
    } catch (error) {
      if (isDamage(error)) return { commits, bytes, end, damage: error, tail: undefined };
      throw error;
    }
    if (step.done) return { commits, bytes, end, damage: undefined, tail: step.value };
    commits += step.value.length;
    end = step.value.at(-1)?.after ?? end;
  }
}
