/** A clock that moves only when nothing else can happen, or when a test says so. */

import type { Clock } from "../../src/clock.ts";

/** See the module. */
export class VirtualClock implements Clock {
  #now = Date.UTC(2026, 0, 2, 3, 4, 5);
  readonly #sleepers = new Set<
    { readonly until: number; readonly isPolling: boolean; readonly wake: () => void }
  >();

  wall(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  /** Who only polls wakes up with others, or when there is nobody else. */
  sleep(ms: number, signal?: AbortSignal, isPolling = false): Promise<void> {
    if (ms <= 0 || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = { until: this.#now + ms, isPolling, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers.delete(sleeper);
        resolve();
      }, { once: true });
    });
  }

  /** Time passes in which nobody can act. */
  pass(ms: number): void {
    this.#now += ms;
  }

  /** Moves on to the next moment at which somebody wakes up; false where nobody sleeps. */
  advance(): boolean {
    const all = [...this.#sleepers];
    const busy = all.filter(({ isPolling }) => !isPolling);
    const next = Math.min(...(busy.length > 0 ? busy : all).map(({ until }) => until));
    if (next === Infinity) return false;
    this.#now = Math.max(this.#now, next);
    for (const sleeper of this.#sleepers) {
      if (sleeper.until > this.#now) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
    return true;
  }

  /** Lets time pass, moment by moment, until `promise` settles. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const watched = promise.finally(() => settled = true);
    watched.catch(() => undefined);
    while (!settled) {
      // A macrotask: everything that can happen without time passing has happened by then.
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (!settled) this.advance();
    }
    return await watched;
  }
}
