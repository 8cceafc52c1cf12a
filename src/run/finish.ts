/** The last part of a run: its gates side by side, then its proof, then its end. Pure. */

import { draft, type EventDraft } from "../log/event.ts";
import type { PayloadOf } from "../log/kinds.ts";
import type { GateSpec } from "../plan/spec.ts";
import { runStatus } from "../proof/status.ts";
import { controllerActor } from "../scheduler/decide.ts";
import { LOCAL_WORKER } from "../scheduler/workers.ts";
import type { RunState } from "../scheduler/run_state.ts";
import { dueGates } from "./due_gates.ts";

/**
 * The next events of a run in which no task can run any more; empty while something is being carried out, and while
 * gates wait for their breakers.
 */
export function decideFinish(state: RunState, now: number): readonly EventDraft[] {
  const { run } = state;
  if (run.phase !== "active" || run.proof_writing !== null) return [];
  if (run.tests?.lost === null && !isCutShort(state)) return [];
  const gates = dueGates(state, gatesToRun(state), now);
  if (!gates.areDone) return gates.now;
  const actor = controllerActor(state);
  const comparison = comparisonDue(state);
  if (comparison !== null) return [draft("tests_comparing", "run", actor, comparison)];
  return [
    ...stoppedWorkers(state).map((worker) =>
      draft("worker_stopped", "run", actor, { worker, reason: "no task can run any more" })
    ),
    draft("proof_writing", "run", actor, {
      status: runStatus(state),
      commit: run.head?.commit ?? null,
      tree: run.head?.tree ?? null,
    }),
  ];
}

/** The worker of the controller's own process has nothing more to do; the others say themselves when they leave. */
function stoppedWorkers({ run: { workers = [] } }: RunState): readonly string[] {
  return workers.filter(({ worker, state }) => worker === LOCAL_WORKER && state === "started")
    .map(({ worker }) => worker);
}

/** A run that was ended before its time is not judged: its gates would only delay the end. */
function gatesToRun(state: RunState): readonly GateSpec[] {
  return isCutShort(state) ? [] : (state.plan.gates ?? []).filter((gate) => gate.scope === "run");
}

function isCutShort({ run }: RunState): boolean {
  return run.cancelled || run.failure !== null || run.tampered_at !== null || run.budget_exhausted !== null;
}

/** The trees whose tests are to be compared: those of a run that nothing else keeps from being delivered. */
function comparisonDue(state: RunState): PayloadOf<"tests_comparing"> | null {
  const { run: { base, head, tests }, plan } = state;
  if (base === null || head === null || base.tree === head.tree || plan.protected === "allow") return null;
  if (tests?.head === head.tree || isCutShort(state)) return null;
  const status = runStatus(state);
  if (status !== "ready" && status !== "passed") return null;
  return { base: { commit: base.commit, tree: base.tree }, head };
}
