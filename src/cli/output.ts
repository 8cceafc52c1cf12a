/** The streams of the program. A reader that goes away (`omk … | head`) ends the output, not the work. */

/** Where a command writes to. */
export interface Output {
  /** Writes a line to stdout. */
  print(line?: string): void;
  /** Writes text to stdout as it is. */
  write(text: string): void;
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
  /** Width of the terminal in columns; 80 where there is none. */
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
}

/** How colour is chosen. */
export type ColorChoice = "auto" | "always" | "never";

interface Stream {
  writeSync(data: Uint8Array): number;
}

const encoder = new TextEncoder();

/** The program's own streams. `auto` colours where the stream is a terminal and NO_COLOR is not set. */
export function createOutput(color: ColorChoice, env: Readonly<Record<string, string>>): Output {
  const stdout = new GuardedStream(Deno.stdout);
  const stderr = new GuardedStream(Deno.stderr);
  const stdoutIsTerminal = Deno.stdout.isTerminal();
  const stderrIsTerminal = Deno.stderr.isTerminal();
  const allowed = !env.NO_COLOR && env.TERM !== "dumb";
  const colored = (isTerminal: boolean) => color === "always" || (color === "auto" && allowed && isTerminal);
  return {
    print: (line = "") => stdout.write(`${line}\n`),
    write: (text) => stdout.write(text),
    json: (value) => stdout.write(`${JSON.stringify(value)}\n`),
    note: (line) => stderr.write(`${line}\n`),
    get closed() {
      return stdout.closed;
    },
    stdoutIsTerminal,
    stderrIsTerminal,
    style: createStyle(colored(stdoutIsTerminal)),
    errorStyle: createStyle(colored(stderrIsTerminal)),
    columns: stdoutIsTerminal ? Deno.consoleSize().columns : 80,
  };
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
  };
}

/** A stream that takes note when its reader is gone, and drops what comes after. */
class GuardedStream {
  readonly #stream: Stream;
  #closed = false;

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  get closed(): boolean {
    return this.#closed;
  }

  write(text: string): void {
    if (this.#closed) return;
    const bytes = encoder.encode(text);
    try {
      for (let from = 0; from < bytes.length;) from += this.#stream.writeSync(bytes.subarray(from));
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      this.#closed = true;
    }
  }
}
