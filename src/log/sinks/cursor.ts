/**
 * Where a named consumer of a log stands. The cursor is a small file beside the log, replaced as a whole, and it only
 * moves forward. It is kept after an event was handled, never before: whoever dies in between is given that event
 * again (at-least-once).
 */

import { basename, dirname } from "@std/path";
import { parseObject } from "../line.ts";
import { cursorPath } from "../log_paths.ts";
import { CursorIoError, CursorRefusedError } from "./errors.ts";

/** What a cursor remembers of the last event that was handled. */
export interface CursorMark {
  readonly index: number;
  readonly id: string;
}

/** Names of consumers: they are part of a file name. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** The version of the file's format. */
const FORMAT = 1;
const PRIVATE = 0o600;

/** The cursor of one consumer, held by one process at a time until it is disposed. */
export class Cursor implements Disposable {
  /** The file. */
  readonly path: string;
  readonly #lock: Deno.FsFile;
  #mark: CursorMark | undefined;
  /** What the file says. */
  #kept: CursorMark | undefined;

  private constructor(path: string, lock: Deno.FsFile, mark: CursorMark | undefined) {
    this.path = path;
    this.#lock = lock;
    this.#mark = mark;
    this.#kept = mark;
  }

  /**
   * Takes the cursor of a consumer of the log at `log`; a new consumer starts before the first event.
   *
   * @throws {CursorRefusedError} if the name is none, another process holds the cursor, or the file is no cursor;
   * CursorIoError
   */
  static async open(log: string, consumer: string): Promise<Cursor> {
    const path = cursorPath(log, consumer);
    if (!NAME.test(consumer)) {
      throw new CursorRefusedError(
        path,
        `"${consumer}" cannot name a consumer`,
        "use up to 64 letters, digits, dots, dashes and underscores, the first a letter or a digit",
      );
    }
    const lock = await attempt(path, "lock", () => {
      return Deno.open(`${path}.lock`, { read: true, write: true, create: true, mode: PRIVATE });
    });
    try {
      if (!await attempt(path, "lock", () => lock.tryLock(true))) {
        const why = `another process reads the log as "${consumer}"`;
        throw new CursorRefusedError(path, why, "end it first, or choose another name");
      }
      return new Cursor(path, lock, await readMark(path));
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  /** The last event that was handled; undefined before the first. */
  get mark(): CursorMark | undefined {
    return this.#mark;
  }

  /** Index of the event that is to be handled next. */
  get next(): number {
    return (this.#mark?.index ?? -1) + 1;
  }

  /** Moves behind an event. An event that it stands behind already changes nothing. */
  advance({ index, id }: CursorMark): void {
    if (index >= this.next) this.#mark = { index, id };
  }

  /**
   * Puts the cursor on the disk as it stands; nothing to do where it has not moved.
   *
   * @throws {CursorIoError} and the file is as it was.
   */
  async keep(): Promise<void> {
    const mark = this.#mark;
    if (mark === undefined || mark === this.#kept) return;
    const text = `${JSON.stringify({ cursor: FORMAT, index: mark.index, id: mark.id })}\n`;
    await attempt(this.path, "keep", () => replaceFile(this.path, new TextEncoder().encode(text)));
    this.#kept = mark;
  }

  /**
   * Lets the next process have it. Closing is not enough: a process that is being started holds its copy of the file,
   * and the lock with it, for a moment longer.
   */
  [Symbol.dispose](): void {
    this.#lock.unlockSync();
    this.#lock.close();
  }
}

async function readMark(path: string): Promise<CursorMark | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new CursorIoError(path, "read", error);
  }
  const mark = markOf(text);
  if (mark !== undefined) return mark;
  throw new CursorRefusedError(path, "the file is not a cursor", "remove it to start from the first event");
}

function markOf(text: string): CursorMark | undefined {
  try {
    const { cursor, index, id } = parseObject(text);
    const isMark = cursor === FORMAT && typeof id === "string" && typeof index === "number" &&
      Number.isSafeInteger(index) && index >= 0;
    return isMark ? { index, id } : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces a file as a whole: after a crash it holds the old bytes or the new ones. */
async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${dirname(path)}/.${basename(path)}.new`;
  {
    using file = await Deno.open(temporary, { write: true, create: true, truncate: true, mode: PRIVATE });
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    await file.syncData();
  }
  await Deno.rename(temporary, path);
  const directory = await Deno.open(dirname(path));
  using _directory = directory;
  await directory.sync();
}

async function attempt<T>(path: string, operation: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new CursorIoError(path, operation, error);
  }
}
