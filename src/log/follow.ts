/** Follows a run's log: what it holds, then what is appended. */

import { type Clock, systemClock } from "../clock.ts";
import { LOG_START } from "./commit_scanner.ts";
import type { RunEvent } from "./event.ts";
import type { EventFilter } from "./event_filter.ts";
import { LogIoError } from "./errors.ts";
import { wantedEvents } from "./reader.ts";
import { scanLog } from "./scan.ts";

/** What is to be followed, and until when. */
export interface FollowOptions {
  /** Index of the first event wanted. */
  readonly from?: number;
  readonly filter?: EventFilter;
  readonly clock?: Clock;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal;
}

/** How often the log is looked at (design §4), in milliseconds. */
const LOOK_MS = 200;

/**
 * The events of a run's log from `from` on, and then each as soon as it is committed. Ends only by its signal.
 *
 * @throws MalformedEventError, CorruptLogError, LogIoError
 */
export async function* followRunLog(
  path: string,
  options: FollowOptions = {},
): AsyncGenerator<RunEvent, void> {
  const { clock = systemClock, signal } = options;
  let position = LOG_START;
  let looked = -1;
  while (!signal?.aborted) {
    const size = await sizeOf(path);
    if (size !== looked) {
      // Each look starts behind the last whole commit: what stood there of another may have been cut since.
      for await (const commits of scanLog(path, { position })) {
        for (const event of wantedEvents(path, commits, options)) {
          yield event;
          if (signal?.aborted) return;
        }
        position = commits.at(-1)?.after ?? position;
      }
      looked = size;
    }
    await clock.sleep(LOOK_MS, signal);
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    throw new LogIoError(path, "follow", error);
  }
}
