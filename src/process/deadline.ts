/** Waiting for something for a limited time. */

import type { Clock } from "../clock.ts";

/** Given as the reason of each abort: without one, the runtime makes an exception with a stack for nobody to read. */
const OVER = "over";

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
