/** Waiting for something for a limited time. */

import type { Clock } from "../clock.ts";

/** Given as the reason of each abort: without one, the runtime makes an exception with a stack for nobody to read. */
const OVER = "over";

/** Settled at once: what a promise that has not settled loses a race against. */
const NOT_YET: unique symbol = Symbol("not yet");
const notYet: Promise<typeof NOT_YET> = Promise.resolve(NOT_YET);

/**
 * Resolves with the value of `promise`, or with undefined after `ms` milliseconds or once `signal` aborts,
 * whichever is first. Leaves no timer behind. Rejects as `promise` does.
 */
export async function within<T>(
  clock: Clock,
  ms: number,
  promise: Promise<T>,
  signal?: AbortSignal,
): Promise<T | undefined> {
  // A timer costs more than most of what is waited for here, so none is set for what has happened already.
  const first = await Promise.race([promise, notYet]);
  if (first !== NOT_YET) return first;
  const stop = new AbortController();
  const cancel = () => stop.abort(OVER);
  signal?.addEventListener("abort", cancel);
  if (signal?.aborted) cancel();
  try {
    return await Promise.race([promise, clock.sleep(ms, stop.signal).then(() => undefined)]);
  } finally {
    cancel();
    signal?.removeEventListener("abort", cancel);
  }
}
