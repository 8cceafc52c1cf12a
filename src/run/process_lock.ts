/** Locks that a process holds for its life: the kernel frees them however it ends, so none is ever left behind. */

import { OmkError } from "../errors.ts";

/** Another process is the controller of the run. */
export class ControllerLockedError extends OmkError {
  override readonly name = "ControllerLockedError";
}

/** Another run works in the directory itself. */
export class DirectoryLockedError extends OmkError {
  override readonly name = "DirectoryLockedError";
}

/** An exclusive lock on a file (flock), held until it is disposed of. */
export class ProcessLock implements Disposable {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Takes the lock at `path`, which is created where it is missing; null where another process holds it. */
  static tryTake(path: string): ProcessLock | null {
    const file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
    if (file.tryLockSync(true)) return new ProcessLock(file);
    file.close();
    return null;
  }

  /** Whether another process holds the lock at `path`. */
  static isHeld(path: string): boolean {
    try {
      using file = Deno.openSync(path, { read: true });
      if (!file.tryLockSync(true)) return true;
      file.unlockSync();
      return false;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  /** Frees the lock. */
  [Symbol.dispose](): void {
    // Closing alone would leave it to a child between its fork and its exec, which has a copy of the handle.
    this.#file.unlockSync();
    this.#file.close();
  }
}

/**
 * Makes this process the controller of a run.
 *
 * @throws {ControllerLockedError} where another process is.
 */
export function takeControllerLock(path: string, runId: string): ProcessLock {
  const lock = ProcessLock.tryTake(path);
  if (lock !== null) return lock;
  throw new ControllerLockedError({
    what: `Cannot take over run ${runId}`,
    where: path,
    why: "its controller is alive",
    fix: `watch it with omk status ${runId}, or end it with omk cancel ${runId}`,
  });
}

/**
 * Makes this run the only one that works in the directory itself (`isolation: none`).
 *
 * @throws {DirectoryLockedError} where another run does.
 */
export function takeDirectoryLock(home: string, directory: string): ProcessLock {
  const path = `${home}/directory.lock`;
  const lock = ProcessLock.tryTake(path);
  if (lock !== null) return lock;
  throw new DirectoryLockedError({
    what: "Cannot run tasks with isolation none",
    where: directory,
    why: "another run works in this directory",
    fix: "wait for it, or cancel it; omk list shows the runs",
  });
}
