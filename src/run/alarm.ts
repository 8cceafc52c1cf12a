/** Wakes the controller when time alone decides; one timer for many turns. */

import type { Clock } from "../clock.ts";

/** Given as the reason of an abort: without one, the runtime makes an exception with a stack for nobody to read. */
const OVER = "over";

/** See the module. */
export class Alarm implements Disposable {
  readonly #clock: Pick<Clock, "sleep">;
  readonly #ring: () => void;
  #set: { readonly at: number; readonly stop: AbortController } | null = null;

  /** `ring` may be called without need, and must bear it. */
  constructor(clock: Pick<Clock, "sleep">, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /**
   * Rings at `at` on a clock that shows `now`, both in milliseconds; Infinity: never. An alarm that is set for earlier
   * stays: to ring once without need costs less than a timer for each turn.
   */
  ringAt(at: number, now: number): void {
    if (at === Infinity || (this.#set !== null && this.#set.at <= at)) return;
    this.#set?.stop.abort(OVER);
    const set = this.#set = { at, stop: new AbortController() };
    void this.#clock.sleep(Math.max(0, at - now), set.stop.signal).then(() => {
      if (this.#set !== set) return;
      this.#set = null;
      this.#ring();
    });
  }

  /** Never rings again, unless it is set again. */
  [Symbol.dispose](): void {
    const set = this.#set;
    this.#set = null;
    set?.stop.abort(OVER);
  }
}
