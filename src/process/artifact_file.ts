/** A file that gets captured output: made when needed, digested while written, and never the end of a task. */

import { sha256, startSha256, type StreamingDigest } from "../digest.ts";
import { reasonOf } from "../errors.ts";
import type { Artifact } from "../log/kinds.ts";
import type { OutputError } from "./port.ts";

/** What became of an {@linkcode ArtifactFile}. */
export interface WrittenArtifact {
  readonly kept_bytes: number;
  readonly sha256: string;
  readonly error?: OutputError;
}

/** Only omk's user reads what tasks print. */
const FILE_MODE = 0o600;

/**
 * Creates the file with the first bytes, or at `close`. After a failed write it takes no more bytes, and says why
 * at `close`: a full disk or a directory that was deleted under a running task is no reason to end that task.
 */
export class ArtifactFile {
  readonly #path: string;
  readonly #encoder = new TextEncoder();
  #file: Deno.FsFile | null = null;
  #digest: StreamingDigest | null = null;
  #writtenBytes = 0;
  #error: OutputError | undefined;
  /** Resolves when everything that was accepted is written. */
  #queue: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Accepts a text and returns its length in bytes at once; `drained` tells when it is written. */
  write(text: string): number {
    const bytes = this.#encoder.encode(text);
    this.#queue = this.#queue.then(() => this.#append(bytes));
    return bytes.length;
  }

  /** Resolves when everything accepted so far is written, or given up. Never rejects. */
  drained(): Promise<void> {
    return this.#queue;
  }

  /** Writes what is left and closes the file, which then exists unless there is an `error`. Never rejects. */
  async close(): Promise<WrittenArtifact> {
    await this.#queue;
    await this.#attempt(() => {
      if (this.#file === null) this.#file = this.#open();
      else Deno.lstatSync(this.#path);
    });
    this.#file?.close();
    return {
      kept_bytes: this.#writtenBytes,
      sha256: this.#digest?.hex() ?? sha256(""),
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  #append(bytes: Uint8Array): Promise<void> {
    return this.#attempt(async () => {
      this.#file ??= this.#open();
      this.#digest ??= startSha256();
      for (let rest = bytes; rest.length > 0;) {
        const count = await this.#file.write(rest);
        this.#digest.update(rest.subarray(0, count));
        this.#writtenBytes += count;
        rest = rest.subarray(count);
      }
    });
  }

  /** Without a thread for it: that would cost more than the call. Only writes can take long. */
  #open(): Deno.FsFile {
    return Deno.openSync(this.#path, { write: true, create: true, truncate: true, mode: FILE_MODE });
  }

  /** Does `step` unless an earlier one failed. */
  async #attempt(step: () => Promise<void> | void): Promise<void> {
    if (this.#error !== undefined) return;
    try {
      await step();
    } catch (error) {
      this.#error = { code: codeOf(error), message: reasonOf(error) };
    }
  }
}

/**
 * Writes a text that is there as a whole as an artifact of a run, in the place of what an earlier omk process may have
 * left there. `path` is relative to the run's directory.
 *
 * @throws what the system refuses
 */
export async function writeArtifact(runDirectory: string, path: string, text: string): Promise<Artifact> {
  const bytes = new TextEncoder().encode(text);
  await Deno.writeFile(`${runDirectory}/${path}`, bytes, { mode: FILE_MODE });
  return {
    path,
    bytes: bytes.length,
    kept_bytes: bytes.length,
    truncated: false,
    sha256: sha256(bytes),
  };
}

function codeOf(error: unknown): OutputError["code"] {
  if (error instanceof Deno.errors.NotFound) return "missing";
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOSPC" || code === "EDQUOT" ? "no_space" : "io";
}
