/** Small logs as bytes, and what a scan says of bytes: for the tests of everything that reads commits. */

import { sha256 } from "../../src/digest.ts";
import { CommitEncoder, NO_SUM } from "../../src/log/commit.ts";
import { makeCommit } from "../../src/log/commit_batch.ts";
import { CommitScanner, LOG_START, type ScannedCommit, type Tail } from "../../src/log/commit_scanner.ts";
import { admit } from "../../src/log/admission.ts";
import { CorruptLogError, MalformedEventError } from "../../src/log/errors.ts";
import type { EventDraft, FreeEvent } from "../../src/log/event.ts";
import { createUuid7 } from "../../src/log/uuid7.ts";
import { fact, proposal, request, RUN_ID, runStarted } from "./fixture.ts";

/** The bytes of a run's log that holds these batches, each as one commit. */
export function encodeLog(
  batches: readonly (readonly EventDraft[])[],
  runId = RUN_ID,
): Uint8Array<ArrayBuffer> {
  const encoder = new CommitEncoder();
  let before = { index: -1, sum: NO_SUM, ts: "" };
  let time = Date.parse("2026-11-20T23:50:00.123Z");
  const newId = createUuid7(() => time);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (const batch of batches) {
    const { last, bytes, sum } = makeCommit(batch.map(admit), before, { runId, now: time, newId, encoder });
    parts.push(bytes.slice());
    before = { ...last, sum };
    time += 1000;
  }
  return join(...parts);
}

/** A log of about 3 KB: commits of one, three and two events. */
export function smallLog(runId = RUN_ID): Uint8Array<ArrayBuffer> {
  return encodeLog([
    [runStarted()],
    [fact("ein Wort mit ümlaut"), request("second"), proposal({ "a b": [1, { c: '\n"' }] })],
    [fact("alone")],
    [fact("last of all"), request("and the end")],
  ], runId);
}

/** The text of a log whose commits have been changed, with their sums made right again. */
export function resealed(text: string): string {
  let prev = NO_SUM;
  return text.replaceAll(/^((?:(?!,"sum":)[^])*?),"sum":"[0-9a-f]{64}"\}\n/gm, (_, commit: string) => {
    const body = commit.replace(/"prev":"[0-9a-f]{64}"/, `"prev":"${prev}"`);
    prev = sha256(body);
    return `${body},"sum":"${prev}"}\n`;
  });
}

/** Bytes one after the other. */
export function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Where each commit of a well-formed log ends. */
export function commitEnds(bytes: Uint8Array): number[] {
  const scanner = new CommitScanner("log", LOG_START);
  const ends: number[] = [];
  feed(scanner, bytes, ({ after }) => ends.push(after.offset));
  return ends;
}

/** What a scan of the bytes finds. */
export interface Judgement {
  readonly verdict: Tail["state"] | "corrupt";
  readonly events: readonly FreeEvent[];
  /** Where what is not clean starts. */
  readonly offset: number;
}

/** Scans the bytes of a log, given to the scanner in pieces of a size. */
export function judge(bytes: Uint8Array, pieceSize = bytes.length): Judgement {
  const scanner = new CommitScanner("log", LOG_START);
  const events: FreeEvent[] = [];
  try {
    feed(scanner, bytes, (commit) => events.push(...commit.events), pieceSize);
    const tail = scanner.finish();
    return { verdict: tail.state, events, offset: tail.offset };
  } catch (error) {
    if (!(error instanceof CorruptLogError || error instanceof MalformedEventError)) throw error;
    return { verdict: "corrupt", events, offset: error.offset };
  }
}

function feed(
  scanner: CommitScanner,
  bytes: Uint8Array,
  onCommit: (commit: ScannedCommit) => void,
  pieceSize = bytes.length,
): void {
  for (let at = 0; at < bytes.length; at += pieceSize) {
    scanner.take(bytes.subarray(at, at + pieceSize), onCommit);
  }
}

/** How many events each commit of a log's file has. */
export function commitSizes(path: string): number[] {
  const sizes: number[] = [];
  for (const line of Deno.readTextFileSync(path).trimEnd().split("\n")) {
    const { commit } = JSON.parse(line);
    if (commit !== undefined) sizes.push(commit);
  }
  return sizes;
}
