/** The clock port: everything that waits or asks for the time does it through this. */

/** A source of time and of waits. Tests and the simulation use a virtual one. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. May jump in both directions. */
  wall(): number;
  /** Milliseconds since an arbitrary start; never decreases. */
  monotonic(): number;
  /**
   * Resolves after `ms` milliseconds, or as soon as `signal` aborts (also if it has already). Waits longer
   * than a timer can hold (2^31−1 ms) are split by the implementation.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The longest delay that a timer of the platform takes; beyond it, it fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    let left = ms;
    while (left > 0 && !signal?.aborted) {
      const step = Math.min(left, LONGEST_TIMER_MS);
      await timer(step, signal);
      left -= step;
    }
  },
};

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(id);
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const id = setTimeout(finish, ms);
    signal?.addEventListener("abort", finish);
  });
}
