/** Reads a file forwards, a block ahead of who uses it: the disk works while the block before is being judged. */

import { attemptAsync } from "./attempt.ts";

/** How much is read at first: enough for who wants only the beginning. */
const FIRST_BLOCK_BYTES = 64 * 1024;
/** How much is read at a time in a long file: enough to go on with until the next read has found a processor. */
const LARGEST_BLOCK_BYTES = 1024 * 1024;
/** How much larger each block is than the one before, until then. */
const GROWTH = 4;
/** How much is handed out at a time: what is made of a small piece is garbage before the collector comes to move it. */
const PIECE_BYTES = 32 * 1024;

/** See the module. Disposing waits for a read that is under way; closing the file is its owner's. */
export class ReadAhead implements AsyncDisposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  /** Bytes that have not been asked for yet. */
  #left: number;
  /** What is read into next, and what its user has pieces of. */
  #free: Uint8Array<ArrayBuffer>;
  #used = new Uint8Array(0);
  /** What has been read, and not been handed out yet. */
  #block = new Uint8Array(0);
  /** How much the block has at most that is read now. */
  #size = FIRST_BLOCK_BYTES;
  /** How many bytes were read, or why none; it never rejects. */
  #reading: Promise<{ readonly count: number } | { readonly error: unknown }> | undefined;

  private constructor(path: string, file: Deno.FsFile, bytes: number) {
    this.#path = path;
    this.#file = file;
    this.#left = bytes;
    this.#free = new Uint8Array(Math.min(bytes, FIRST_BLOCK_BYTES));
  }

  /**
   * Starts to read.
   *
   * @param path names the file in errors
   * @param start where in the file the first piece begins
   * @param end no byte from here on is read
   * @throws {LogIoError}
   */
  static async start(path: string, file: Deno.FsFile, start: number, end: number): Promise<ReadAhead> {
    await attemptAsync(path, "read", () => file.seek(start, Deno.SeekMode.Start));
    return new ReadAhead(path, file, end - start);
  }

  /**
   * The next bytes, valid until they are asked for again; `undefined` at the end.
   *
   * @throws {LogIoError}
   */
  async next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#block.length === 0) this.#block = await this.#nextBlock();
    if (this.#block.length === 0) return undefined;
    const piece = this.#block.subarray(0, PIECE_BYTES);
    this.#block = this.#block.subarray(piece.length);
    return piece;
  }

  /** Empty at the end. */
  async #nextBlock(): Promise<Uint8Array<ArrayBuffer>> {
    this.#reading ??= this.#read();
    const read = await this.#reading;
    this.#reading = undefined;
    if ("error" in read) throw read.error;
    const block = this.#free.subarray(0, read.count);
    if (this.#left > 0) {
      this.#size = Math.min(GROWTH * this.#size, LARGEST_BLOCK_BYTES);
      const size = Math.min(this.#left, this.#size);
      const next = this.#used.length < size ? new Uint8Array(size) : this.#used;
      this.#used = this.#free;
      this.#free = next;
      this.#reading = this.#read();
    }
    return block;
  }

  async #read(): Promise<{ readonly count: number } | { readonly error: unknown }> {
    const room = this.#free.subarray(0, this.#left);
    if (room.length === 0) return { count: 0 };
    try {
      const count = await attemptAsync(this.#path, "read", () => this.#file.read(room)) ?? 0;
      this.#left = count === 0 ? 0 : this.#left - count;
      return { count };
    } catch (error) {
      return { error };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reading;
  }
}
