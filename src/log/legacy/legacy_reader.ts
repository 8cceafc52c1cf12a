/** Reads the logs of the earlier systems, strictly or tolerantly. */

import { basename, dirname, join } from "@std/path";
import { LogIoError, MalformedEventError } from "../errors.ts";
import type { FreeEvent } from "../event.ts";
import { type EventFilter, matches } from "../event_filter.ts";
import { LineError, parseObject } from "../line.ts";
import { type Line, LineBuffer } from "../line_buffer.ts";
import { readableSegments } from "../segment_reader.ts";
import type { ReadCounts } from "../tolerant_reader.ts";
import { formatOf, gateOf, legacyEvent, type LegacyFormat, type LogFormat } from "./format.ts";

/** What is to be read, and how. */
export interface LegacyReadOptions {
  /** Stops at the first line that is no event, instead of passing it over and counting it. */
  readonly strict?: boolean;
  readonly filter?: EventFilter;
}

/** So much of a log is looked at to find out whose it is, in bytes. */
const LOOKED_AT = 256 * 1024;

/**
 * Whose lines a log has, by the first that says so; this omk's where none does. The first segment of a log is asked.
 *
 * @throws {LogIoError}
 */
export async function detectFormat(path: string): Promise<LogFormat> {
  for (const line of (await beginningOf(path)).split("\n")) {
    try {
      const format = formatOf(parseObject(line));
      if (format !== undefined) return format;
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
    }
  }
  return "omk";
}

async function beginningOf(log: string): Promise<string> {
  const bytes = new Uint8Array(LOOKED_AT);
  for await (const { file, path } of readableSegments(log)) {
    let length = 0;
    for (;;) {
      const count = await attempt(path, "read", () => file.read(bytes.subarray(length)));
      if (count === null || length === LOOKED_AT) return new TextDecoder().decode(bytes.subarray(0, length));
      length += count;
    }
  }
  throw new LogIoError(log, "open", new Deno.errors.NotFound("No such file or directory (os error 2)"));
}

/** The events of a log of an earlier system, in the terms of this one. */
export class LegacyReader implements AsyncIterable<FreeEvent> {
  /** Complete when the iteration has ended. These logs have no commits, so no line is uncommitted. */
  readonly counts: ReadCounts = {
    total_lines: 0,
    valid_events: 0,
    parse_failures: 0,
    empty_lines: 0,
    uncommitted_lines: 0,
  };
  readonly #path: string;
  readonly #format: LegacyFormat;
  readonly #strict: boolean;
  readonly #filter: EventFilter;
  readonly #gate: string | undefined;

  /** @param path the log; of a rotated one of harn, its base file */
  constructor(path: string, format: LegacyFormat, { strict = false, filter = {} }: LegacyReadOptions = {}) {
    const { gate, ...rest } = filter;
    this.#path = path;
    this.#format = format;
    this.#strict = strict;
    this.#filter = rest;
    this.#gate = gate;
  }

  /**
   * Reads the log once.
   *
   * @throws {MalformedEventError} where it is strict: at the first bad line, after the events before it; LogIoError
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<FreeEvent, void> {
    for (const path of this.#format === "harn" ? await withRotated(this.#path) : [this.#path]) {
      yield* this.#readFile(path);
    }
  }

  async *#readFile(path: string): AsyncGenerator<FreeEvent, void> {
    using file = await attempt(path, "open", () => Deno.open(path));
    const buffer = new LineBuffer(0);
    let number = 0;
    for (;;) {
      const count = await attempt(path, "read", () => file.read(buffer.room()));
      if (count === null) break;
      buffer.fill(count);
      for (const line of buffer.lines()) yield* this.#take(path, line, ++number);
      buffer.forget(buffer.restOffset);
    }
    const rest = buffer.slice(buffer.restOffset, buffer.nextOffset);
    if (rest.length === 0) return;
    // A last line without its line feed counts where it is whole.
    const text = new TextDecoder().decode(rest);
    yield* this.#take(path, { text, start: buffer.restOffset, end: buffer.nextOffset }, ++number);
  }

  *#take(path: string, line: Line, number: number): Generator<FreeEvent, void> {
    const { counts } = this;
    counts.total_lines++;
    if (line.text?.trim() === "") {
      counts.empty_lines++;
      return;
    }
    let event: FreeEvent;
    try {
      if (line.text === undefined) throw new LineError("not UTF-8");
      event = legacyEvent(this.#format, parseObject(line.text), counts.valid_events);
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      counts.parse_failures++;
      if (this.#strict) throw new MalformedEventError(path, number, line.start, error.message, error);
      return;
    }
    counts.valid_events++;
    const isWanted = matches(event, this.#filter) &&
      (this.#gate === undefined || gateOf(event) === this.#gate);
    if (isWanted) yield event;
  }
}

/** A log of harn with the files that it went on in: the base file has the oldest part, then come `-000001` and on. */
async function withRotated(path: string): Promise<readonly string[]> {
  const [, stem = "", extension = ""] = /^(.*?)(\.[^.]*)?$/.exec(basename(path)) ?? [];
  const later: string[] = [];
  await attempt(path, "look for the other files of", async () => {
    for await (const { name, isFile } of Deno.readDir(dirname(path))) {
      const number = name.slice(stem.length, name.length - extension.length);
      const isPart = name.startsWith(stem) && name.endsWith(extension) && /^-\d{6}$/.test(number);
      if (isFile && isPart) later.push(join(dirname(path), name));
    }
  });
  return [path, ...later.sort()];
}

async function attempt<T>(path: string, operation: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new LogIoError(path, operation, error);
  }
}
