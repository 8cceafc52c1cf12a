/**
 * Reads the pipe of a process through buffers that are used again: left to itself, the runtime makes one of 64 KiB for
 * every read, the one that finds the end included, which costs a small task more than its output does.
 */

/** As much as a pipe holds. */
const BUFFER_BYTES = 64 * 1024;

/** So many buffers are kept for later pipes. */
const MOST_SPARE = 16;

const spare: ArrayBufferLike[] = [];

/** See the module. For one stream; the stream stays locked to it. */
export class PipeReader {
  readonly #reader: ReadableStreamBYOBReader;
  /** Null while it is read into, and after the end. */
  #buffer: ArrayBufferLike | null;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader({ mode: "byob" });
    this.#buffer = spare.pop() ?? new ArrayBuffer(BUFFER_BYTES);
  }

  /** The next bytes, valid until the next call; null at the end, or once the reader is cancelled. Rejects as the pipe does. */
  async read(): Promise<Uint8Array | null> {
    const buffer = this.#buffer;
    if (buffer === null) return null;
    this.#buffer = null;
    const { done, value } = await this.#reader.read(new Uint8Array(buffer));
    if (!done) {
      this.#buffer = value.buffer;
      return value;
    }
    // Whoever cancels keeps the buffer.
    if (value !== undefined && spare.length < MOST_SPARE) spare.push(value.buffer);
    return null;
  }

  /** Gives up what has not been read. */
  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}
