/** Cuts a stream of bytes into lines, and keeps the bytes of a commit until its sum has been checked. */

/** A line of a file. */
export interface Line {
  /** Without its line feed; `undefined` if it is not UTF-8. */
  readonly text: string | undefined;
  /** Where it starts in the file, in bytes. */
  readonly start: number;
  /** Where the next line starts. */
  readonly end: number;
}

/** How much is read at a time. */
const PIECE_BYTES = 128 * 1024;

/** About so much is made into text at a time. */
const TEXT_BYTES = 32 * 1024;

const LINE_FEED = 0x0a;

/** What a decoder puts in place of what is not UTF-8. */
const REPLACEMENT = "\ufffd";

/** A window on a file that is read from one end to the other. */
export class LineBuffer {
  #bytes = new Uint8Array(0);
  /** File offset of the first byte of `#bytes`. */
  #base: number;
  /** Positions in `#bytes`: what is still wanted, has not been cut into lines, not been searched for their ends, been read. */
  #kept = 0;
  #uncut = 0;
  #unsearched = 0;
  #end = 0;
  // Not `fatal`: that takes a slower way, and makes strings of twice the size.
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  /** @param offset where in the file the bytes will come from */
  constructor(offset: number) {
    this.#base = offset;
  }

  /** Where in the file the next bytes are to be read from. */
  get nextOffset(): number {
    return this.#base + this.#end;
  }

  /** Where the bytes start that are not a whole line yet. */
  get restOffset(): number {
    return this.#base + this.#uncut;
  }

  /** Room for the next bytes, never empty. */
  room(): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length - this.#end < PIECE_BYTES / 2) this.#makeRoom(PIECE_BYTES);
    return this.#bytes.subarray(this.#end);
  }

  /** Takes the next bytes; a copy costs less than a hundredth of what is done with them. */
  add(bytes: Uint8Array): void {
    if (this.#bytes.length - this.#end < bytes.length) this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Says how many bytes were put into the room. */
  fill(count: number): void {
    this.#end += count;
  }

  /** The lines that have become whole. */
  lines(): readonly Line[] {
    const found = this.#bytes.subarray(this.#unsearched, this.#end).lastIndexOf(LINE_FEED);
    const end = this.#unsearched + found + 1;
    this.#unsearched = this.#end;
    const lines: Line[] = [];
    if (found < 0) return lines;
    const start = this.#uncut;
    this.#uncut = end;
    for (let from = start; from < end;) {
      // Short texts die young; a piece as one text would live on until the heap has grown by many of them.
      const near = from + TEXT_BYTES < end ? this.#bytes.lastIndexOf(LINE_FEED, from + TEXT_BYTES) + 1 : end;
      const to = near > from ? near : this.#bytes.indexOf(LINE_FEED, from) + 1;
      this.#cut(from, to, lines);
      from = to;
    }
    return lines;
  }

  /** The bytes from one file offset to another; valid until the next call of `room`. */
  slice(from: number, to: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(from - this.#base, to - this.#base);
  }

  /** Bytes before this file offset are not wanted any more. */
  forget(before: number): void {
    this.#kept = before - this.#base;
  }

  #makeRoom(count: number): void {
    const kept = this.#end - this.#kept;
    if (kept + count > this.#bytes.length) {
      // Doubling keeps the copying linear where one commit spans many pieces.
      const bytes = new Uint8Array(Math.max(2 * this.#bytes.length, kept + count));
      bytes.set(this.#bytes.subarray(this.#kept, this.#end));
      this.#bytes = bytes;
    } else {
      this.#bytes.copyWithin(0, this.#kept, this.#end);
    }
    this.#base += this.#kept;
    this.#uncut -= this.#kept;
    this.#unsearched -= this.#kept;
    this.#end = kept;
    this.#kept = 0;
  }

  #cut(from: number, to: number, lines: Line[]): void {
    const text = this.#decoder.decode(this.#bytes.subarray(from, to));
    // It may stand in the bytes themselves, or for some that are not UTF-8.
    if (text.includes(REPLACEMENT)) return this.#cutUndecoded(from, to, lines);
    const isAscii = text.length === to - from;
    let start = from;
    for (let at = 0; at < text.length;) {
      const feed = text.indexOf("\n", at);
      const end = isAscii ? from + feed + 1 : this.#bytes.indexOf(LINE_FEED, start) + 1;
      lines.push({ text: text.slice(at, feed), start: this.#base + start, end: this.#base + end });
      at = feed + 1;
      start = end;
    }
  }

  /** Some line may not be UTF-8: each is decoded by itself. */
  #cutUndecoded(from: number, to: number, lines: Line[]): void {
    for (let start = from; start < to;) {
      const end = this.#bytes.indexOf(LINE_FEED, start) + 1;
      const text = decodeUtf8(this.#bytes.subarray(start, end - 1));
      lines.push({ text, start: this.#base + start, end: this.#base + end });
      start = end;
    }
  }
}

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of some bytes; `undefined` if they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}
