/** Whether an attempt at work is still wanted, as its controller and the worker that carries it out both see it. Pure. */

import { whyUnneeded } from "./candidates.ts";
import { findTask, type RunState } from "./run_state.ts";
import { isCurrent } from "./settle.ts";
import type { AttemptRef } from "./task_state.ts";

/** How an attempt that is not wanted any more is to end. */
export interface UnwantedEnd {
  /** `shutdown`: nobody waits for its result; `cancelled`: somebody asked for its end. */
  readonly reason: "cancelled" | "shutdown";
  /** Without grace. */
  readonly now: boolean;
}

/** Whether the run is over for what is at work, whatever becomes of it. */
export function isRunOver({ run }: RunState): boolean {
  return run.failure !== null || run.tampered_at !== null || run.phase === "finished";
}

/** How the attempt is to end; null while it is wanted. */
export function unwantedEnd(state: RunState, ref: AttemptRef): UnwantedEnd | null {
  const { run, plan, index } = state;
  if (isRunOver(state)) return { reason: "shutdown", now: false };
  const isKilling = plan.on_failure === "kill" && index.failures > 0;
  const isAskedFor = findTask(state, ref.task_id)?.task.cancel_request ?? null;
  const isUnneeded = whyUnneeded(state, ref.task_id) !== undefined;
  if (run.cancel !== null || isAskedFor !== null || isKilling || isUnneeded) {
    return { reason: "cancelled", now: false };
  }
  return isCurrent(state, ref) ? null : { reason: "shutdown", now: true };
}
