/** A program that runs while the test goes on. */

import { type Called, eventually } from "./call.ts";

/** An omk that was started and may still run. */
export class RunningOmk {
  readonly pid: number;
  /** What it did, once it has ended. */
  readonly ended: Promise<Called>;
  readonly #child: Deno.ChildProcess;
  #stdout = "";
  #stderr = "";
  #isOver = false;

  /** Takes a child whose streams are piped. */
  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.pid = child.pid;
    this.ended = this.#follow();
    this.ended.catch(() => undefined);
  }

  /** What it has printed up to now. */
  get stdout(): string {
    return this.#stdout;
  }

  /** Sends a signal, unless it has ended by itself. */
  kill(signal: Deno.Signal): void {
    if (this.#isOver) return;
    try {
      this.#child.kill(signal);
    } catch (error) {
      // It has ended, and only the news of that is still under way.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Resolves with what it has printed to stdout, once that contains `text`. */
  async printed(text: string): Promise<string> {
    return await this.#shown(text, () => this.#stdout);
  }

  /** Resolves with what it has printed to stderr, once that contains `text`. */
  async printedError(text: string): Promise<string> {
    return await this.#shown(text, () => this.#stderr);
  }

  /** Ends it at once, if it still runs. */
  async end(): Promise<void> {
    this.kill("SIGKILL");
    await this.ended;
  }

  async #shown(text: string, read: () => string): Promise<string> {
    return await eventually(`"${text}" to be printed`, () => {
      if (read().includes(text)) return read();
      if (this.#isOver) {
        throw new Error(`omk ended without printing "${text}":\n${this.#stdout}${this.#stderr}`);
      }
      return undefined;
    });
  }

  async #follow(): Promise<Called> {
    const [status] = await Promise.all([
      this.#child.status.finally(() => this.#isOver = true),
      collect(this.#child.stdout, (text) => this.#stdout += text),
      collect(this.#child.stderr, (text) => this.#stderr += text),
    ]);
    return { code: status.code, signal: status.signal, stdout: this.#stdout, stderr: this.#stderr };
  }
}

async function collect(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const bytes of stream) take(decoder.decode(bytes, { stream: true }));
  take(decoder.decode());
}
