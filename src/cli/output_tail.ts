/** The new part of a file that grows: what was appended since the last look, as text. */

import { tailOffset } from "./render/tail.ts";

const CHUNK_BYTES = 64 * 1024;

/** Reads on where it stopped. A file that is not there yet has nothing. */
export class OutputTail {
  readonly path: string;
  #offset = 0;
  /** How many lines of what is there at the first look are wanted; null: all, and after the first look. */
  #lastLines: number | null;
  readonly #decoder = new TextDecoder();

  /** Follows a file, from the last `lastLines` lines on where it is there already. */
  constructor(path: string, lastLines: number | null = null) {
    this.path = path;
    this.#lastLines = lastLines;
  }

  /** Gives what is new to `take`, in pieces; no character is torn. */
  async read(take: (text: string) => void): Promise<void> {
    let file: Deno.FsFile;
    try {
      file = await Deno.open(this.path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      this.#lastLines = null;
      return;
    }
    using opened = file;
    if (this.#lastLines !== null) {
      this.#offset = await tailOffset(opened, (await opened.stat()).size, this.#lastLines);
      this.#lastLines = null;
    }
    await opened.seek(this.#offset, Deno.SeekMode.Start);
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (let count = await opened.read(buffer); count !== null; count = await opened.read(buffer)) {
      this.#offset += count;
      this.#take(buffer.subarray(0, count), take);
    }
  }

  /** The same before it returns, from the first line on, for whoever must have all of it before something else. */
  readNow(take: (text: string) => void): void {
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(this.path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return;
    }
    using opened = file;
    opened.seekSync(this.#offset, Deno.SeekMode.Start);
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (let count = opened.readSync(buffer); count !== null; count = opened.readSync(buffer)) {
      this.#offset += count;
      this.#take(buffer.subarray(0, count), take);
    }
  }

  #take(bytes: Uint8Array, take: (text: string) => void): void {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (text !== "") take(text);
  }
}
