/** Reads a log forwards, commit by commit, and holds it to the rules of the chain. */

import { sha256 } from "../digest.ts";
import { isSealed, MAX_COMMIT_BYTES, NO_SUM, SEAL_LENGTH } from "./commit.ts";
import { CorruptLogError, MalformedEventError } from "./errors.ts";
import type { FreeEvent } from "./event.ts";
import { isObjectPrefix } from "./json_prefix.ts";
import { LineError, type ParsedLine, parseLine } from "./line.ts";
import { decodeUtf8, type Line, LineBuffer } from "./line_buffer.ts";
import type { LogPosition } from "./port.ts";
import { isRunId } from "./run_id.ts";

/** The start of a log of which nothing is known. */
export const LOG_START: LogPosition = {
  index: -1,
  sum: NO_SUM,
  segment: 0,
  offset: 0,
  lines: 0,
  ts: "",
  runId: "",
  form: undefined,
};

/** The start of the segment behind the one that ends at `position`. */
export function nextSegment(position: LogPosition): LogPosition {
  return { ...position, segment: position.index + 1, offset: 0, lines: 0 };
}

/** A whole commit. */
export interface ScannedCommit {
  readonly events: readonly FreeEvent[];
  /** Where its first line starts, in bytes. */
  readonly start: number;
  /** Line number of its first line, counted from 1. */
  readonly firstLine: number;
  /** The place behind it. */
  readonly after: LogPosition;
}

/**
 * What stands behind the last whole commit:
 * - `clean`: nothing;
 * - `unterminated`: a commit that lacks only its line feed;
 * - `torn`: the beginning of a commit, trailing NULs, or both: what a writer leaves that dies.
 */
export interface Tail {
  readonly state: "clean" | "unterminated" | "torn";
  /** Where it starts. */
  readonly offset: number;
  /** Its length, trailing NULs included. */
  readonly bytes: number;
  /** How many trailing NULs it has. */
  readonly nuls: number;
}

/** A scan of one segment; the bytes are read by its user. */
export class CommitScanner {
  readonly #path: string;
  #checkSums: boolean;
  readonly #buffer: LineBuffer;
  #position: LogPosition;
  /** Number and file offset of the line that is looked at. */
  #line: number;
  #lineStart: number;
  /** The commit that has begun, if it has events: these, where it starts, and how many it is to have. */
  #events: FreeEvent[] = [];
  #start = 0;
  #firstLine = 0;
  #count = 0;
  #hasCarriageReturns = false;

  /**
   * @param path names the file in errors
   * @param position where the scan starts
   * @param checkSums whether the digest of every commit is computed, not only the chain of what they say
   */
  constructor(path: string, position: LogPosition, checkSums = true) {
    this.#path = path;
    this.#checkSums = checkSums;
    this.#position = position;
    this.#buffer = new LineBuffer(position.offset);
    this.#line = position.lines;
    this.#lineStart = position.offset;
  }

  /** The place behind the last whole commit. */
  get position(): LogPosition {
    return this.#position;
  }

  /** Where in the file the next bytes are to be read from. */
  get nextOffset(): number {
    return this.#buffer.nextOffset;
  }

  /**
   * Takes the next bytes of the segment, and hands over the commits that have become whole.
   *
   * @throws MalformedEventError, CorruptLogError: after the commits before the damage
   */
  take(bytes: Uint8Array, onCommit: (commit: ScannedCommit) => void): void {
    this.#buffer.add(bytes);
    const lines = this.#buffer.lines();
    for (let i = 0; i < lines.length; i++) {
      const commit = this.#addLine(lines[i] as Line);
      if (commit !== undefined) onCommit(commit);
    }
    const openBytes = this.#buffer.nextOffset - this.#position.offset;
    if (openBytes > MAX_COMMIT_BYTES) {
      const { lines, offset } = this.#position;
      throw this.#corrupt(`no commit ends within ${MAX_COMMIT_BYTES} bytes`, lines + 1, offset);
    }
  }

