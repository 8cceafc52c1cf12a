/** The status of a run: one pure function, for the run itself and for those who verify it. */

import { ExitCode } from "../errors.ts";
import type { RunStatus } from "../log/kinds.ts";
import type { GateRecord } from "../scheduler/run_record.ts";
import type { RunState } from "../scheduler/run_state.ts";

/** What the log says the run has come to; the first that applies. */
export function runStatus(state: RunState): RunStatus {
  const { run } = state;
  const selected = state.tasks.filter((_, ordinal) => state.index.isSelected(ordinal));
  const isComplete = state.tasks.every((task, ordinal) =>
    !state.index.isSelected(ordinal) || task.state === "completed" || state.index.isExcepted(ordinal)
  );
  if (run.cancelled) return "cancelled";
  if (run.failure !== null || run.tampered_at !== null || run.violations.length > 0) return "failed_infra";
  if (run.budget_exhausted !== null && !isComplete) return "needs_more_budget";
  if (selected.some((task) => task.waiting_on === "budget")) return "needs_more_budget";
  if (selected.some((task) => task.waiting_on === "human")) return "blocked_on_human";
  if (hasLostTests(run)) return "blocked_on_human";
  if (selected.some((task) => task.waiting_on === "external")) return "blocked_on_external";
  if (!isComplete) return "not_ready";
  const required = requiredGates(state);
  if (required.some((gate) => gate.record?.result !== "passed")) return "not_ready";
  return required.length > 0 && run.head !== null ? "ready" : "passed";
}

/** Whether the head has lost tests of the base, and nobody has accepted that. */
export function hasLostTests({ tests, head }: RunState["run"]): boolean {
  return tests !== undefined && tests.lost_count > 0 && tests.accepted_by === undefined &&
    tests.head === head?.tree;
}

/** A required gate of scope `run` with its latest run on the delivered tree, if it had one. */
export interface GateStanding {
  readonly gate: string;
  readonly record: GateRecord | null;
}

/** The required gates of the plan and how they stand on the delivered tree; earlier trees do not count (P7). */
export function requiredGates(state: RunState): readonly GateStanding[] {
  return (state.plan.gates ?? [])
    .filter((gate) => gate.scope === "run" && gate.required && !gate.allow_fail)
    .map((gate) => ({ gate: gate.name, record: latestGateRun(state, gate.name) }));
}

/**
 * The latest run, or skip, of a gate of scope `run` on the delivered tree; null where there was none. One that was ended
 * before its verdict is the latest only where there is no other.
 */
export function latestGateRun(state: RunState, gate: string): GateRecord | null {
  const tree = state.run.head?.tree ?? null;
  const isRun = (record: GateRecord) =>
    record.scope === "run" && record.gate === gate && record.tree === tree && record.result !== "running";
  const { gates } = state.run;
  return gates.findLast((record) => isRun(record) && !record.ended) ?? gates.findLast(isRun) ?? null;
}

/** Whether a run of a gate passed on a tree on which the gate had failed. */
export function hasFailedBefore(
  { run }: RunState,
  { result, gate, scope, task_id, tree }: GateRecord,
): boolean {
  return result === "passed" &&
    run.gates.some((each) =>
      each.result === "failed" && each.ended === undefined && each.at_base === undefined &&
      each.gate === gate && each.scope === scope && each.task_id === task_id && each.tree === tree
    );
}

/** The exit code of a run that ends with this status. */
export function exitCodeOf(status: RunStatus): ExitCode {
  switch (status) {
    case "cancelled":
      return ExitCode.INTERRUPTED;
    case "failed_infra":
      return ExitCode.FAILED_INFRA;
    case "needs_more_budget":
      return ExitCode.NEEDS_MORE_BUDGET;
    case "blocked_on_human":
    case "blocked_on_external":
      return ExitCode.BLOCKED;
    case "not_ready":
      return ExitCode.NOT_READY;
    case "ready":
    case "passed":
      return ExitCode.OK;
  }
}
