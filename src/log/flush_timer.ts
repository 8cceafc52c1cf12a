/** The second within which `batch` durability syncs what it does not sync at once. */

import type { Clock } from "../clock.ts";

const FLUSH_MS = 1000;

/** Says when a flush is due. */
export class FlushTimer {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  #running: AbortController | undefined;

  /** @param onDue called a second after the timer was started */
  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Starts the timer, unless it runs. */
  start(): void {
    if (this.#running !== undefined) return;
    const timer = new AbortController();
    this.#running = timer;
    this.#clock.sleep(FLUSH_MS, timer.signal).then(() => {
      this.#running = undefined;
      if (!timer.signal.aborted) this.#onDue();
    });
  }

  /** Stops it. */
  stop(): void {
    this.#running?.abort();
  }
}
