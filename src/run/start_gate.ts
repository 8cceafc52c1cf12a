/** The beginning of a gate's run within a flow: where its breaker is open, the flow waits. */

import { draft, taskSubject } from "../log/event.ts";
import type { PayloadOf } from "../log/kinds.ts";
import { breakerOf, mayRunGate } from "../scheduler/breaker.ts";
import { controllerActor } from "../scheduler/decide.ts";
import type { RunState } from "../scheduler/run_state.ts";
import type { ControllerHandle } from "./controller_handle.ts";

/** How often a flow that waits looks whether the breaker lets it through. */
const POLL_MS = 1000;

/** For each gate behind a breaker, up to which event the log was folded when one run was let through. */
const LET_THROUGH = new WeakMap<RunState, Map<string, number>>();

/** Begins a run of a gate once its breaker lets it through; resolves with false where the signal came first. */
export async function startGate(
  controller: ControllerHandle,
  started: PayloadOf<"gate_started">,
  signal: AbortSignal,
): Promise<boolean> {
  const subject = started.task_id === null ? "run" : taskSubject(started.task_id);
  let isStarted = false;
  while (true) {
    await controller.commit((state, now) => {
      isStarted = letThrough(state, started.gate, now);
      return isStarted ? [draft("gate_started", subject, controllerActor(state), started)] : [];
    });
    if (isStarted || signal.aborted) return isStarted;
    await controller.ports.clock.sleep(POLL_MS, signal);
  }
}

/** What several flows say in one commit is made of the same state: of those the first is let through. */
function letThrough(state: RunState, gate: string, now: number): boolean {
  const { run } = state;
  if (breakerOf(run, gate, now).state === "closed") return true;
  const marks = LET_THROUGH.get(state) ?? new Map<string, number>();
  LET_THROUGH.set(state, marks);
  if (!mayRunGate(run, gate, now) || marks.get(gate) === run.next_index) return false;
  marks.set(gate, run.next_index);
  return true;
}
