/** The new part of a file that grows: what was appended since the last look, as text. */

const CHUNK_BYTES = 64 * 1024;

/** Reads on where it stopped. A file that is not there yet has nothing. */
export class OutputTail {
  readonly path: string;
  #offset = 0;
  readonly #decoder = new TextDecoder();

  constructor(path: string) {
    this.path = path;
  }

  /** Gives what is new to `take`, in pieces; no character is torn. */
  async read(take: (text: string) => void): Promise<void> {
    let file: Deno.FsFile;
    try {
      file = await Deno.open(this.path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw error;
    }
    using opened = file;
    await opened.seek(this.#offset, Deno.SeekMode.Start);
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (let count = await opened.read(buffer); count !== null; count = await opened.read(buffer)) {
      this.#offset += count;
      const text = this.#decoder.decode(buffer.subarray(0, count), { stream: true });
      if (text !== "") take(text);
    }
  }
}
