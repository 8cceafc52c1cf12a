/** A gate's run within a flow, which waits for its turn, and where its breaker is open for that. */

import { draft, taskSubject } from "../log/event.ts";
import type { PayloadOf } from "../log/kinds.ts";
import type { GateSpec } from "../plan/spec.ts";
import { breakerOf, mayRunGate } from "../scheduler/breaker.ts";
import { controllerActor } from "../scheduler/decide.ts";
import type { RunState } from "../scheduler/run_state.ts";
import type { ControllerHandle } from "./controller_handle.ts";

/** How often a flow that waits looks whether the breaker lets it through. */
const POLL_MS = 1000;

/** For each gate behind a breaker, up to which event the log was folded when one run was let through. */
const LET_THROUGH = new WeakMap<RunState, Map<string, number>>();

/**
 * Begins a run of a gate once it has its turn and its breaker lets it through, and carries it out with `run`; the turn is
 * given back when that is over. Resolves with what `run` gives; with null where the signal came first.
 */
export async function startGate<Result>(
  controller: ControllerHandle,
  { pool }: GateSpec,
  started: PayloadOf<"gate_started">,
  signal: AbortSignal,
  run: () => Promise<Result>,
): Promise<Result | null> {
  const { clock } = controller.ports;
  const { task_id, gate } = started;
  const candidate = { pool, taskId: task_id, inDirectory: started.commit === null };
  while (!signal.aborted) {
    // Whoever waits for the breaker keeps nobody else from running.
    if (mayRunGate(controller.state.run, gate, clock.now())) {
      const turn = await controller.gateTurns.take(candidate, signal);
      if (turn === null) return null;
      try {
        if (await begin(controller, started)) return await run();
      } finally {
        turn[Symbol.dispose]();
      }
    }
    await clock.sleep(POLL_MS, signal);
  }
  return null;
}

/** Puts the beginning into the log, if the breaker lets it through. */
async function begin(controller: ControllerHandle, started: PayloadOf<"gate_started">): Promise<boolean> {
  const subject = started.task_id === null ? "run" : taskSubject(started.task_id);
  let isStarted = false;
  await controller.commit((state, now) => {
    isStarted = letThrough(state, started.gate, now);
    return isStarted ? [draft("gate_started", subject, controllerActor(state), started)] : [];
  });
  return isStarted;
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
