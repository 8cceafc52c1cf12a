/** The tolerant reader: makes the best of a log, skips what it cannot read, and says how much that was. */

import { attemptAsync } from "./attempt.ts";
import type { FreeEvent } from "./event.ts";
import { type EventFilter, matches } from "./event_filter.ts";
import { LineError, type ParsedLine, parseLine } from "./line.ts";
import { type Line, LineBuffer } from "./line_buffer.ts";
import { readableSegments } from "./segment_reader.ts";

/** What a tolerant reader has met so far. */
export interface ReadCounts {
  total_lines: number;
  /** Events of whole commits, wanted or not. */
  valid_events: number;
  /** Lines that are not events. */
  parse_failures: number;
  empty_lines: number;
  /** Events of a commit without an end: a writer died, or is at it. */
  uncommitted_lines: number;
}

/** What is to be read. */
export interface TolerantReadOptions {
  /** Index of the first event wanted. */
  readonly from?: number;
  readonly filter?: EventFilter;
}

/** The readable events of a log, also of kinds that this omk does not know. Neither sums nor chain are checked. */
export class TolerantReader implements AsyncIterable<FreeEvent> {
  /** Complete when the iteration has ended. */
  readonly counts: ReadCounts = {
    total_lines: 0,
    valid_events: 0,
    parse_failures: 0,
    empty_lines: 0,
    uncommitted_lines: 0,
  };
  readonly #path: string;
  readonly #options: TolerantReadOptions;
  /** Events of the commit that has not ended yet. */
  #open: FreeEvent[] = [];

  /** @param path a log; one that does not exist is empty */
  constructor(path: string, options: TolerantReadOptions = {}) {
    this.#path = path;
    this.#options = options;
  }

  /** Reads the log once, from its beginning, segment by segment. */
  async *[Symbol.asyncIterator](): AsyncGenerator<FreeEvent, void> {
    for await (const segment of readableSegments(this.#path)) {
      const { file, path } = segment;
      const buffer = new LineBuffer(0);
      for (;;) {
        const count = await attemptAsync(path, "read", () => file.read(buffer.room())) ?? 0;
        if (count === 0) break;
        buffer.fill(count);
        for (const line of buffer.lines()) yield* this.#take(line);
        buffer.forget(buffer.restOffset);
      }
      const isTorn = buffer.nextOffset > buffer.restOffset;
      if (isTorn) this.counts.total_lines++;
      this.counts.uncommitted_lines += this.#open.length + (isTorn ? 1 : 0);
      this.#open = [];
    }
  }

  *#take(line: Line): Generator<FreeEvent, void> {
    this.counts.total_lines++;
    const text = line.text?.replace(/\r$/, "");
    if (text === "") {
      this.counts.empty_lines++;
      return;
    }
    const parsed = text === undefined ? undefined : parseOrNothing(text);
    if (parsed === undefined) {
      this.counts.parse_failures++;
      return;
    }
    // Where another commit follows, the one before it was whole: only the line with its end is damaged.
    if (parsed.prev !== undefined) yield* this.#deliver();
    this.#open.push(parsed.event);
    if (parsed.sum !== undefined) yield* this.#deliver();
  }

  *#deliver(): Generator<FreeEvent, void> {
    const { from = 0, filter } = this.#options;
    const events = this.#open;
    this.#open = [];
    this.counts.valid_events += events.length;
    for (const event of events) {
      if (event.index >= from && (filter === undefined || matches(event, filter))) yield event;
    }
  }
}

function parseOrNothing(text: string): ParsedLine | undefined {
  try {
    return parseLine(text);
  } catch (error) {
    if (error instanceof LineError) return undefined;
    throw error;
  }
}
