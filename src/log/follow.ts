/** Follows a log: what it holds, then what is appended. */

import { type Clock, systemClock } from "../clock.ts";
import type { ScannedCommit } from "./commit_scanner.ts";
import type { FreeEvent, RunEvent } from "./event.ts";
import { type EventFilter, matches } from "./event_filter.ts";
import { LogIoError } from "./errors.ts";
import { runEventsOf } from "./reader.ts";
import { positionBefore } from "./start_position.ts";
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

/** How often the log is looked at, in milliseconds. */
const LOOK_MS = 200;

/**
 * The events of a run's log from `from` on, and then each as soon as it is committed. Ends only by its signal.
 *
 * @throws MalformedEventError, CorruptLogError, LogIoError
 */
export function followRunLog(path: string, options: FollowOptions = {}): AsyncGenerator<RunEvent, void> {
  return followEvents(path, options, (commit) => runEventsOf(path, commit));
}

/** As {@linkcode followRunLog}, for a log of either form: kinds and payloads are as they are. */
export function followLog(path: string, options: FollowOptions = {}): AsyncGenerator<FreeEvent, void> {
  return followEvents(path, options, ({ events }) => events);
}

async function* followEvents<E extends FreeEvent | RunEvent>(
  path: string,
  options: FollowOptions,
  eventsOf: (commit: ScannedCommit) => readonly E[],
): AsyncGenerator<E, void> {
  const { from = 0, filter = {}, signal } = options;
  for await (const commits of followCommits(path, options)) {
    for (const commit of commits) {
      for (const event of eventsOf(commit)) {
        if (event.index < from || !matches(event, filter)) continue;
        yield event;
        if (signal?.aborted) return;
      }
    }
  }
}

/**
 * The whole commits of a log, from the segment with the event `from` on, and then each as soon as it is there; as many
 * at a time as were found together.
 */
export async function* followCommits(
  path: string,
  { from = 0, clock = systemClock, signal }: FollowOptions,
): AsyncGenerator<ScannedCommit[], void> {
  if (signal?.aborted) return;
  let position = await positionBefore(path, from);
  let looked: string | undefined;
  while (!signal?.aborted) {
    const state = await stateOf(path, position.segment);
    if (state !== looked) {
      // Each look starts behind the last whole commit: what stood there of another may have been cut since.
      for await (const commits of scanLog(path, { position })) {
        position = commits.at(-1)?.after ?? position;
        yield commits;
        if (signal?.aborted) return;
      }
      looked = state;
    }
    await clock.sleep(LOOK_MS, signal);
  }
}

/** Changes when something is appended, and when a segment is closed. */
async function stateOf(path: string, segment: number): Promise<string> {
  try {
    const { size, ino } = await Deno.stat(path);
    return `${ino} ${size}`;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw new LogIoError(path, "follow", error);
    // A rotation is under way, or was cut short; whether there is a log at all, the scan says.
    return `closed ${segment}`;
  }
}
