/** Gives a named consumer what it has not had of a log, and remembers how far it is. */

import type { ScannedCommit } from "../commit_scanner.ts";
import type { FreeEvent } from "../event.ts";
import { followCommits, type FollowOptions } from "../follow.ts";
import { scanLog } from "../scan.ts";
import type { Cursor } from "./cursor.ts";
import { CursorRefusedError } from "./errors.ts";

/** What a consumer is given, and until when. */
export interface ConsumeOptions extends Pick<FollowOptions, "clock" | "signal"> {
  /** Goes on with what is appended, until the signal; otherwise it ends with the log. */
  readonly follow?: boolean;
}

/**
 * Calls `handle` with each event behind the cursor, in the order of the log, one at a time. The cursor moves behind
 * an event once `handle` has resolved with true, and is put on the disk after each piece of the log: whoever dies is
 * given the last of them again (at-least-once). Where `handle` throws, or resolves with false, the cursor stays before
 * that event, and this ends.
 *
 * @throws {CursorRefusedError} if the log does not hold the event that the cursor stands behind: it is another log,
 * or was cut; CursorIoError, MalformedEventError, CorruptLogError, LogIoError, and what `handle` throws
 */
export async function consume(
  path: string,
  cursor: Cursor,
  handle: (event: FreeEvent) => boolean | Promise<boolean>,
  options: ConsumeOptions = {},
): Promise<void> {
  let isFound = cursor.mark === undefined;
  try {
    for await (const commits of options.follow === true ? followCommits(path, options) : scanLog(path)) {
      for (const event of eventsOf(commits)) {
        if (event.index === cursor.mark?.index && !isFound) {
          isFound = event.id === cursor.mark.id;
          if (!isFound) throw foreign(cursor);
        }
        if (event.index < cursor.next) continue;
        if (!await handle(event)) return;
        cursor.advance(event);
        if (options.signal?.aborted) return;
      }
      await cursor.keep();
    }
    if (!isFound) throw foreign(cursor);
  } finally {
    await cursor.keep();
  }
}

function* eventsOf(commits: readonly ScannedCommit[]): Generator<FreeEvent, void> {
  for (const { events } of commits) yield* events;
}

function foreign(cursor: Cursor): CursorRefusedError {
  const { mark } = cursor;
  return new CursorRefusedError(
    cursor.path,
    `it stands behind event ${mark?.index} with the id ${mark?.id}, which the log does not hold`,
    "check that this is the same log; remove the file to start from the first event",
  );
}
