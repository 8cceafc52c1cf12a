/** How the gates of a plan stand, with the evidence for it. Pure. */

import { gateDefinition } from "../plan/gate_definition.ts";
import type { GateSpec } from "../plan/spec.ts";
import type { RunState } from "../scheduler/run_state.ts";
import type { GateEvidence, RunEvidence } from "./evidence.ts";
import type { Proof } from "./schema.ts";

/** A gate with its standing. */
export type GateEntry = Proof["gates"][number];

/** The gates of the run, then those of its tasks, in the order of the plan. */
export function gateEntries(state: RunState, evidence: RunEvidence): readonly GateEntry[] {
  const tree = state.run.head?.tree ?? null;
  const runsOf = groupByGate(evidence.gates);
  const ofRun = (state.plan.gates ?? []).filter((gate) => gate.scope === "run").map((gate) => {
    const all = runsOf(null, gate);
    return entryOf(gate, null, all, latestOf(all.filter(({ payload }) => payload.tree === tree)));
  });
  const ofTasks = state.plan.tasks.flatMap((task, ordinal) => {
    if (!state.index.isSelected(ordinal)) return [];
    return task.gates.map((gate) => {
      const all = runsOf(task.id, gate);
      return entryOf(gate, task.id, all, latestOf(all));
    });
  });
  return [...ofRun, ...ofTasks];
}

/** Gives the runs of a gate, for a task or for the run as a whole. */
function groupByGate(
  gates: readonly GateEvidence[],
): (taskId: string | null, gate: GateSpec) => readonly GateEvidence[] {
  const judging = gates.filter((each) => each.result === "skipped" || each.payload.at_base === undefined);
  const groups = Map.groupBy(judging, ({ payload }) => keyOf(payload.task_id, payload.gate));
  return (taskId, gate) => groups.get(keyOf(taskId, gate.name)) ?? [];
}

/** The last one; one that was ended before its verdict only where there is no other. */
function latestOf(runs: readonly GateEvidence[]): GateEvidence | undefined {
  return runs.findLast((each) => !wasEnded(each)) ?? runs.at(-1);
}

function wasEnded(each: GateEvidence): boolean {
  return each.result === "failed" && each.payload.ended === true;
}

function keyOf(taskId: string | null, gate: string): string {
  return `${taskId ?? ""}/${gate}`;
}

function entryOf(
  gate: GateSpec,
  task_id: string | null,
  all: readonly GateEvidence[],
  latest: GateEvidence | undefined,
): GateEntry {
  const ran = latest === undefined || latest.result === "skipped" ? null : latest.payload;
  const runs = all.filter((each) => each.result !== "skipped").length;
  return {
    name: gate.name,
    scope: gate.scope,
    task_id,
    required: gate.required,
    allow_fail: gate.allow_fail,
    definition: gateDefinition(gate),
    result: latest === undefined || wasEnded(latest) ? "not_run" : latest.result,
    reason: reasonOf(latest, runs),
    tree: latest?.payload.tree ?? null,
    commit: latest?.payload.commit ?? null,
    runs,
    ...(isFlaky(latest, all) ? { flaky: true } : {}),
    run_number: ran?.run_number ?? null,
    exit_code: ran?.exit_code ?? null,
    timed_out: ran?.timed_out ?? false,
    duration_ms: ran?.duration_ms ?? null,
    output: ran?.output?.path ?? null,
    untracked: ran?.untracked ?? [],
    counts: ran?.counts ?? null,
    ...(ran?.tests === undefined ? {} : { tests: ran.tests.path }),
    ...(ran?.reports === undefined ? {} : { reports: ran.reports.map(({ path }) => path) }),
  };
}

/** Whether it passed on a tree on which it has failed before. */
function isFlaky(latest: GateEvidence | undefined, all: readonly GateEvidence[]): boolean {
  return latest?.result === "passed" &&
    all.some((each) =>
      each.result === "failed" && !wasEnded(each) && each.payload.tree === latest.payload.tree
    );
}

function reasonOf(latest: GateEvidence | undefined, runs: number): string | null {
  if (latest === undefined) return runs === 0 ? "it did not run" : "it did not run on the delivered tree";
  return latest.result === "passed" ? null : latest.payload.reason;
}
