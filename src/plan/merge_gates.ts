/** The gates that judge merges before these are in the head of the run. */

import type { GateSpec, Plan } from "./spec.ts";

/** The gates that judge merges; empty where the plan asks for none. */
export function mergeGates({ gate_each, gates }: Pick<Plan, "gate_each" | "gates">): readonly GateSpec[] {
  return gate_each === undefined ? [] : (gates ?? []).filter(canJudgeMerges);
}

/** Whether a gate's failure may keep a merge out: it is one of those that decide whether the run is ready. */
export function canJudgeMerges(
  { scope = "run", required = true, allow_fail = false, skip = false }: {
    readonly [Field in "scope" | "required" | "allow_fail" | "skip"]?: GateSpec[Field] | undefined;
  },
): boolean {
  return scope === "run" && required && !allow_fail && !skip;
}
