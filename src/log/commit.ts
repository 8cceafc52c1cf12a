/**
 * Commits: the batches that a log is made of. The first line of a commit names the sum of the one
 * before it and how many lines it has, its last line ends with its own sum, so that each vouches for all before it.
 */

import { sha256 } from "../digest.ts";
import { type FreeEvent, SCHEMA_VERSION } from "./event.ts";
import type { LogHead } from "./port.ts";

/** What the first commit names as its predecessor. */
export const NO_SUM = "0".repeat(64);

/** No commit is larger: an appender refuses to write it, and a reader to look for its end. */
export const MAX_COMMIT_BYTES = 256 * 1024 * 1024;

/** The end of an empty log. */
export const EMPTY_HEAD: LogHead = { index: -1, sum: NO_SUM };

/** What a sum does not cover: `,"sum":"<64 hex>"}`. */
const SUM_KEY = ',"sum":"';
const SUM_LENGTH = 64;
/** Bytes of the end of a commit, without its line feed. */
export const SEAL_LENGTH = SUM_KEY.length + SUM_LENGTH + 2;

const encoder = new TextEncoder();
const USUAL_BUFFER_BYTES = 64 * 1024;
const LARGEST_KEPT_BYTES = 4 * 1024 * 1024;

/** A commit as it is written. */
export interface EncodedCommit {
  /** Valid until the next commit is encoded. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sum: string;
}

/** What a line says of an event beside its payload and the version. */
export type LineEnvelope = Omit<FreeEvent, "payload" | "schema_version">;

/** What stands in a line for an event whose payload is JSON text already; the closing brace is left out. */
export function openLine(envelope: LineEnvelope, payload: string): string {
  const { index, id, run_id, ts } = envelope;
  return `{"index":${index},"id":"${id}${runText(run_id)}${ts}${namesText(envelope)}${payload}`;
}

/** What was put into the line before: mostly it is the same in the next, which is then made of half as many pieces. */
const lastRun = { run_id: "", text: "" };
const lastNames = { kind: "", subject: "", actor: "", text: "" };

/** What stands between the id and the time. */
function runText(run_id: string): string {
  if (run_id !== lastRun.run_id || lastRun.text === "") {
    lastRun.run_id = run_id;
    lastRun.text = `","run_id":${JSON.stringify(run_id)},"ts":"`;
  }
  return lastRun.text;
}

/** What stands between the time and the payload. */
function namesText({ kind, subject, actor }: LineEnvelope): string {
  if (kind !== lastNames.kind || subject !== lastNames.subject || actor !== lastNames.actor) {
    Object.assign(lastNames, { kind, subject, actor });
    lastNames.text =
      `","schema_version":${SCHEMA_VERSION},"kind":"${kind}","subject":${JSON.stringify(subject)}` +
      `,"actor":${JSON.stringify(actor)},"payload":`;
  }
  return lastNames.text;
}

/** Encodes commits, each into the same memory: a fresh buffer for each would cost more than its digest. */
export class CommitEncoder {
  #buffer = new Uint8Array(USUAL_BUFFER_BYTES);

  /**
   * Encodes a batch as one commit.
   *
   * @param lines the events in order, each from {@linkcode openLine}; at least one
   * @param prev sum of the commit before it
   */
  encode(lines: readonly string[], prev: string): EncodedCommit {
    let text = `${lines[0]},"prev":"${prev}","commit":${lines.length}`;
    for (let i = 1; i < lines.length; i++) text += `}\n${lines[i]}`;
    const length = this.#put(`${text}${SUM_KEY}${NO_SUM}"}\n`);
    // Encoded with room for the sum: the digest is over the very bytes that are written.
    const sealStart = length - SEAL_LENGTH - 1;
    const sum = sha256(this.#buffer.subarray(0, sealStart));
    encoder.encodeInto(sum, this.#buffer.subarray(sealStart + SUM_KEY.length));
    const bytes = this.#buffer.subarray(0, length);
    if (this.#buffer.length > LARGEST_KEPT_BYTES) this.#buffer = new Uint8Array(USUAL_BUFFER_BYTES);
    return { bytes, sum };
  }

  /** Puts the text at the start of the buffer; returns its length in bytes. */
  #put(text: string): number {
    const { read, written } = encoder.encodeInto(text, this.#buffer);
    if (read === text.length) return written;
    this.#buffer = new Uint8Array(3 * text.length);
    return encoder.encodeInto(text, this.#buffer).written;
  }
}

/** Whether a line, given without its line feed, ends as the last line of a commit does. */
export function isSealed(line: string): boolean {
  return line.startsWith(SUM_KEY, line.length - SEAL_LENGTH);
}
