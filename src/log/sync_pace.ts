/**
 * How quick the disk is: where a sync takes less than the way to another thread and back, the event loop waits for it in
 * place. On a disk with 0.16 ms per sync that way costs 0.12 ms more.
 */

/** Syncs that take less than this on average, in milliseconds, are waited for in place. */
const QUICK_MS = 1;

/**
 * How much a sync changes the average by: one that takes 4 ms makes the disk a slow one, and after one of a second it
 * takes some twenty quick ones, which hold nothing up, to make it a quick one again.
 */
const WEIGHT = 1 / 4;

/** What syncs take lately. */
export class SyncPace {
  /** In milliseconds. A disk counts as slow until some quick syncs have shown the contrary. */
  #average = QUICK_MS / WEIGHT;

  /** Whether a sync may be waited for in place: it will hardly hold the event loop up. */
  get isQuick(): boolean {
    return this.#average < QUICK_MS;
  }

  /** Notes what a sync has taken, in milliseconds, in place or not. */
  note(ms: number): void {
    this.#average += (ms - this.#average) * WEIGHT;
  }
}
