/**
 * The lock of a log: flock(2) on a file of its own that is never renamed.
 *
 * Two handles of one process would block each other, and a `lock()` that is pending cannot be taken back. So a
 * process has one handle per lock file, with a queue in front of it and at most one `lock()` pending on it. Who
 * gives up leaves that `lock()` pending; the next to ask awaits the same one; and a grant that nobody awaits any
 * more is handed straight back.
 *
 * flock(2) is not fair: who releases it and asks again at once gets it before a sleeper has woken up. So there is a
 * turnstile before it, a lock on `events.turn`: who has to wait goes through it one at a time, and keeps it until the
 * lock is granted; and who has had the lock for a turn goes through it again. It only orders the processes that wait,
 * and keeps nobody from a free lock.
 */

import { basename, dirname, join } from "@std/path";
import type { Clock } from "../clock.ts";
import { LockTimeoutError, LogIoError } from "./errors.ts";
import { describeHolder } from "./lock_holder.ts";
import { turnstilePath } from "./log_paths.ts";

/** How long a commit waits for the lock. */
export const LOCK_BUDGET_MS = 5000;

/** How long a process may take the lock again and again while others wait, in milliseconds. */
const TURN_MS = 8;

/**
 * How long a turnstile that is not there is not looked for again, in milliseconds: each look in vain makes an exception,
 * and only the very first process that ever has to wait for this lock can come too late for it.
 */
const NO_TURNSTILE_MS = 20;

/** Someone in this process who waits for the lock. */
interface Waiter {
  readonly user: LogLock;
  readonly granted: () => void;
  readonly failed: (error: unknown) => void;
}

/** The one handle of this process on a lock file. */
class LockHandle {
  readonly path: string;
  readonly #file: Deno.FsFile;
  #turnstile: Deno.FsFile | undefined;
  /** When none was found last, by the machine's clock. */
  #turnstileMissed = -Infinity;
  readonly #waiters: Waiter[] = [];
  #users = 0;
  #held = false;
  /** The file is locked, and anybody of this process may have the lock without another system call. */
  #parked = false;
  /** Who had the lock last. */
  #last: LogLock | undefined;
  #pending = false;
  /** When this process has last gone through the turnstile, by the machine's clock. */
  #turnStarted = -Infinity;

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
    if (!this.#pending) this.#close();
    return true;
  }

  /** Whether the lock should be given back, where others may wait for it. */
  get isTurnOver(): boolean {
    return this.#waiters.length > 0 || performance.now() - this.#turnStarted > TURN_MS;
  }

  tryAcquire(user: LogLock): boolean {
    if (this.#held || this.#pending || this.#waiters.length > 0) return false;
    if (!this.#parked && !(this.#mayTry() && this.#file.tryLockSync(true))) return false;
    this.#take(user);
    return true;
  }

  /** Takes the lock back if it is parked, and nobody else has had it since. */
  tryResume(user: LogLock): boolean {
    if (!this.#parked || this.#last !== user) return false;
    this.#take(user);
    return true;
  }

  #take(user: LogLock): void {
    this.#held = true;
    this.#parked = false;
    this.#last = user;
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
    this.#parked = false;
    this.#file.unlockSync();
    this.#serve();
  }

  park(): void {
    this.#held = false;
    this.#parked = true;
  }

  unpark(): void {
    if (this.#parked) this.release();
  }

  /** False where another process is waiting and this one has had its turn. */
  #mayTry(): boolean {
    const now = performance.now();
    if (now - this.#turnStarted <= TURN_MS) return true;
    const turnstile = this.#openTurnstile(false);
    if (turnstile !== undefined) {
      if (!turnstile.tryLockSync(true)) return false;
      turnstile.unlockSync();
    }
    this.#turnStarted = now;
    return true;
  }

  #serve(): void {
    if (this.#held || this.#parked || this.#pending || this.#waiters.length === 0) return;
    this.#pending = true;
    this.#queue().then(() => this.#granted(), (error) => this.#failed(error));
  }

  /** Waits for the lock, in turn with other processes. */
  async #queue(): Promise<void> {
    const turnstile = this.#openTurnstile(true);
    await turnstile?.lock(true);
    try {
      await this.#file.lock(true);
    } finally {
      turnstile?.unlockSync();
    }
    this.#turnStarted = performance.now();
  }

  /** The turnstile, which the first process that has to wait creates. */
  #openTurnstile(create: boolean): Deno.FsFile | undefined {
    const mayLook = create || performance.now() - this.#turnstileMissed > NO_TURNSTILE_MS;
    if (this.#turnstile === undefined && mayLook) {
      try {
        const options = create ? { read: true, write: true, create, mode: 0o600 } : { read: true };
        this.#turnstile = Deno.openSync(turnstilePath(this.path), options);
      } catch {
        // Where there is none, nobody waits; where it cannot be, the lock is not fair, and as safe as ever.
        this.#turnstileMissed = performance.now();
      }
    }
    return this.#turnstile;
  }

  #granted(): void {
    this.#pending = false;
    const next = this.#waiters.shift();
    if (next !== undefined) {
      this.#take(next.user);
      next.granted();
      return;
    }
    this.#file.unlockSync();
    if (this.#users === 0) this.#close();
  }

  #failed(error: unknown): void {
    this.#pending = false;
    if (this.#users === 0) this.#close();
    for (const waiter of this.#waiters.splice(0)) waiter.failed(error);
  }

  #close(): void {
    this.#file.close();
    this.#turnstile?.close();
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

  /** Whether it is time to give the lock back, since others may wait for it. */
  get isTurnOver(): boolean {
    return this.#handle.isTurnOver;
  }

  /** Takes the lock if it is free and nobody in this process waits for it. */
  tryAcquire(): boolean {
    return this.#handle.tryAcquire(this);
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
      user: this,
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

  /**
   * Leaves the lock to others of this process, and keeps it from other processes, for the case that it is wanted again
   * at once. {@linkcode LogLock.unpark} must follow within the same turn of the event loop.
   */
  park(): void {
    this.#handle.park();
  }

  /** Takes the lock that was parked, if nobody else has had it since: then nothing has been written. */
  tryResume(): boolean {
    return this.#handle.tryResume(this);
  }

  /** Gives the lock back if it is parked. */
  unpark(): void {
    this.#handle.unpark();
  }

  /** Closes the file; the lock must not be held. */
  [Symbol.dispose](): void {
    if (this.#handle.removeUser()) handles.delete(this.#handle.path);
  }
}
