/** The gates of a plan with how they and their breakers stand, from the state of a run. Pure. */

import type { GateSpec } from "../plan/spec.ts";
import { breakerOf, type BreakerState } from "../scheduler/breaker.ts";
import type { GateRecord } from "../scheduler/run_record.ts";
import type { RunState } from "../scheduler/run_state.ts";

/** One gate, wherever it has run. */
export interface GateOverview {
  readonly gate: string;
  readonly scope: GateSpec["scope"];
  readonly required: boolean;
  readonly breaker: BreakerState;
  /** Failures of the machine in a row. */
  readonly infra_failures: number;
  /** When an open breaker lets one run through; run clock, milliseconds. */
  readonly half_open_at: number | null;
  readonly runs: number;
  /** Its latest run; null where there was none. */
  readonly latest: Pick<GateRecord, "result" | "reason" | "task_id" | "tree"> | null;
}

/** The gates of the plan, then those that tasks define; each once. `now`: run clock, milliseconds. */
export function gateOverviews({ plan, run }: RunState, now: number): readonly GateOverview[] {
  const specs = new Map<string, GateSpec>();
  const ofTasks = plan.tasks.flatMap(({ gates, loop }) =>
    loop === undefined ? gates : [...gates, loop.until]
  );
  for (const gate of [...plan.gates ?? [], ...ofTasks]) {
    if (!specs.has(gate.name)) specs.set(gate.name, gate);
  }
  return [...specs.values()].map(({ name, scope, required }) => {
    // What the base has is no verdict on the run: it only tells which tests there were.
    const records = run.gates.filter(({ gate, at_base }) => gate === name && at_base === undefined);
    const { state, infra_failures, half_open_at } = breakerOf(run, name, now);
    const latest = records.at(-1);
    return {
      gate: name,
      scope,
      required,
      breaker: state,
      infra_failures,
      half_open_at: state === "open" ? half_open_at : null,
      runs: records.filter(({ result }) => result !== "skipped").length,
      latest: latest === undefined
        ? null
        : { result: latest.result, reason: latest.reason, task_id: latest.task_id, tree: latest.tree },
    };
  });
}
