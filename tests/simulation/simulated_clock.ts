/** A clock that moves only when nothing else can happen; wall clock and monotonic clock can part. */

import type { Random } from "./random.ts";

interface Sleeper {
  readonly until: number;
  readonly owner: object;
  /** It only looks for news until then, and is woken along with others, or when there is nobody else. */
  readonly idleUntil: number;
  readonly wake: () => void;
}

/** See the module. All times are whole milliseconds. */
export class SimulatedClock {
  readonly #random: Random;
  readonly #sleepers = new Set<Sleeper>();
  #monotonic = 0;
  #wall = Date.UTC(2026, 0, 2, 3, 4, 5);

  /** `random` decides in which order those wake up whose time has come. */
  constructor(random: Random) {
    this.#random = random;
  }

  /** The wall clock. */
  wall(): number {
    return this.#wall;
  }

  /** Never decreases. */
  monotonic(): number {
    return this.#monotonic;
  }

  /** Sets the wall clock forward, or back. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  /** Time passes while nobody can act. */
  pass(ms: number): void {
    this.#monotonic += ms;
    this.#wall += ms;
  }

  /**
   * Waits; nobody wakes up whose owner was forgotten. Who waits for news alone may be left asleep until `idleUntil`, on
   * the monotonic clock, as long as there is none.
   */
  sleep(owner: object, ms: number, signal?: AbortSignal, idleUntil = 0): Promise<void> {
    if (ms <= 0 || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = { until: this.#monotonic + Math.ceil(ms), owner, idleUntil, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", () => {
        if (this.#sleepers.delete(sleeper)) resolve();
      }, { once: true });
    });
  }

  /** The sleepers of a process that died. */
  forget(owner: object): void {
    for (const sleeper of this.#sleepers) {
      if (sleeper.owner === owner) this.#sleepers.delete(sleeper);
    }
  }

  /** Moves on to the next moment at which somebody wakes up; `hasNews`: who looks for news counts as well. */
  advance(hasNews: boolean): void {
    let next = Infinity;
    let nextPoll = Infinity;
    for (const { until, idleUntil } of this.#sleepers) {
      nextPoll = Math.min(nextPoll, until);
      next = Math.min(next, Math.max(until, idleUntil));
    }
    const moment = hasNews || next === Infinity ? nextPoll : next;
    if (moment === Infinity) return;
    if (moment > this.#monotonic) this.pass(moment - this.#monotonic);
    const due = [...this.#sleepers].filter(({ until }) => until <= this.#monotonic);
    for (const sleeper of due.length > 1 ? this.#random.shuffled(due) : due) {
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}
