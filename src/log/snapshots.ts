/**
 * Snapshots of what a log folds to, kept beside it as `snapshot-<index>.json`. They are caches: whatever is wrong with
 * one, it is passed over, and the fold starts from an older one or from the beginning.
 */

import { dirname, join } from "@std/path";
import { canonicalJson, type Json } from "../canonical_json.ts";
import { sha256 } from "../digest.ts";
import { attemptAsync } from "./attempt.ts";
import { SEAL_LENGTH } from "./commit.ts";
import type { LogPosition } from "./commit_scanner.ts";
import { CorruptLogError, LogIoError } from "./errors.ts";
import { snapshotPath } from "./log_paths.ts";
import { openSegment } from "./segment_reader.ts";

/** After this many events a new snapshot is worth its space. */
export const SNAPSHOT_EVENTS = 100_000;

/** How many are kept: the older one serves where the newer one is damaged. */
const KEPT = 2;
const PRIVATE = 0o600;

/** What the commits before a place of a log fold to. */
export interface Snapshot {
  /** Behind a commit; its `index` and `sum` are those of the snapshot. A scan goes on from here. */
  readonly position: LogPosition;
  /** The folded state. */
  readonly state: Json;
}

/**
 * Keeps a snapshot of the log at `path`, and removes all but the newest.
 *
 * @throws {LogIoError} where it cannot be written: the log is as good without it
 */
export async function writeSnapshot(path: string, { position, state }: Snapshot): Promise<void> {
  const body = canonicalJson({ position, state });
  const target = snapshotPath(path, position.index);
  const temporary = `${target}.new`;
  await attemptAsync(target, "keep a snapshot of", async () => {
    await Deno.writeTextFile(temporary, `${sha256(body)}\n${body}\n`, { mode: PRIVATE });
    await Deno.rename(temporary, target);
    for (const index of (await listSnapshots(path)).slice(KEPT)) await Deno.remove(snapshotPath(path, index));
  });
}

/**
 * The newest snapshot whose own digest and whose place in the log are right; undefined where there is none.
 *
 * @param until index of the last event that it may hold
 * @throws {LogIoError} where the directory cannot be read
 */
export async function readSnapshot(path: string, until = Infinity): Promise<Snapshot | undefined> {
  const indices = await attemptAsync(path, "look for snapshots of", () => listSnapshots(path));
  for (const index of indices) {
    if (index > until) continue;
    const snapshot = await readWhole(snapshotPath(path, index));
    if (snapshot?.position.index === index && await isInLog(path, snapshot.position)) return snapshot;
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

/** A snapshot whose digest is right. */
async function readWhole(file: string): Promise<Snapshot | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch {
    // Gone, or not to be read: the log is there.
    return undefined;
  }
  const [digest, body = ""] = text.split("\n");
  // What has this digest was written by `writeSnapshot`.
  return digest === sha256(body) ? JSON.parse(body) as Snapshot : undefined;
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
