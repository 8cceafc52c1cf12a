/** The strict reader of a run's log: it streams, and stops at the first line that is not as it should be. */

import type { ScannedCommit } from "./commit_scanner.ts";
import { MalformedEventError } from "./errors.ts";
import type { FreeEvent, RunEvent } from "./event.ts";
import { type EventFilter, matches } from "./event_filter.ts";
import { OneByOne } from "./one_by_one.ts";
import { runEventProblem } from "./run_event.ts";
import { positionBefore } from "./start_position.ts";
import { scanLog, type ScanOptions } from "./scan.ts";

/** What is to be read. */
export interface ReadOptions extends ScanOptions {
  /** Index of the first event wanted. Segments that end before it are not read, and so not checked. */
  readonly from?: number;
  /** Index of the last event wanted. */
  readonly until?: number;
  readonly filter?: EventFilter;
}

/**
 * The events of a run's log, of whole commits only, each of a known kind and with a payload of its schema. Events of
 * a newer format version come as they are: the fold refuses them.
 *
 * @throws {MalformedEventError} at the first bad line, after the events before it; CorruptLogError, LogIoError
 */
export function readRunLog(path: string, options: ReadOptions = {}): AsyncIterableIterator<RunEvent, void> {
  return new OneByOne(readRunLogInBatches(path, options));
}

/** As {@linkcode readRunLog}, some events at a time and never none: awaiting each takes a twelfth of its reading. */
export async function* readRunLogInBatches(
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<readonly RunEvent[], void> {
  const { from = 0, until = Infinity } = options;
  const position = options.position ?? await positionBefore(path, from);
  for await (const commits of scanLog(path, { ...options, position })) {
    const { events, problem } = select(path, commits, options);
    if (events.length > 0) yield events;
    if (problem !== undefined) throw problem;
    if ((commits.at(-1)?.after.index ?? -1) >= until) return;
  }
}

/** The events that are wanted, up to the first commit that a run's log cannot hold; commits behind `until` are not looked at. */
function select(
  path: string,
  commits: readonly ScannedCommit[],
  { from = 0, until = Infinity, filter }: ReadOptions,
): { readonly events: readonly RunEvent[]; readonly problem?: unknown } {
  const events: RunEvent[] = [];
  try {
    for (const commit of commits) {
      for (const event of runEventsOf(path, commit)) {
        const isWithin = event.index >= from && event.index <= until;
        if (isWithin && (filter === undefined || matches(event, filter))) events.push(event);
      }
      if (commit.after.index >= until) break;
    }
  } catch (problem) {
    return { events, problem };
  }
  return { events };
}

/** The events of a commit; throws {@linkcode MalformedEventError} where one is none that a run's log can hold. */
export function runEventsOf(path: string, { events, firstLine, start }: ScannedCommit): readonly RunEvent[] {
  for (let i = 0; i < events.length; i++) {
    const problem = runEventProblem(events[i] as FreeEvent);
    if (problem !== undefined) throw new MalformedEventError(path, firstLine + i, start, problem);
  }
  return events as readonly RunEvent[];
}
