/** Opens the segments of a log for reading, one after the other, while its writers may close some. */

import { basename, dirname } from "@std/path";
import { attemptAsync } from "./attempt.ts";
import { CorruptLogError, LogIoError } from "./errors.ts";
import { segmentPath, segmentsAmong } from "./log_paths.ts";

/** A segment of a log, open for reading. */
export interface OpenSegment extends Disposable {
  readonly file: Deno.FsFile;
  readonly path: string;
  /** In bytes, when it was opened. */
  readonly size: number;
  /** Nothing will be appended to it: the log goes on in another segment. */
  readonly isClosed: boolean;
}

/** How often a segment is looked for that is being closed at that moment. */
const ATTEMPTS = 100;

/**
 * Opens the segment that begins with the event `first`; `undefined` where it has not been begun: a rotation is under
 * way, or was cut short.
 *
 * @throws {CorruptLogError} names the segment that is missing
 * @throws {LogIoError}
 */
export async function openSegment(log: string, first: number): Promise<OpenSegment | undefined> {
  const closedPath = segmentPath(log, first);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const closed = await tryOpen(closedPath);
    if (closed !== undefined) return await segment(closedPath, closed, true);
    const last = await tryOpen(log);
    const segments = await listSegments(log);
    // Closed between the two looks, it would be another segment that was opened here.
    if (segments.includes(first)) {
      last?.close();
      continue;
    }
    const after = segments.find((each) => each > first);
    if (after !== undefined) {
      last?.close();
      const why = `the segment is missing: the log goes on in ${basename(segmentPath(log, after))}`;
      throw new CorruptLogError(closedPath, 1, 0, why);
    }
    if (last !== undefined) return await segment(log, last, false);
    if (segments.length > 0) return undefined;
    throw new LogIoError(log, "open", new Deno.errors.NotFound("No such file or directory (os error 2)"));
  }
  throw new LogIoError(log, "open", new Error("Its segments are closed faster than they can be opened"));
}

/**
 * The segments of a log that are there, whatever is missing between them; none where there is no log.
 *
 * @throws {LogIoError}
 */
export async function* readableSegments(log: string): AsyncGenerator<OpenSegment, void> {
  let read = -1;
  for (;;) {
    const next = (await listSegments(log)).find((first) => first > read);
    const path = next === undefined ? log : segmentPath(log, next);
    const file = await tryOpen(path);
    // Closed between the two looks, it would be another segment that was opened here.
    if (next === undefined && (await listSegments(log)).some((first) => first > read)) {
      file?.close();
      continue;
    }
    if (file !== undefined) {
      const opened = await segment(path, file, next !== undefined);
      using _opened = opened;
      yield opened;
    }
    if (next === undefined) return;
    read = next;
  }
}

/**
 * The first indices of the closed segments of a log, in order.
 *
 * @throws {LogIoError}
 */
export async function listSegments(log: string): Promise<number[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(dirname(log))) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw new LogIoError(log, "open", error);
  }
  return segmentsAmong(log, names);
}

async function segment(path: string, file: Deno.FsFile, isClosed: boolean): Promise<OpenSegment> {
  try {
    const { size } = await attemptAsync(path, "read", () => file.stat());
    return { file, path, size, isClosed, [Symbol.dispose]: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}

async function tryOpen(path: string): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new LogIoError(path, "open", error);
  }
}
