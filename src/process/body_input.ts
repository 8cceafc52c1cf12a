/** Standard input of a process that is spoken with. */

import type { BodyInput } from "./port.ts";

/** See the module. A broken pipe means that the process reads no more, which its end will tell. */
export class BodyInputPipe implements BodyInput {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #closed: Promise<void> | null = null;

  /** Takes the pipe, which stays locked to it. */
  constructor(stream: WritableStream<Uint8Array>) {
    this.#writer = stream.getWriter();
    // Told by each write; nobody else waits for it.
    this.#writer.closed.catch(ignoreBrokenPipe);
  }

  async write(bytes: Uint8Array): Promise<boolean> {
    if (this.#closed !== null) return false;
    try {
      await this.#writer.write(bytes);
      return true;
    } catch {
      return false;
    }
  }

  close(): Promise<void> {
    // A writer that waits for a full pipe would be waited for: an abort gives up what nobody reads.
    this.#closed ??= this.#writer.desiredSize !== null && this.#writer.desiredSize > 0
      ? this.#writer.close().catch(ignoreBrokenPipe)
      : this.#writer.abort().catch(ignoreBrokenPipe);
    return this.#closed;
  }
}

/** See {@linkcode BodyInputPipe}. */
function ignoreBrokenPipe(): void {}
