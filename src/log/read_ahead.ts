/** Reads a file forwards, a block ahead of who uses it: the disk works while the block before is being judged. */

import { attemptAsync } from "./attempt.ts";

/** How much is read at a time. */
const BLOCK_BYTES = 256 * 1024;
/** How much is handed out at a time: what is made of a small piece is garbage before the collector comes to move it. */
const PIECE_BYTES = 32 * 1024;

/** See the module. Disposing waits for a read that is under way; closing the file is its owner's. */
export class ReadAhead implements AsyncDisposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  /** Bytes that have not been asked for yet. */
  #left: number;
  /** What is read into next, and what its user has pieces of, once there are two. */
  #free: Uint8Array<ArrayBuffer>;
  #used: Uint8Array<ArrayBuffer> | undefined;
  /** What has been read, and not been handed out yet. */
  #block: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** How many bytes were read, or why none; it never rejects. */
  #reading: Promise<{ readonly count: number } | { readonly error: unknown }> | undefined;

  private constructor(path: string, file: Deno.FsFile, bytes: number) {
    this.#path = path;
    this.#file = file;
    this.#left = bytes;
    this.#free = new Uint8Array(Math.min(bytes, BLOCK_BYTES));
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
      [this.#free, this.#used] = [
        this.#used ?? new Uint8Array(Math.min(this.#left, BLOCK_BYTES)),
        this.#free,
      ];
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
