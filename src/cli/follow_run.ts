/** Following the log of a run until nobody is left who would append more. */

import type { RunEvent } from "../log/event.ts";
import { followRunLog } from "../log/follow.ts";
import { readRunLog } from "../log/reader.ts";
import type { RunDirectory } from "../run/directory.ts";
import { ProcessLock } from "../run/process_lock.ts";

/** How often a follower of a quiet log looks whether the run still has a controller. */
const LOOK_MS = 500;

/**
 * Gives every event of a run, or those from the index `from` on, to `take`, until that returns false or nobody is left
 * who would append more. Resolves with whether the run is finished. `lookMs` says how often it looks for that.
 */
export async function followRun(
  directory: RunDirectory,
  take: (event: RunEvent) => Promise<boolean>,
  { from = 0, signal, lookMs = LOOK_MS }: {
    readonly from?: number;
    readonly signal?: AbortSignal;
    readonly lookMs?: number;
  } = {},
): Promise<boolean> {
  const end = new AbortController();
  const stop = signal === undefined ? end.signal : AbortSignal.any([end.signal, signal]);
  let isFinished = false;
  let isWanted = true;
  let next = from;
  let nextBefore = -1;
  const look = setInterval(() => {
    const isQuiet = next === nextBefore;
    nextBefore = next;
    if (isQuiet && !ProcessLock.isHeld(directory.controllerLock)) end.abort();
  }, lookMs);
  const hand = async (event: RunEvent): Promise<boolean> => {
    next = event.index + 1;
    if (event.kind === "run_finished") isFinished = true;
    if (event.kind === "run_resumed") isFinished = false;
    return isWanted = await take(event);
  };
  try {
    for await (const event of followRunLog(directory.events, { from, signal: stop })) {
      if (!await hand(event)) break;
    }
  } finally {
    clearInterval(look);
  }
  if (isWanted && end.signal.aborted && signal?.aborted !== true) {
    // Who reads slowly, or on a busy machine, has not seen yet what the controller wrote before it ended.
    for await (const event of readRunLog(directory.events, { from: next })) {
      if (!await hand(event)) break;
    }
  }
  return isFinished;
}
