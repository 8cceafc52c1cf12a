/** Following the log of a run until nobody is left who would append more. */

import type { RunEvent } from "../log/event.ts";
import { followRunLog } from "../log/follow.ts";
import type { RunDirectory } from "../run/directory.ts";
import { ProcessLock } from "../run/process_lock.ts";

/** How often a follower of a quiet log looks whether the run still has a controller. */
const LOOK_MS = 500;

/**
 * Gives every event of a run, or those from the index `from` on, to `take`, until that returns false or nobody is left who would append more. Resolves
 * with whether the run is finished.
 */
export async function followRun(
  directory: RunDirectory,
  take: (event: RunEvent) => Promise<boolean>,
  { from = 0, signal }: { readonly from?: number; readonly signal?: AbortSignal } = {},
): Promise<boolean> {
  const end = new AbortController();
  const stop = signal === undefined ? end.signal : AbortSignal.any([end.signal, signal]);
  let isFinished = false;
  let seen = 0;
  let seenBefore = -1;
  const look = setInterval(() => {
    const isQuiet = seen === seenBefore;
    seenBefore = seen;
    if (isQuiet && !ProcessLock.isHeld(directory.controllerLock)) end.abort();
  }, LOOK_MS);
  try {
    for await (const event of followRunLog(directory.events, { from, signal: stop })) {
      seen += 1;
      if (event.kind === "run_finished") isFinished = true;
      if (event.kind === "run_resumed") isFinished = false;
      if (!await take(event)) break;
    }
  } finally {
    clearInterval(look);
  }
  return isFinished;
}
