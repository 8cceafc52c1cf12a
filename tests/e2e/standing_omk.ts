/**
 * A process of omk from source that answers calls one after the other. To start omk costs more than most of what it is
 * called for, and a suite calls it many hundred times; each call has the program's own entry point, in the directory
 * and with the environment of a user. With an executable under test, every call is a process of its own.
 */

import type { Called } from "./call.ts";

/** A call, as the process reads it. */
export interface StandingCall {
  readonly words: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What is written to stdout after all that the call prints, and to stderr with the exit code and a newline. */
  readonly end: string;
}

/** See the module. */
export class StandingOmk {
  readonly #child: Deno.ChildProcess;
  readonly #requests: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stdout: ReadableStreamDefaultReader<Uint8Array>;
  readonly #stderr: ReadableStreamDefaultReader<Uint8Array>;
  #isFree = true;

  /**
   * Starts the process with these arguments of the runtime. It ends with the one that started it: its input ends then.
   * To be called outside of tests, because what a test starts must have ended when it has.
   */
  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...args],
      cwd: "/",
      clearEnv: true,
      env: { ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#child.unref();
    this.#requests = this.#child.stdin.getWriter();
    this.#stdout = this.#child.stdout.getReader();
    this.#stderr = this.#child.stderr.getReader();
  }

  /**
   * Whether it can answer this call now: it answers no other, and the call neither reads input, which the process has
   * none of, nor starts the program in the background, where it must be what it was called as.
   */
  takes(words: readonly string[]): boolean {
    const readsInput = words.includes("-") || words.join(" ").startsWith("log append");
    return this.#isFree && !readsInput && !words.includes("--detach");
  }

  /** Answers a call; fails where the process ends instead, or takes longer than that. */
  async call(call: Omit<StandingCall, "end">, deadlineMs: number): Promise<Called> {
    this.#isFree = false;
    const end = `\0${crypto.randomUUID()}\0`;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#child.kill("SIGKILL");
    }, deadlineMs);
    try {
      const request: StandingCall = { ...call, end };
      await this.#requests.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
      const [stdout, stderr] = await Promise.all([
        readUntil(this.#stdout, (text) => text.endsWith(end)),
        readUntil(this.#stderr, (text) => text.endsWith("\n") && text.includes(end)),
      ]);
      const [printed = "", code] = stderr.text.split(end);
      if (stdout.isWhole && stderr.isWhole) {
        // Only now: a process that has gone answers no further call.
        this.#isFree = true;
        return {
          code: Number(code),
          signal: null,
          stdout: stdout.text.slice(0, -end.length),
          stderr: printed,
        };
      }
      const what = isLate ? "did not end in time" : "ended omk without an answer";
      throw new Error(`omk ${call.words.join(" ")} ${what}:\n${stdout.text}${stderr.text}`);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Reads text until it is whole, or there is no more. */
async function readUntil(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  isWhole: (text: string) => boolean,
): Promise<{ readonly text: string; readonly isWhole: boolean }> {
  const decoder = new TextDecoder();
  let text = "";
  while (!isWhole(text)) {
    const { value, done } = await reader.read();
    if (done) return { text, isWhole: false };
    text += decoder.decode(value, { stream: true });
  }
  return { text, isWhole: true };
}
