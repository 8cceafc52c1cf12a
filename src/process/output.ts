/** Captures what a process prints into an artifact, in bounded memory and at the speed of the pipes. */

import { reasonOf } from "../errors.ts";
import { ArtifactFile } from "./artifact_file.ts";
import {
  lastCompleteLine,
  OutputText,
  type StreamRedactor,
  unfinishedLine,
  unsafeBeginning,
} from "./output_text.ts";
import type { OutputArtifact, OutputError } from "./port.ts";
import { PipeReader } from "./pipe_reader.ts";
import { concat, type Segment, type StreamName, TailBuffer } from "./tail_buffer.ts";

/** Where captured output goes. */
export interface OutputOptions {
  /** The artifact; its directory exists. */
  readonly path: string;
  /** Output up to this size is kept whole. Of more, the beginning and the end are kept. */
  readonly limitBytes: number;
  /** A redactor of its own for each stream. */
  readonly createRedactor: () => StreamRedactor;
  /** Gets each piece of text as it is written. */
  readonly onOutput?: ((text: string, stream: StreamName) => void) | undefined;
  /** The wall clock, milliseconds. */
  readonly now: () => number;
}

/** The end of an output beyond the limit is kept up to this size (or half of the limit, if that is less). */
const TAIL_BYTES = 1024 * 1024;

/** The last line is looked for in this much of the end; longer than any PEM block, so that none is cut in two. */
const LAST_LINE_WINDOW = 16 * 1024;

const LINE_FEED = 0x0a;

/** A last line is reported up to this length. */
const LAST_LINE_LENGTH = 1000;

/**
 * Lines of the two streams stand in the artifact in order of arrival, each in one piece (a line longer than 64 KiB
 * may be divided).
 *
 * Up to limit − 1 MiB, text is decoded, redacted, written and passed on as it comes. What follows only goes
 * through a ring of bytes, so that a process which prints gigabytes is not slowed down; the ring is decoded,
 * redacted and written at the end, after a line that says how much was dropped, if anything was.
 */
export class OutputCapture {
  readonly #options: OutputOptions;
  readonly #file: ArtifactFile;
  readonly #texts: Record<StreamName, OutputText>;
  readonly #readers = new Set<PipeReader>();
  readonly #tailBytes: number;
  /** Null until the head of the artifact is full. */
  #tail: TailBuffer | null = null;
  #bytes = 0;
  #heardAt: number | null = null;
  /** The stream that the last bytes came from. */
  #speaker: StreamName = "stdout";
  #acceptedBytes = 0;
  #lastLine = "";
  #lastStream: StreamName = "stdout";
  #atLineStart = true;
  #error: OutputError | undefined;
  #listening = true;

