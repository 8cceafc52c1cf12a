/** What is in a log, in numbers. */

import type { ReadCounts } from "../log/tolerant_reader.ts";
import type { LogSource } from "./log_source.ts";

/** See the module. */
export interface LogStatistics extends ReadCounts {
  /** Of the first and the last event, in the order of the log; null where there is none. */
  readonly first: EventPlace | null;
  readonly last: EventPlace | null;
  /** How many runs (of other systems: sessions) the events belong to. */
  readonly runs: number;
  /** How many events there are of each kind, the most frequent first. */
  readonly kinds: Readonly<Record<string, number>>;
}

/** Which event stands somewhere, and when it happened. */
export interface EventPlace {
  readonly index: number;
  readonly ts: string;
}

/** Reads a log to its end, and counts. */
export async function countEvents(source: LogSource): Promise<LogStatistics> {
  const kinds = new Map<string, number>();
  const runs = new Set<string>();
  let first: EventPlace | null = null;
  let last: EventPlace | null = null;
  let events = 0;
  for await (const { index, ts, kind, run_id } of source.events) {
    last = { index, ts };
    first ??= last;
    events++;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    runs.add(run_id);
  }
  // A strict reader has come to the end: every line is an event.
  const counts = source.counts ??
    { total_lines: events, valid_events: events, parse_failures: 0, empty_lines: 0, uncommitted_lines: 0 };
  const ordered = [...kinds].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return { ...counts, first, last, runs: runs.size, kinds: Object.fromEntries(ordered) };
}
