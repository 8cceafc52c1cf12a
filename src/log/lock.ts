/**
 * The lock of a log: flock(2) on a file of its own that is never renamed.
 *
 * Two handles of one process would block each other, and a `lock()` that is pending cannot be taken back. So a
 * process has one handle per lock file, with a queue in front of it and at most one `lock()` pending on it. Who
 * gives up leaves that `lock()` pending; the next to ask awaits the same one; and a grant that nobody awaits any
 * more is handed straight back.
 */

import { basename, dirname, join } from "@std/path";
import type { Clock } from "../clock.ts";
import { LockTimeoutError, LogIoError } from "./errors.ts";
import { describeHolder } from "./lock_holder.ts";

/** How long a commit waits for the lock. */
export const LOCK_BUDGET_MS = 5000;

/** Someone in this process who waits for the lock. */
interface Waiter {
  readonly granted: () => void;
  readonly failed: (error: unknown) => void;
}

/** The one handle of this process on a lock file. */
class LockHandle {
  readonly path: string;
  readonly #file: Deno.FsFile;
  readonly #waiters: Waiter[] = [];
  #users = 0;
  #held = false;
  #pending = false;

  constructor(path: string) {
    this.path = path;
    this.#file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
  }

  addUser(): void {
    this.#users++;
  }

  /** True for the last one. */
  removeUser(): boolean {
    this.#users--;
    if (this.#users > 0) return false;
    if (!this.#pending) this.#file.close();
    return true;
  }

  tryAcquire(): boolean {
    if (this.#held || this.#pending || this.#waiters.length > 0) return false;
    this.#held = this.#file.tryLockSync(true);
    return this.#held;
  }

  wait(waiter: Waiter): void {
    this.#waiters.push(waiter);
    this.#serve();
  }

  giveUp(waiter: Waiter): void {
    const at = this.#waiters.indexOf(waiter);
    if (at >= 0) this.#waiters.splice(at, 1);
  }

  release(): void {
    this.#held = false;
    this.#file.unlockSync();
    this.#serve();
  }

  #serve(): void {
    if (this.#held || this.#pending || this.#waiters.length === 0) return;
    this.#pending = true;
    this.#file.lock(true).then(() => this.#granted(), (error) => this.#failed(error));
  }

  #granted(): void {
    this.#pending = false;
    const next = this.#waiters.shift();
    if (next !== undefined) {
      this.#held = true;
      next.granted();
      return;
    }
    this.#file.unlockSync();
    if (this.#users === 0) this.#file.close();
  }

  #failed(error: unknown): void {
    this.#pending = false;
    if (this.#users === 0) this.#file.close();
    for (const waiter of this.#waiters.splice(0)) waiter.failed(error);
  }
}

/** The handles of this process, by the real path of the lock file. */
const handles = new Map<string, LockHandle>();

/** A user's access to the lock of a log; several in one process share one handle. */
export class LogLock implements Disposable {
  readonly #handle: LockHandle;
  readonly #clock: Clock;

  private constructor(handle: LockHandle, clock: Clock) {
    this.#handle = handle;
    this.#clock = clock;
  }

  /**
   * Opens the lock file, and creates it where it is missing; its directory must exist.
   *
   * @throws {LogIoError}
   */
  static open(path: string, clock: Clock): LogLock {
    try {
      const real = join(Deno.realPathSync(dirname(path)), basename(path));
      const handle = handles.get(real) ?? new LockHandle(real);
      handles.set(real, handle);
      handle.addUser();
      return new LogLock(handle, clock);
    } catch (error) {
      throw new LogIoError(path, "lock", error);
    }
  }

  /** The lock file. */
  get path(): string {
    return this.#handle.path;
  }

  /** Takes the lock if it is free and nobody in this process waits for it. */
  tryAcquire(): boolean {
    return this.#handle.tryAcquire();
  }

  /**
   * Takes the lock, at once or within the budget, which covers the wait behind others of this process too.
   *
   * @throws {LockTimeoutError} names the holder where the system tells it.
   */
  async acquire(budgetMs: number = LOCK_BUDGET_MS): Promise<void> {
    if (this.tryAcquire()) return;
    const started = this.#clock.monotonic();
    const timer = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let isGranted = false;
    const waiter: Waiter = {
      granted() {
        isGranted = true;
        resolve();
      },
      failed: reject,
    };
    this.#handle.wait(waiter);
    try {
      await Promise.race([promise, this.#clock.sleep(budgetMs, timer.signal)]);
    } catch (error) {
      throw new LogIoError(this.path, "lock", error);
    } finally {
      timer.abort();
    }
    // Both may have come in one turn: a grant counts even if the end of the budget was seen first.
    if (isGranted) return;
    this.#handle.giveUp(waiter);
    const waited = this.#clock.monotonic() - started;
    throw new LockTimeoutError(this.path, waited, await describeHolder(this.path));
  }

  /** Gives the lock back. */
  release(): void {
    this.#handle.release();
  }

  /** Closes the file; the lock must not be held. */
  [Symbol.dispose](): void {
    if (this.#handle.removeUser()) handles.delete(this.#handle.path);
  }
}
