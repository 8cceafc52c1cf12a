/** One stream of bytes made into redacted, whole lines of text. */

/** Redacts a text that comes piece by piece; may hold back what could be the beginning of a secret. */
export interface StreamRedactor {
  /** Takes the next piece; returns what is safe to write. */
  push(text: string): string;
  /** Returns what was held back. */
  flush(): string;
}

/** A line without an end is written after this many UTF-16 units, so that memory stays bounded. */
const LONGEST_PARTIAL_LINE = 64 * 1024;

/** Decodes (invalid bytes become U+FFFD), redacts, and holds back the unfinished last line. */
export class OutputText {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #redactor: StreamRedactor;
  #partial = "";

  constructor(redactor: StreamRedactor) {
    this.#redactor = redactor;
  }

  /** The whole lines that the bytes complete, or the beginning of an overlong one. */
  push(bytes: Uint8Array): string {
    const text = this.#redactor.push(this.#decoder.decode(bytes, { stream: true }));
    const lineEnd = text.lastIndexOf("\n") + 1;
    const lines = lineEnd === 0 ? "" : this.#partial + text.slice(0, lineEnd);
    const partial = lineEnd === 0 ? this.#partial + text : text.slice(lineEnd);
    if (partial.length <= LONGEST_PARTIAL_LINE) {
      this.#partial = partial;
      return lines;
    }
    this.#partial = "";
    return lines + partial;
  }

  /** The unfinished last line as far as it can be shown: what could be the beginning of a secret is not in it. */
  get unfinished(): string {
    return this.#partial;
  }

  /** What is left at the end of the stream. */
  flush(): string {
    const text = this.#partial + this.#redactor.push(this.#decoder.decode()) + this.#redactor.flush();
    this.#partial = "";
    return text;
  }
}

/** The last complete line of a text, without its end and cut to `limit`; undefined where there is none. */
export function lastCompleteLine(text: string, limit: number): string | undefined {
  const end = text.lastIndexOf("\n");
  if (end < 0) return undefined;
  const line = text.slice(text.lastIndexOf("\n", end - 1) + 1, end);
  return (line.endsWith("\r") ? line.slice(0, -1) : line).slice(0, limit);
}

/** What an unfinished line shows on a terminal, cut to `limit`: a progress bar writes over its own line. "" for nothing. */
export function unfinishedLine(text: string, limit: number): string {
  const shown = text.trimEnd();
  return shown.slice(shown.lastIndexOf("\r") + 1).slice(0, limit);
}

/**
 * How many bytes at the beginning of a piece cut out of a stream must not be shown, because a redactor could not
 * recognise them: the rest of a line whose beginning is gone (at most 64 KiB of it), and the rest of a PEM block.
 */
export function unsafeBeginning(bytes: Uint8Array): number {
  const lineEnd = bytes.subarray(0, LONGEST_PARTIAL_LINE).indexOf(0x0a);
  const line = lineEnd < 0 ? Math.min(bytes.length, LONGEST_PARTIAL_LINE) : lineEnd + 1;
  // One character per byte, so that positions in the text are positions in the bytes.
  const text = new TextDecoder("latin1").decode(bytes);
  const end = /-----END [^-\n]{1,64}-----/.exec(text);
  const begin = text.indexOf("-----BEGIN ");
  if (end === null || (begin >= 0 && begin < end.index)) return line;
  return Math.max(line, end.index + end[0].length);
}