  /**
   * Judges what is left when all bytes have been taken.
   *
   * @throws {CorruptLogError} if it could not be the beginning of a commit.
   */
  finish(): Tail {
    const position = this.#position;
    const { offset } = position;
    const end = this.#buffer.nextOffset;
    const rest = this.#buffer.slice(this.#buffer.restOffset, end);
    const length = lengthWithoutNuls(rest);
    const nuls = rest.length - length;
    const line = rest.subarray(0, length);
    const tail = (state: Tail["state"]): Tail => ({ state, offset, bytes: end - offset, nuls });
    if (length === 0) return tail(end === offset ? "clean" : "torn");
    if (isObjectPrefix(line)) return tail("torn");
    // No line feed has come yet, so this is a whole line of its commit without it, or damage.
    this.#checkSums = true;
    const commit = this.#addLine({
      text: decodeUtf8(line),
      start: this.#buffer.restOffset,
      end: this.#buffer.restOffset + length + 1,
    });
    this.#position = position;
    return tail(commit === undefined ? "torn" : "unterminated");
  }

  #addLine(line: Line): ScannedCommit | undefined {
    this.#line++;
    this.#lineStart = line.start;
    const parsed = this.#parse(line);
    const { event, sum } = parsed;
    if (this.#events.length === 0) this.#begin(line, parsed);
    else if (parsed.prev !== undefined) {
      throw this.#corrupt("a commit begins before the one before it has ended");
    }
    this.#checkEvent(event);
    // Pushed to an empty list, the first one would make room for seventeen.
    if (this.#events.length === 0) this.#events = [event];
    else this.#events.push(event);
    const has = this.#events.length;
    if ((sum !== undefined) !== (has === this.#count)) {
      throw this.#corrupt(`the commit says that it has ${this.#count} events, and has ${has}`);
    }
    return sum === undefined ? undefined : this.#close(event, line, sum);
  }

  #parse(line: Line): ParsedLine {
    if (line.text === undefined) throw this.#malformed(line, "not UTF-8");
    const isCrlf = line.text.endsWith("\r");
    const text = isCrlf ? line.text.slice(0, -1) : line.text;
    let parsed: ParsedLine;
    try {
      parsed = parseLine(text);
    } catch (error) {
      if (error instanceof LineError) throw this.#malformed(line, error.message, error.cause ?? error);
      throw error;
    }
    if (parsed.sum !== undefined && !isSealed(text)) throw this.#malformed(line, "its sum is not its end");
    if (isCrlf) this.#refuseCarriageReturn(line, parsed.event);
    return parsed;
  }

  /** CR LF comes from tools that convert text: fine in a free log, damage in a run's own. */
  #refuseCarriageReturn(line: Line, event: FreeEvent): void {
    const form = this.#position.form ?? formOf(event);
    if (form === "run") throw this.#malformed(line, "it ends with a carriage return");
    this.#hasCarriageReturns = true;
  }

  #begin(line: Line, { event, prev, count }: ParsedLine): void {
    if (prev === undefined) throw this.#corrupt("the line belongs to no commit");
    if (this.#position.offset === 0) this.#checkSegment(event);
    if (prev !== this.#position.sum) {
      throw this.#corrupt(`its commit follows ${prev}, and the one before it has ${this.#position.sum}`);
    }
    if (this.#position.index < 0) {
      const form = formOf(event);
      if (form === "run" && !isRunId(event.run_id)) throw this.#malformed(line, `"run_id" has a wrong value`);
      this.#position = { ...this.#position, runId: this.#position.runId || event.run_id, form };
    }
    this.#start = line.start;
    this.#firstLine = this.#line;
    this.#count = count;
  }

  /** Every segment but the first begins by saying which one it follows. */
  #checkSegment({ index, kind, payload }: FreeEvent): void {
    const { index: last, sum, segment } = this.#position;
    const isFirst = last < 0;
    if (kind === SEGMENT_STARTED && index > segment) {
      throw this.#corrupt(`the segment with the events ${segment} to ${index - 1} is missing`);
    }
    if (isFirst || (kind === SEGMENT_STARTED && sumIn(payload) === sum)) return;
    throw this.#corrupt(
      kind === SEGMENT_STARTED
        ? `it says that it follows ${sumIn(payload)}, and the segment before it ends with ${sum}`
        : `a segment begins with "${kind}" instead of "${SEGMENT_STARTED}"`,
    );
  }

  #checkEvent(event: FreeEvent): void {
    const events = this.#events;
    const index = this.#position.index + events.length + 1;
    if (event.index !== index) throw this.#corrupt(`event ${event.index} stands where ${index} should`);
    if (event.run_id !== this.#position.runId) {
      throw this.#corrupt(`the event is of run "${event.run_id}", the log of run "${this.#position.runId}"`);
    }
    // To read what stands at -1 costs a commit of one event 0.05 µs.
    const before = events.length === 0 ? this.#position.ts : (events[events.length - 1] as FreeEvent).ts;
    if (event.ts === before) return;
    if (event.ts < before) throw this.#corrupt(`its time ${event.ts} is earlier than ${before} before it`);
    if (Number.isNaN(Date.parse(event.ts))) throw this.#corrupt(`there is no time ${event.ts}`);
  }

  #close({ index, ts }: FreeEvent, last: Line, sum: string): ScannedCommit {
    if (this.#checkSums && this.#sumOf(last) !== sum) {
      throw this.#corrupt("the bytes of the commit do not have its sum", this.#firstLine, this.#start);
    }
    const { segment, runId, form } = this.#position;
    // Each field by itself: this is done for every commit of a log.
    const after = { index, sum, segment, offset: last.end, lines: this.#line, ts, runId, form };
    const commit = { events: this.#events, start: this.#start, firstLine: this.#firstLine, after };
    this.#position = after;
    this.#events = [];
    this.#hasCarriageReturns = false;
    this.#buffer.forget(last.end);
    return commit;
  }

  /** The sum that the commit should have. */
  #sumOf(last: Line): string {
    const start = this.#start;
    if (!this.#hasCarriageReturns) return sha256(this.#buffer.slice(start, last.end - 1 - SEAL_LENGTH));
    // A carriage return cannot stand in a JSON string: those at the ends of lines were not written by omk.
    const text = new TextDecoder().decode(this.#buffer.slice(start, last.end - 1));
    return sha256(text.replaceAll(/\r(?=\n|$)/g, "").slice(0, -SEAL_LENGTH));
  }

  /** The bytes of commits that were taken together, as they stand in the file; valid until more are taken. */
  bytesOf(commits: readonly ScannedCommit[]): Uint8Array<ArrayBuffer> {
    const start = commits[0]?.start ?? 0;
    return this.#buffer.slice(start, commits.at(-1)?.after.offset ?? start);
  }

  #malformed(line: Line, why: string, cause?: unknown): MalformedEventError {
    return new MalformedEventError(this.#path, this.#line, line.start, why, cause);
  }

  #corrupt(why: string, line = this.#line, offset = this.#lineStart): CorruptLogError {
    return new CorruptLogError(this.#path, line, offset, why);
  }
}

const SEGMENT_STARTED = "segment_started";

function sumIn(payload: unknown): unknown {
  return typeof payload === "object" && payload !== null && "sum" in payload ? payload.sum : undefined;
}

/** What kind of log begins with this event. */
function formOf(event: FreeEvent): "run" | "free" {
  return event.kind === "run_started" ? "run" : "free";
}

function lengthWithoutNuls(bytes: Uint8Array): number {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length--;
  return length;
}