  constructor(options: OutputOptions) {
    this.#options = options;
    this.#file = new ArtifactFile(options.path);
    this.#texts = {
      stdout: new OutputText(options.createRedactor()),
      stderr: new OutputText(options.createRedactor()),
    };
    this.#tailBytes = Math.min(TAIL_BYTES, Math.floor(options.limitBytes / 2));
  }

  /** Bytes that were read so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** When the last bytes came, wall clock in milliseconds; null where none did. */
  get heardAt(): number | null {
    return this.#heardAt;
  }

  /**
   * The last line, redacted, or "": an unfinished one too, as far as it cannot be the beginning of a secret. What is
   * neither finished nor says anything yet gives way to the line before it.
   */
  lastLine(): string {
    if (this.#tail === null) return this.#unfinished(this.#texts[this.#speaker]) || this.#lastLine;
    const bytes = this.#tail.newest(LAST_LINE_WINDOW);
    const text = new OutputText(this.#options.createRedactor());
    const lines = text.push(bytes.subarray(unsafeBeginning(bytes)));
    const unfinished = bytes.at(-1) === LINE_FEED ? "" : this.#unfinished(text);
    this.#lastLine = lastCompleteLine(lines + text.flush(), LAST_LINE_LENGTH) ?? this.#lastLine;
    return unfinished || this.#lastLine;
  }

  /** Reads one stream to its end, or until `stop`. Waits while the artifact is written. Never rejects. */
  async read(name: StreamName, stream: ReadableStream<Uint8Array>): Promise<void> {
    const reader = new PipeReader(stream);
    this.#readers.add(reader);
    try {
      for (let bytes = await reader.read(); bytes !== null; bytes = await reader.read()) {
        this.#take(name, bytes);
        await this.#file.drained();
      }
    } catch (error) {
      this.#error ??= { code: "io", message: reasonOf(error) };
    }
    this.#readers.delete(reader);
  }

  /** Gives up the streams that have not ended: somebody who escaped holds them open. */
  async stop(): Promise<void> {
    await Promise.all([...this.#readers].map((reader) => reader.cancel()));
  }

  /** Writes what is left and closes the artifact. To be called once, after the streams were read or stopped. */
  async close(): Promise<OutputArtifact> {
    const dropped = this.#finish();
    const { error = this.#error, ...file } = await this.#file.close();
    return {
      bytes: this.#bytes,
      ...file,
      truncated: dropped > 0,
      ...(error === undefined ? {} : { error }),
    };
  }

  #unfinished(text: OutputText): string {
    return unfinishedLine(text.unfinished, LAST_LINE_LENGTH);
  }

  #take(name: StreamName, bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    this.#heardAt = this.#options.now();
    this.#speaker = name;
    let rest = bytes;
    if (this.#tail === null) {
      const room = this.#options.limitBytes - this.#tailBytes - this.#acceptedBytes;
      this.#emit(name, this.#texts[name].push(bytes.subarray(0, Math.max(0, room))));
      rest = bytes.subarray(Math.max(0, room));
      if (rest.length === 0) return;
      this.#tail = new TailBuffer(this.#tailBytes);
    }
    this.#tail.push(name, rest);
  }

  #emit(name: StreamName, text: string): void {
    if (text === "") return;
    const whole = this.#atLineStart || name === this.#lastStream ? text : `\n${text}`;
    this.#lastStream = name;
    this.#atLineStart = whole.endsWith("\n");
    this.#lastLine = lastCompleteLine(whole, LAST_LINE_LENGTH) ?? this.#lastLine;
    this.#acceptedBytes += this.#file.write(whole);
    if (!this.#listening) return;
    try {
      this.#options.onOutput?.(whole, name);
    } catch (error) {
      this.#listening = false;
      this.#error ??= { code: "listener", message: reasonOf(error) };
    }
  }

  /** Writes the end of the output; returns how many bytes are missing before it. */
  #finish(): number {
    const segments = [...this.#tail?.segments() ?? []];
    const unsafe = this.#startCutStreamsAnew(segments);
    const dropped = (this.#tail?.dropped ?? 0) + unsafe.stdout + unsafe.stderr;
    if (dropped > 0) {
      if (!this.#atLineStart) this.#emit(this.#lastStream, "\n");
      this.#emit(
        this.#lastStream,
        `[omk: output cut after ${this.#acceptedBytes} bytes; ${dropped} bytes dropped]\n`,
      );
    }
    for (const { stream, bytes } of segments) {
      const skipped = Math.min(unsafe[stream], bytes.length);
      unsafe[stream] -= skipped;
      this.#emit(stream, this.#texts[stream].push(bytes.subarray(skipped)));
    }
    for (const name of ["stdout", "stderr"] as const) {
      const rest = this.#texts[name].flush();
      this.#emit(name, rest);
      this.#lastLine = unfinishedLine(rest.slice(rest.lastIndexOf("\n") + 1), LAST_LINE_LENGTH) ||
        this.#lastLine;
    }
    return dropped;
  }

  /**
   * A stream that lost bytes ends before the cut and starts anew after it; one that lost none goes on. Returns how
   * many bytes to skip at the new start of each.
   */
  #startCutStreamsAnew(segments: readonly Segment[]): Record<StreamName, number> {
    const unsafe = { stdout: 0, stderr: 0 };
    for (const name of ["stdout", "stderr"] as const) {
      if (this.#tail === null || !this.#tail.hasDropped(name)) continue;
      this.#emit(name, this.#texts[name].flush());
      this.#texts[name] = new OutputText(this.#options.createRedactor());
      unsafe[name] = unsafeBeginning(
        concat(segments.filter(({ stream }) => stream === name).map(({ bytes }) => bytes)),
      );
    }
    return unsafe;
  }
}
