/**
 * Locks of files beside the slots, by flock(2): freed by the system when a process dies, not inherited by
 * children.
 */

import { WorktreeLockError } from "./errors.ts";

/**
 * How long a lock of a few file operations is waited for, milliseconds. The system lets those who wait in by no order, and
 * where a hundred of them share a busy machine half a minute has been too short; who is late fails an attempt.
 */
const DEFAULT_TIMEOUT_MS = 300_000;

/**
 * A lock that is held for moments and waited for. In one process the waiting happens in a queue of its own, so
 * that at most one request of it is pending at the system: a pending one cannot be taken back.
 */
export class WorktreeLock {
  /** Absolute. */
  readonly path: string;
  readonly #timeoutMs: number;
  #last: Promise<void> = Promise.resolve();

  /** `path` is created where it is missing; its directory must exist. It is never renamed or removed. */
  constructor(path: string, timeoutMs: number = DEFAULT_TIMEOUT_MS) {
    this.path = path;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Waits for the lock; disposing of the result frees it.
   *
   * @throws {WorktreeLockError} when another process does not free it in time.
   */
  async acquire(): Promise<Disposable> {
    const turn = Promise.withResolvers<void>();
    const before = this.#last;
    this.#last = turn.promise;
    await before;
    try {
      const file = await this.#lock();
      return {
        [Symbol.dispose]: () => {
          unlockFile(file);
          turn.resolve();
        },
      };
    } catch (error) {
      turn.resolve();
      throw error;
    }
  }

  #lock(): Promise<Deno.FsFile> {
    return lockFile(this.path, {
      what: "Cannot lock the worktrees",
      exclusive: true,
      timeoutMs: this.#timeoutMs,
    });
  }
}

/** How a file is locked. */
export interface LockOptions {
  /** What cannot be done without the lock, for the error. */
  readonly what: string;
  /** False: beside others who do not want it for themselves alone either. */
  readonly exclusive: boolean;
  /** How long it is waited for, milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Waits for the lock of a file, which is created where it is missing; give it back by {@linkcode unlockFile}.
 *
 * @throws {WorktreeLockError} when another process does not free it in time.
 */
export async function lockFile(
  path: string,
  { what, exclusive, timeoutMs }: LockOptions,
): Promise<Deno.FsFile> {
  const file = await openLockFile(path);
  if (file.tryLockSync(exclusive)) return file;
  const granted = file.lock(exclusive).then(() => true);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => timer = setTimeout(() => resolve(false), timeoutMs));
  if (await Promise.race([granted, late]).finally(() => clearTimeout(timer))) return file;
  // The request is still pending: whenever it is granted, it is handed straight back.
  granted.then(() => unlockFile(file), () => file.close());
  throw new WorktreeLockError({
    what,
    where: path,
    why: `other omk processes have held the lock for ${timeoutMs / 1000} s`,
    fix: "see whether one of them is stopped, or try again",
  });
}

/** Locks a file if nobody holds it, without waiting; closing the result frees it. Null where somebody does. */
export async function tryLockFile(path: string): Promise<Deno.FsFile | null> {
  const file = await openLockFile(path);
  if (file.tryLockSync(true)) return file;
  file.close();
  return null;
}

/**
 * Frees a lock and closes its file. Closing alone is not enough: a child that is between its fork and its exec has a
 * copy of the handle, and with it the lock.
 */
export function unlockFile(file: Deno.FsFile): void {
  file.unlockSync();
  file.close();
}

function openLockFile(path: string): Promise<Deno.FsFile> {
  return Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
}
