/** The gates of a run in which no task can run any more: which of them are to begin, side by side. Pure. */

import { draft, type DraftOf } from "../log/event.ts";
import type { GateSpec } from "../plan/spec.ts";
import { latestGateRun } from "../proof/status.ts";
import { mayRunGate } from "../scheduler/breaker.ts";
import { controllerActor } from "../scheduler/decide.ts";
import type { GateRecord } from "../scheduler/run_record.ts";
import type { RunState } from "../scheduler/run_state.ts";
import { gatesAtOnce } from "../scheduler/workers.ts";

type GateStep = DraftOf<"gate_started"> | DraftOf<"gate_skipped">;

/** How far the gates are. */
export interface DueGates {
  /** Those that begin now, or are skipped, in the order of the plan. */
  readonly now: readonly GateStep[];
  /** Whether all have come to their end: none runs, and none waits for its turn or its breaker. */
  readonly areDone: boolean;
}

/** What is to come of these gates of scope `run` on the head. */
export function dueGates(state: RunState, gates: readonly GateSpec[], now: number): DueGates {
  const { run } = state;
  const running = run.gates.filter((gate) => gate.result === "running");
  const beside: Pick<GateRecord, "pool">[] = [...running];
  const steps: GateStep[] = [];
  let isWaiting = false;
  for (const gate of gates) {
    if (running.some((each) => each.gate === gate.name)) continue;
    const step = nextOfGate(state, gate);
    if (step === undefined) continue;
    isWaiting = true;
    if (step.kind === "gate_started") {
      if (!mayRunGate(run, gate.name, now) || !hasRoomForGate(state, gate, beside)) continue;
      beside.push(gate);
    }
    steps.push(step);
  }
  return { now: steps, areDone: !isWaiting && running.length === 0 };
}

/**
 * Whether a gate may run beside these. No task is at work, so pools are the gates' alone; in the directory of the run
 * itself one gate would change what another sees.
 */
export function hasRoomForGate(
  state: RunState,
  { pool }: GateSpec,
  beside: readonly Pick<GateRecord, "pool">[],
): boolean {
  if (beside.length >= (state.run.head === null ? 1 : gatesAtOnce(state))) return false;
  if (pool === undefined) return true;
  return beside.filter((each) => each.pool === pool).length < (state.plan.pools[pool] ?? Infinity);
}

function nextOfGate(state: RunState, gate: GateSpec): GateStep | undefined {
  const { run } = state;
  const actor = controllerActor(state);
  const tree = run.head?.tree ?? null;
  const latest = latestGateRun(state, gate.name);
  const place = {
    gate: gate.name,
    scope: "run",
    required: gate.required,
    tree,
    commit: run.head?.commit ?? null,
    task_id: null,
  } as const;
  if (gate.skip) {
    if (latest !== null) return undefined;
    return draft("gate_skipped", "run", actor, { ...place, reason: "the plan says skip" });
  }
  const runs = run.gates.filter((each) => each.scope === "run" && each.gate === gate.name);
  const verdicts = runs.filter((each) => each.tree === tree && each.result !== "skipped" && !each.ended);
  const isDue = latest === null || latest.ended === true ||
    (latest.result === "failed" && verdicts.length <= gate.retries);
  if (!isDue) return undefined;
  return draft("gate_started", "run", actor, { ...place, run_number: runs.length + 1, token: null });
}
