/** The streams of the program. A reader that goes away (`omk … | head`) ends the output, not the work. */

import { InfraError, isSystemError, reasonOf } from "../errors.ts";

/** Where a command writes to. */
export interface Output {
  /** Writes a line to stdout. */
  print(line?: string): void;
  /** Writes text to stdout as it is. */
  write(text: string): void;
  /** Writes bytes to stdout as they are. */
  writeBytes(bytes: Uint8Array): void;
  /** Writes a value to stdout as one line of JSON. */
  json(value: unknown): void;
  /** Writes a line to stderr: progress and remarks, which are no result. */
  note(line: string): void;
  /** Whether nobody reads stdout any more; a command that streams ends then. */
  readonly closed: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** Colours for stdout and stderr; they do nothing where colour is off. */
  readonly style: Style;
  readonly errorStyle: Style;
  /** Width of the terminal in columns; `UNLIMITED_COLUMNS` where stdout is none: nothing is cut there. */
  readonly columns: number;
}

/** Marks text for a terminal. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  blue(text: string): string;
  magenta(text: string): string;
  cyan(text: string): string;
}

/** How colour is chosen. */
export type ColorChoice = "auto" | "always" | "never";

/** The width of what is no terminal. */
export const UNLIMITED_COLUMNS = 10_000;

/** The width of a terminal that does not tell its own. */
const DEFAULT_COLUMNS = 80;

interface Stream {
  writeSync(data: Uint8Array): number;
}

const encoder = new TextEncoder();

/** The program's own streams. */
export function createOutput(color: ColorChoice, env: Readonly<Record<string, string>>): Output {
  const stdoutIsTerminal = Deno.stdout.isTerminal();
  const stderrIsTerminal = Deno.stderr.isTerminal();
  const stdout = new GuardedStream(Deno.stdout, stdoutIsTerminal);
  const stderr = new GuardedStream(Deno.stderr, stderrIsTerminal);
  return {
    print: (line = "") => stdout.write(encoder.encode(`${line}\n`)),
    write: (text) => stdout.write(encoder.encode(text)),
    writeBytes: (bytes) => stdout.write(bytes),
    json: (value) => stdout.write(encoder.encode(`${JSON.stringify(value)}\n`)),
    note: (line) => stderr.write(encoder.encode(`${line}\n`)),
    get closed() {
      return stdout.closed;
    },
    stdoutIsTerminal,
    stderrIsTerminal,
    style: createStyle(isColoured(color, env, stdoutIsTerminal)),
    errorStyle: createStyle(isColoured(color, env, stderrIsTerminal)),
    columns: stdoutIsTerminal ? terminalColumns() : UNLIMITED_COLUMNS,
  };
}

/**
 * Whether what goes to a stream is coloured. `auto`: not where NO_COLOR is set (no-color.org) or FORCE_COLOR is 0 or
 * false; else where FORCE_COLOR or CLICOLOR_FORCE is set (bixense.com/clicolors), as CI jobs do whose logs show
 * colours; else on a terminal that is not dumb, unless CLICOLOR is 0. A variable that is empty counts as not set.
 */
export function isColoured(
  choice: ColorChoice,
  env: Readonly<Record<string, string>>,
  isTerminal: boolean,
): boolean {
  if (choice !== "auto") return choice === "always";
  if (env.NO_COLOR || isOff(env.FORCE_COLOR)) return false;
  if (isOn(env.FORCE_COLOR) || isOn(env.CLICOLOR_FORCE)) return true;
  return isTerminal && env.TERM !== "dumb" && !isOff(env.CLICOLOR);
}

function isOff(value: string | undefined): boolean {
  return value === "0" || value === "false";
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && value !== "" && !isOff(value);
}

/** Escape sequences, or nothing where `enabled` is false. */
export function createStyle(enabled: boolean): Style {
  const wrap = (open: number, close: number) => (text: string) =>
    enabled && text !== "" ? `\x1b[${open}m${text}\x1b[${close}m` : text;
  return {
    bold: wrap(1, 22),
    dim: wrap(2, 22),
    red: wrap(31, 39),
    green: wrap(32, 39),
    yellow: wrap(33, 39),
    blue: wrap(34, 39),
    magenta: wrap(35, 39),
    cyan: wrap(36, 39),
  };
}

function terminalColumns(): number {
  // A terminal without a window (a pipe through `script`, a serial line) says 0.
  return Deno.consoleSize().columns || DEFAULT_COLUMNS;
}

/** How long a stream that takes nothing at the moment is left alone before the next try, in milliseconds. */
const FULL_WAIT_MS = 2;

/** A stream that takes note when its reader is gone, and drops what comes after. */
export class GuardedStream {
  readonly #stream: Stream;
  readonly #isTerminal: boolean;
  #closed = false;

  /** Guards a stream. */
  constructor(stream: Stream, isTerminal = false) {
    this.#stream = stream;
    this.#isTerminal = isTerminal;
  }

  /** Whether the reader is gone. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Writes all bytes. */
  write(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length && !this.#closed;) {
      try {
        from += this.#stream.writeSync(bytes.subarray(from));
      } catch (error) {
        if (error instanceof Deno.errors.BrokenPipe) this.#closed = true;
        // The window of the terminal was closed.
        else if (this.#isTerminal && isIoError(error)) this.#closed = true;
        // A pipe that another program has made non-blocking is full.
        else if (error instanceof Deno.errors.WouldBlock) pause();
        else throw isSystemError(error) ? unwritable(error) : error;
      }
    }
  }
}

function unwritable(error: Error): InfraError {
  return new InfraError({
    what: "Cannot write the output",
    why: reasonOf(error),
    fix: "make room where it goes, or send it elsewhere",
    cause: error,
  });
}

function isIoError(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EIO";
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_WAIT_MS);
}
