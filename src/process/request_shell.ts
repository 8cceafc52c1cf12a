/** A long-lived `sh` that answers requests, one line each, in order: what costs a fork elsewhere is a pipe write here. */

import { InfraError, reasonOf } from "../errors.ts";
import { PipeReader } from "./pipe_reader.ts";

/** How a {@linkcode RequestShell} is started. */
export interface RequestShellOptions {
  /** Absolute path of a POSIX shell. */
  readonly shell: string;
  /** Reads requests from standard input; ends the answer to each with a line that is a single dot. */
  readonly script: string;
  /** The whole environment of the shell. */
  readonly env: Readonly<Record<string, string>>;
}

/** The helper shell ended, or did not answer in time. */
export class RequestShellError extends InfraError {
  override readonly name: string = "RequestShellError";
}

/** An answer takes a few milliseconds; a helper that is silent for this long is stopped or the machine is stuck. */
const ANSWER_TIMEOUT_MS = 10_000;

interface PendingAnswer {
  readonly resolve: (lines: readonly string[]) => void;
  readonly reject: (error: RequestShellError) => void;
  readonly lines: string[];
}

/** One life of the shell process. */
interface Session {
  readonly child: Deno.ChildProcess;
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly reader: PipeReader;
  readonly pending: PendingAnswer[];
  readonly decoder: TextDecoder;
  partial: string;
  pumping: boolean;
  /** When it last said something, or was asked while it owed nothing; milliseconds since an arbitrary start. */
  activeAt: number;
  /** Runs while answers are due, and on to its end: one for many requests. */
  watch: ReturnType<typeof setTimeout> | undefined;
}

/**
 * The shell starts with the first request, in a session of its own (a Ctrl-C on the terminal is not for it), and
 * ends when omk does, because its input then ends. If it dies, the requests under way fail and the next one starts
 * another. Between requests it does not keep the program alive.
 */
export class RequestShell {
  readonly #options: RequestShellOptions;
  readonly #encoder = new TextEncoder();
  #session: Session | null = null;

  constructor(options: RequestShellOptions) {
    this.#options = options;
  }

  /** Process id of the shell; null while none runs. */
  get pid(): number | null {
    return this.#session?.child.pid ?? null;
  }

  /**
   * The lines of the answer to `line`. Requests may be made without waiting for the answers before.
   *
   * @throws {RequestShellError} where the shell cannot be started, ended, or is silent for 10 s.
   */
  request(line: string): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      try {
        this.#session ??= this.#start();
      } catch (error) {
        reject(shellError("it could not be started", error));
        return;
      }
      const session = this.#session;
      if (session.pending.length === 0) session.activeAt = performance.now();
      session.pending.push({ resolve, reject, lines: [] });
      this.#watch(session, ANSWER_TIMEOUT_MS);
      session.writer.write(this.#encoder.encode(`${line}\n`)).catch((error) => this.#fail(session, error));
      if (!session.pumping) void this.#pump(session);
    });
  }

  /** Ends the shell; requests under way fail. A later request would start another. */
  async close(): Promise<void> {
    const session = this.#session;
    if (session === null) return;
    this.#fail(session, "it was closed");
    session.child.ref();
    await session.child.status;
  }

  #start(): Session {
    const child = new Deno.Command(this.#options.shell, {
      args: ["-c", this.#options.script],
      cwd: "/",
      clearEnv: true,
      env: this.#options.env,
      detached: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    child.unref();
    return {
      child,
      writer: child.stdin.getWriter(),
      reader: new PipeReader(child.stdout),
      pending: [],
      decoder: new TextDecoder(),
      partial: "",
      pumping: false,
      activeAt: 0,
      watch: undefined,
    };
  }

  /** Reads as long as answers are due, and no longer: a pending read would keep the program alive. */
  async #pump(session: Session): Promise<void> {
    session.pumping = true;
    try {
      while (session.pending.length > 0) {
        const bytes = await session.reader.read();
        if (bytes === null) {
          this.#fail(session, "it ended");
          break;
        }
        session.activeAt = performance.now();
        receive(session, bytes);
      }
    } catch (error) {
      this.#fail(session, error);
    }
    session.pumping = false;
    // Until the next request: the shell's own pipes do not keep the program alive, so the timer does while it is asked.
    if (session.watch !== undefined) Deno.unrefTimer(session.watch);
  }

  /** Ends a session that owes an answer and is silent for too long; looks at it again in `ms` milliseconds. */
  #watch(session: Session, ms: number): void {
    if (session.watch !== undefined) return Deno.refTimer(session.watch);
    session.watch = setTimeout(() => {
      session.watch = undefined;
      if (session.pending.length === 0) return;
      const left = session.activeAt + ANSWER_TIMEOUT_MS - performance.now();
      if (left > 0) this.#watch(session, left);
      else this.#fail(session, `no answer in ${ANSWER_TIMEOUT_MS / 1000} s`);
    }, ms);
  }

  /** Ends a session once; whatever waits for it fails. */
  #fail(session: Session, reason: unknown): void {
    if (this.#session !== session) return;
    this.#session = null;
    clearTimeout(session.watch);
    const error = shellError("it does not answer", reason);
    for (const answer of session.pending.splice(0)) answer.reject(error);
    try {
      session.child.kill("SIGKILL");
    } catch (error) {
      // The status is known already: the process has ended.
      if (!(error instanceof TypeError)) throw error;
    }
    session.reader.cancel().catch(ignoreBrokenStream);
    session.writer.abort().catch(ignoreBrokenStream);
    session.writer.closed.catch(ignoreBrokenStream);
  }
}

function receive(session: Session, bytes: Uint8Array): void {
  const lines = (session.partial + session.decoder.decode(bytes, { stream: true })).split("\n");
  session.partial = lines.pop() ?? "";
  for (const line of lines) {
    const answer = session.pending[0];
    if (answer === undefined) return;
    if (line !== ".") {
      answer.lines.push(line);
    } else {
      session.pending.shift();
      answer.resolve(answer.lines);
    }
  }
}

function shellError(what: string, cause: unknown): RequestShellError {
  return new RequestShellError({
    what: "Cannot ask the helper shell about processes",
    why: `${what}: ${reasonOf(cause)}`,
    cause,
  });
}

/** The pipes of a process that is being ended on purpose break; that it ends is what `close` waits for. */
function ignoreBrokenStream(): void {}
