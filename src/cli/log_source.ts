/** The events of a log file, whoever wrote it: this omk, or one of the systems that it continues. */

import { UsageError } from "../errors.ts";
import type { FreeEvent } from "../log/event.ts";
import { type EventFilter, matches } from "../log/event_filter.ts";
import type { LogFormat } from "../log/legacy/format.ts";
import { scanLog } from "../log/scan.ts";
import { listSegments } from "../log/segment_reader.ts";
import { type ReadCounts, TolerantReader } from "../log/tolerant_reader.ts";

/** A log that can be read once. */
export interface LogSource {
  readonly format: LogFormat;
  /** The events that are wanted. */
  readonly events: AsyncIterable<FreeEvent>;
  /** What was met in the log; complete at the end of `events`. Undefined of a strict reader of omk's own format. */
  readonly counts: ReadCounts | undefined;
}

/** How a log is read. */
export interface SourceOptions {
  /** Stops with an error at the first line that is not as it should be, sums included. */
  readonly strict: boolean;
  readonly filter?: EventFilter;
}

/**
 * Finds out who wrote a log, and opens it with the reader for that.
 *
 * @throws {LogIoError}
 */
export async function openLogSource(
  path: string,
  { strict, filter = {} }: SourceOptions,
): Promise<LogSource> {
  const { detectFormat, LegacyReader } = await import("../log/legacy/legacy_reader.ts");
  const format = await detectFormat(path);
  if (format !== "omk") {
    const reader = new LegacyReader(path, format, { strict, filter });
    return { format, events: reader, counts: reader.counts };
  }
  if (strict) return { format, events: scannedEvents(path, filter), counts: undefined };
  const reader = new TolerantReader(path, { filter });
  return { format, events: reader, counts: reader.counts };
}

/**
 * Makes sure that a log is there: its file, or where that is just to be created, the segments before it.
 *
 * @throws {UsageError}
 */
export async function requireLogFile(path: string): Promise<void> {
  try {
    if ((await Deno.stat(path)).isFile) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
  }
  if ((await listSegments(path)).length > 0) return;
  throw new UsageError({
    what: "Cannot find the log",
    where: path,
    why: "there is no such file",
    fix: "check the path",
  });
}

async function* scannedEvents(path: string, filter: EventFilter): AsyncGenerator<FreeEvent, void> {
  for await (const commits of scanLog(path)) {
    for (const { events } of commits) yield* events.filter((event) => matches(event, filter));
  }
}
