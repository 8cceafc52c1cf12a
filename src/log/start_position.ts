/** Finds where to start reading for an index: segments that end before it need not be read. */

import { attemptAsync } from "./attempt.ts";
import { LOG_START } from "./commit_scanner.ts";
import { LineError, parseLine } from "./line.ts";
import { segmentPath } from "./log_paths.ts";
import { isRunId } from "./run_id.ts";
import { listSegments } from "./segment_reader.ts";
import type { LogPosition } from "./port.ts";

/** The record that a segment begins with is shorter, in bytes. */
const FIRST_LINE_BYTES = 4096;

/**
 * The start of the segment with the event `index`, or of the log. What that segment follows is taken from its own first
 * line; a scan from there checks all that comes behind it.
 *
 * @throws {LogIoError}
 */
export async function positionBefore(log: string, index: number): Promise<LogPosition> {
  if (index <= 0) return LOG_START;
  const last = await startOf(log);
  if (last !== undefined && last.segment <= index) return last;
  const first = (await listSegments(log)).findLast((each) => each <= index);
  // The first segment is the start of the log, whatever its name is meanwhile.
  if (first === undefined || first === 0) return LOG_START;
  return await startOf(segmentPath(log, first)) ?? LOG_START;
}

/** Where a segment starts, as its first line says; undefined where that does not say it. */
async function startOf(path: string): Promise<LogPosition | undefined> {
  const bytes = new Uint8Array(FIRST_LINE_BYTES);
  let count: number | null;
  try {
    const file = await Deno.open(path);
    using _file = file;
    count = await attemptAsync(path, "read", () => file.read(bytes));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const end = bytes.subarray(0, count ?? 0).indexOf(0x0a);
  if (end < 0) return undefined;
  try {
    const { event, prev } = parseLine(new TextDecoder().decode(bytes.subarray(0, end)));
    const { index, run_id, kind } = event;
    if (prev === undefined || index === 0 || kind !== "segment_started") return undefined;
    const form = isRunId(run_id) ? "run" : "free";
    return { ...LOG_START, index: index - 1, sum: prev, segment: index, runId: run_id, form };
  } catch (error) {
    if (error instanceof LineError) return undefined;
    throw error;
  }
}
