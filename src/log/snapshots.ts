/**
 * Snapshots of what a log folds to, kept beside it as `snapshot-<index>.json`. They are caches: whatever is wrong with
 * one, it is passed over, and the fold starts from an older one or from the beginning.
 */

import { dirname, join } from "@std/path";
import { reasonOf } from "../errors.ts";
import { sha256 } from "../digest.ts";
import { attemptAsync } from "./attempt.ts";
import { SEAL_LENGTH } from "./commit.ts";
import { CorruptLogError, LogIoError } from "./errors.ts";
import { snapshotPath } from "./log_paths.ts";
import { openSegment } from "./segment_reader.ts";
import type { LogPosition } from "./port.ts";

/** After this many events a new snapshot is worth its space, in a log of four times as many or fewer. */
export const SNAPSHOT_EVENTS = 25_000;

/** After so many it is worth it in any log: one of a long run is large, and takes its time. */
const MOST_EVENTS = 100_000;

/** How many are kept: the older one serves where the newer one is damaged. */
const KEPT = 2;
const PRIVATE = 0o600;

/** What the commits before a place of a log fold to. */
export interface Snapshot<State> {
  /** Behind a commit; its `index` and `sum` are those of the snapshot. A scan goes on from here. */
  readonly position: LogPosition;
  /** The folded state: JSON, once it is written. */
  readonly state: State;
}

/** Which snapshot is wanted, and who hears of those that cannot be used. */
export interface SnapshotSearch {
  /** Index of the last event that it may hold. */
  readonly until?: number | undefined;
  /** Why its user cannot go on from this state; undefined where it can. */
  readonly refuse?: ((state: unknown) => string | undefined) | undefined;
  /** Hears of each newer one that was passed over. */
  readonly onPassedOver?: ((path: string, why: string) => void) | undefined;
}

/** How many events may follow the last snapshot of a log that has come to `index` before a new one is kept. */
export function snapshotInterval(index: number): number {
  return Math.min(MOST_EVENTS, Math.max(SNAPSHOT_EVENTS, index / 4));
}

/**
 * Keeps a snapshot of the log at `path`, and removes all but the newest. The state is written down before this returns
 * its promise.
 *
 * @throws {LogIoError} where it cannot be written: the log is as good without it
 */
export function writeSnapshot(path: string, { position, state }: Snapshot<unknown>): Promise<void> {
  const body = JSON.stringify({ position, state });
  const target = snapshotPath(path, position.index);
  const temporary = `${target}.new`;
  return attemptAsync(target, "keep a snapshot of", async () => {
    try {
      await Deno.writeTextFile(temporary, `${sha256(body)}\n${body}\n`, { mode: PRIVATE });
      await Deno.rename(temporary, target);
    } catch (error) {
      await Deno.remove(temporary).catch(() => undefined);
      throw error;
    }
    for (const index of (await listSnapshots(path)).slice(KEPT)) await Deno.remove(snapshotPath(path, index));
  });
}

/**
 * The newest snapshot whose own digest and whose place in the log are right, and that its user does not refuse;
 * undefined where there is none. Its state is as it was written.
 */
export async function readSnapshot(
  path: string,
  { until = Infinity, refuse, onPassedOver }: SnapshotSearch = {},
): Promise<Snapshot<unknown> | undefined> {
  let indices: readonly number[];
  try {
    indices = await listSnapshots(path);
  } catch {
    // Whether there is a log at all, whoever reads it finds out.
    return undefined;
  }
  for (const index of indices) {
    if (index > until) continue;
    const file = snapshotPath(path, index);
    const snapshot = await readWhole(file);
    const why = typeof snapshot === "string"
      ? snapshot
      : snapshot.position.index !== index || !await isInLog(path, snapshot.position)
      ? "the log does not have its commit at its place"
      : refuse?.(snapshot.state);
    if (why === undefined && typeof snapshot !== "string") return snapshot;
    onPassedOver?.(file, why ?? "");
  }
  return undefined;
}

/** Indices of the snapshots beside a log, the newest first. */
async function listSnapshots(path: string): Promise<number[]> {
  const found: number[] = [];
  for await (const { name } of Deno.readDir(dirname(path))) {
    const index = /^snapshot-(\d{1,15})\.json$/.exec(name)?.[1];
    if (index !== undefined && join(dirname(path), name) === snapshotPath(path, Number(index))) {
      found.push(Number(index));
    }
  }
  return found.sort((a, b) => b - a);
}

/** A snapshot whose digest is right, or why there is none. */
async function readWhole(file: string): Promise<Snapshot<unknown> | string> {
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (error) {
    return reasonOf(error);
  }
  const end = text.indexOf("\n");
  const body = text.slice(end + 1, -1);
  if (end < 0 || text.slice(0, end) !== sha256(body)) return "it is not as it was written";
  // What has this digest was written by `writeSnapshot`.
  return JSON.parse(body) as Snapshot<unknown>;
}

/** Whether a commit ends at this place with this sum: then the log before it is the one that was folded. */
async function isInLog(path: string, { segment, offset, sum }: LogPosition): Promise<boolean> {
  try {
    using opened = await openSegment(path, segment);
    const seal = new TextEncoder().encode(`,"sum":"${sum}"}\n`);
    if (opened === undefined || offset < SEAL_LENGTH + 1 || opened.size < offset) return false;
    const { file } = opened;
    await file.seek(offset - seal.length, Deno.SeekMode.Start);
    const found = new Uint8Array(seal.length);
    for (let at = 0; at < found.length;) at += await file.read(found.subarray(at)) ?? Infinity;
    return found.every((byte, i) => byte === seal[i]);
  } catch (error) {
    if (error instanceof CorruptLogError || error instanceof LogIoError) return false;
    throw error;
  }
}
