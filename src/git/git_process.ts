/** A git process that answers many questions: to start one costs more than most answers. */

import { decode, type GitOptions, spawnGit } from "./command.ts";
import { GitError } from "./errors.ts";

/** No answer takes this long; a hung file system does. */
const ANSWER_TIMEOUT_MS = 600_000;

/** So much of what git printed is kept for an error. */
const STDERR_KEPT = 4000;

/** What a question may read of its answer. */
export interface Answer {
  /** The text up to a byte, which is taken too. */
  until(end: number): Promise<string>;
  /** Exactly so many bytes. */
  bytes(count: number): Promise<Uint8Array>;
  /** The next byte, which stays. */
  peek(): Promise<number>;
}

/** A child with its pipes. */
interface Running {
  readonly child: Deno.ChildProcess;
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly output: OutputReader;
  readonly stderr: Promise<string>;
}

/**
 * One process of git for questions of one kind, asked one after the other. It is started by the first one, and again
 * after one that failed. It ends by itself when omk does, because its input ends then, and does not keep omk alive.
 */
export class GitProcess implements AsyncDisposable {
  readonly #args: readonly string[];
  readonly #options: GitOptions;
  #running: Running | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /** Takes the command that answers on its standard output, and flushes it after each answer. */
  constructor(args: readonly string[], options: GitOptions) {
    this.#args = args;
    this.#options = options;
  }

  /**
   * Asks, and reads the answer with `read`, which must take all of it.
   *
   * @throws {GitError} where git ends instead of answering.
   * @throws {GitMissingError} where git cannot be started.
   */
  ask<T>(question: string, read: (answer: Answer) => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#ask(question, read));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    const running = this.#running;
    this.#running = null;
    if (running === null) return;
    running.child.ref();
    // It may have ended already; its input is all that it is held by.
    await running.writer.close().catch(() => {});
    await running.output.drain();
    await Promise.all([running.child.status, running.stderr]);
  }

  async #ask<T>(question: string, read: (answer: Answer) => Promise<T>): Promise<T> {
    const running = this.#running ??= this.#start();
    const deadline = Promise.withResolvers<never>();
    const timer = setTimeout(() => deadline.reject(this.#failure(null, "", "timed_out")), ANSWER_TIMEOUT_MS);
    // Who reads it is told by the race alone.
    deadline.promise.catch(() => {});
    try {
      // git may answer before it has read all: both go on at once.
      const written = running.writer.write(new TextEncoder().encode(question)).catch(() => {});
      const result = await Promise.race([read(running.output), deadline.promise]);
      await written;
      return result;
    } catch (error) {
      this.#running = null;
      throw await this.#explain(running, error);
    } finally {
      clearTimeout(timer);
    }
  }

  #start(): Running {
    const child = spawnGit(this.#args, { ...this.#options, stdin: "" });
    child.unref();
    return {
      child,
      writer: child.stdin.getWriter(),
      output: new OutputReader(child.stdout.getReader()),
      stderr: readEnd(child.stderr),
    };
  }

  /** Ends a process that did not answer as it should, and says why. */
  async #explain(running: Running, error: unknown): Promise<unknown> {
    if (!(error instanceof OutputEnded)) killIfThere(running.child);
    await running.writer.abort().catch(() => {});
    await running.output.drain();
    const [{ code, signal }, stderr] = await Promise.all([running.child.status, running.stderr]);
    if (!(error instanceof OutputEnded)) return error;
    return this.#failure(signal === null ? code : null, stderr);
  }

  #failure(exitCode: number | null, stderr: string, ended?: "timed_out"): GitError {
    const { cwd } = this.#options;
    return new GitError({ argv: this.#args, cwd, exitCode, stderr, ...(ended && { ended }) });
  }
}

/** git closed its output in the middle of an answer. */
class OutputEnded extends Error {
  override readonly name = "OutputEnded";
}

/** Reads a stream by lines and counts. */
class OutputReader implements Answer {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array();

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#reader = reader;
  }

  async until(end: number): Promise<string> {
    const parts: Uint8Array[] = [];
    for (;;) {
      const at = this.#chunk.indexOf(end);
      if (at >= 0) {
        parts.push(this.#chunk.subarray(0, at));
        this.#chunk = this.#chunk.subarray(at + 1);
        return decode(joined(parts));
      }
      parts.push(this.#chunk);
      await this.#next();
    }
  }

  async bytes(count: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let left = count; left > 0;) {
      if (this.#chunk.length === 0) await this.#next();
      const part = this.#chunk.subarray(0, left);
      this.#chunk = this.#chunk.subarray(part.length);
      parts.push(part);
      left -= part.length;
    }
    return joined(parts);
  }

  async peek(): Promise<number> {
    while (this.#chunk.length === 0) await this.#next();
    return this.#chunk[0] ?? 0;
  }

  /** Reads and drops what is left. */
  async drain(): Promise<void> {
    try {
      for (;;) await this.#next();
    } catch {
      // The end, or a pipe that broke with the process.
    }
  }

  async #next(): Promise<void> {
    const { done, value } = await this.#reader.read();
    if (done) throw new OutputEnded("git closed its output");
    this.#chunk = value;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

async function readEnd(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stream) text = (text + decode(chunk)).slice(-STDERR_KEPT);
  return text;
}

function killIfThere(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
