/** What a log is made of, in numbers: files, commits, kinds, actors. */

import { LOG_START } from "./commit_scanner.ts";
import { attemptAsync } from "./attempt.ts";
import { segmentPath } from "./log_paths.ts";
import { isDamage, scanLog } from "./scan.ts";
import { listSegments } from "./segment_reader.ts";

/** A file of a log. */
export interface LogFileStats {
  readonly path: string;
  readonly bytes: number;
}

/** See {@linkcode logStats}. */
export interface LogStats {
  /** The segments in order, the one that is appended to last. */
  readonly files: readonly LogFileStats[];
  /** Of all files. */
  readonly bytes: number;
  readonly events: number;
  readonly commits: number;
  /** Events of the largest commit. */
  readonly largest_commit: number;
  /** `ts` of the first and of the last event; null where there is none. */
  readonly first_ts: string | null;
  readonly last_ts: string | null;
  /** Events by kind, the most frequent first. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Events by actor, the most frequent first. */
  readonly actors: Readonly<Record<string, number>>;
  /** Why it was not read to its end: what stands behind the counted events. Null where it was. */
  readonly damage: string | null;
}

/**
 * The files of a log, from the names in its directory.
 *
 * @throws {LogIoError}
 */
export async function logFiles(path: string): Promise<LogFileStats[]> {
  const files: LogFileStats[] = [];
  for (const first of await listSegments(path)) {
    const closed = segmentPath(path, first);
    const { size } = await attemptAsync(closed, "read", () => Deno.stat(closed));
    files.push({ path: closed, bytes: size });
  }
  try {
    const { size } = await Deno.stat(path);
    files.push({ path, bytes: size });
  } catch (error) {
    // Between two segments there is none for a moment.
    if (!(error instanceof Deno.errors.NotFound) || files.length === 0) {
      await attemptAsync(path, "read", () => Promise.reject(error));
    }
  }
  return files;
}

/**
 * How large a log is, all segments together.
 *
 * @throws {LogIoError}
 */
export async function logBytes(path: string): Promise<number> {
  return sizeOf(await logFiles(path));
}

function sizeOf(files: readonly LogFileStats[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Counts what the log at `path` holds, a run's or a free one, up to the first damage. Sums are not computed.
 *
 * @throws {LogIoError}
 */
export async function logStats(path: string): Promise<LogStats> {
  const files = await logFiles(path);
  const kinds = new Map<string, number>();
  const actors = new Map<string, number>();
  let commits = 0;
  let largest = 0;
  let firstTs: string | null = null;
  let end = LOG_START;
  let damage: string | null = null;
  try {
    for await (const batch of scanLog(path, { checkSums: false })) {
      for (const { events, after } of batch) {
        commits++;
        largest = Math.max(largest, events.length);
        firstTs ??= events[0]?.ts ?? null;
        for (const { kind, actor } of events) {
          count(kinds, kind);
          count(actors, actor);
        }
        end = after;
      }
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    damage = error.message;
  }
  return {
    files,
    bytes: sizeOf(files),
    events: end.index + 1,
    commits,
    largest_commit: largest,
    first_ts: firstTs,
    last_ts: end.ts === "" ? null : end.ts,
    kinds: byFrequency(kinds),
    actors: byFrequency(actors),
    damage,
  };
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function byFrequency(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)));
}
