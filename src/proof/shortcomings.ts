/** What a run did not do, did not show, or leaves to a person. Pure. */

import type { RunState } from "../scheduler/run_state.ts";
import type { LostTest } from "../log/kinds.ts";
import { hasLostTests } from "./status.ts";
import { taskLists } from "./task_lists.ts";
import type { AttemptEvidence, RunEvidence } from "./evidence.ts";
import type { GateEntry } from "./gate_entries.ts";
import type { Proof } from "./schema.ts";

/** How many paths a sentence names. */
const PATHS_NAMED = 10;

/** Tasks and gates that failed. */
export function failedOf(state: RunState, gates: readonly GateEntry[]): Proof["failed"] {
  const tasks = taskLists(state).failed.map((task) => ({
    kind: "task" as const,
    name: task.id,
    required: true,
    reason: task.reason ?? "it gave no reason",
  }));
  const failed = gates.filter((gate) => gate.scope === "run" && gate.result === "failed").map((gate) => ({
    kind: "gate" as const,
    name: gate.name,
    required: gate.required && !gate.allow_fail,
    reason: gate.reason ?? "it gave no reason",
  }));
  return [...tasks, ...failed];
}

/** What nobody can rely on, because it was not done or not checked. */
export function notTestedOf(state: RunState, gates: readonly GateEntry[]): Proof["not_tested"] {
  const { open, unselected } = taskLists(state);
  const ofRun = gates.filter((gate) => gate.scope === "run");
  const items = [
    ...unselected.map((task) => ({ what: `task "${task.id}"`, reason: "it was not selected" })),
    ...open.map((task) => ({ what: `task "${task.id}"`, reason: openReason(task) })),
    ...ofRun.filter((gate) => gate.result === "skipped" || gate.result === "not_run").map((gate) => ({
      what: `gate "${gate.name}"`,
      reason: gate.reason ?? "it did not run",
    })),
  ];
  if (!ofRun.some((gate) => gate.required && !gate.allow_fail)) {
    items.push({ what: "the delivered tree", reason: "the plan has no required gate" });
  }
  return items;
}

/** Questions, and what a person must look at before the work can be used. */
export function personItemsOf(state: RunState, evidence: RunEvidence): Proof["needs_a_person"] {
  const questions = state.tasks.filter((task) => task.state === "waiting" && task.waiting_on !== "budget")
    .map((
      task,
    ) => ({
      task_id: task.id,
      what: task.reason ?? `it waits for ${task.waiting_on ?? "somebody"}`,
    }));
  return [...questions, ...lostTestItems(state), ...evidence.attempts.flatMap(lookAt)];
}

function lostTestItems({ run }: RunState): Proof["needs_a_person"] {
  if (!hasLostTests(run)) return [];
  const { lost, lost_count } = run.tests ?? { lost: null, lost_count: 0 };
  const items = (lost ?? []).slice(0, PATHS_NAMED).map((each) => ({
    task_id: null,
    what: lostTestText(each),
  }));
  const more = lost_count - items.length;
  return more > 0 ? [...items, { task_id: null, what: `${more} more tests were deleted or skipped` }] : items;
}

/** One sentence about a lost test. */
export function lostTestText({ test, change, path, gate }: LostTest): string {
  const where = path === test ? "" : path === null ? ` of gate "${gate}"` : ` in ${path}`;
  return `test "${test}"${where} ${change === "deleted" ? "was deleted" : "is not run any more"}`;
}

/** What the proof does not cover, or covers in part only. */
export function knownGapsOf(
  state: RunState,
  evidence: RunEvidence,
  changed: Proof["changed"],
): Proof["known_gaps"] {
  const gaps = [...state.run.known_gaps];
  const inPlace = state.plan.tasks.filter((spec, ordinal) =>
    spec.isolation === "none" && (state.tasks[ordinal]?.attempt ?? 0) > 0
  );
  if (inPlace.length > 0) {
    const names = named(inPlace.map((spec) => `"${spec.id}"`));
    gaps.push(`worked in the directory itself, so nothing was pinned or merged for: ${names}`);
  }
  const reused = Map.groupBy(
    state.tasks.filter((task) => task.reused !== undefined),
    ({ reused }) => reused?.run,
  );
  for (const [run, tasks] of reused) {
    gaps.push(`taken over from run ${run} and not run again: ${named(tasks.map(({ id }) => `"${id}"`))}`);
  }
  if (state.run.base?.snapshot === true) {
    gaps.push("the base holds uncommitted changes of the checkout; they are part of the delivery");
  }
  if (state.run.settings?.durability === "none") {
    gaps.push('durability "none": the log was never synced to the disk');
  }
  const { tests } = state.run;
  if (tests?.accepted_by !== undefined) {
    gaps.push(
      `${tests.accepted_by} accepted that tests are lost: ${named((tests.lost ?? []).map(lostTestText))}`,
    );
  }
  if (!changed.complete) gaps.push("not every changed path is listed; git holds the rest");
  const branches = new Set(evidence.heads.flatMap(({ branch }) => branch === null ? [] : [branch]));
  for (const branch of branches) {
    gaps.push(`the head holds what was on ${branch} besides, which is not listed as changed`);
  }
  const lost = evidence.attempts.filter((each) => each.outcome?.result === "lost").length;
  if (lost > 0) {
    gaps.push(
      `${lost} ${lost === 1 ? "attempt was" : "attempts were"} lost with the process that ran ${
        lost === 1 ? "it" : "them"
      }`,
    );
  }
  return gaps;
}

/** Gates whose pass says less than another's: the same tree has failed them before. */
export function flakyGapsOf(gates: readonly GateEntry[]): Proof["known_gaps"] {
  return gates.filter(({ flaky }) => flaky === true).map(({ name, task_id, run_number }) =>
    `gate "${name}"${
      task_id === null ? "" : ` of task "${task_id}"`
    } passed in run ${run_number}, after it had failed ` +
    "on the same tree"
  );
}

/** Up to ten items of a list, and how many more there are. */
export function named(items: readonly string[]): string {
  const more = items.length > PATHS_NAMED ? ` and ${items.length - PATHS_NAMED} more` : "";
  return items.slice(0, PATHS_NAMED).join(", ") + more;
}

function openReason(task: { readonly state: string; readonly reason: string | null }): string {
  return task.reason === null ? `it is ${task.state}` : `it is ${task.state}: ${task.reason}`;
}

function lookAt({ task_id, attempt, pin }: AttemptEvidence): Proof["needs_a_person"] {
  if (pin === null) return [];
  const items: { task_id: string; what: string }[] = [];
  if (pin.secrets.length > 0) {
    items.push({
      task_id,
      what: `attempt ${attempt} made files that seem to hold secrets: ${named(pin.secrets)}`,
    });
  }
  if (pin.unpinned.length > 0) {
    const paths = named(pin.unpinned.map((each) => `${each.path} (${each.reason})`));
    items.push({
      task_id,
      what: `attempt ${attempt} left what could not be pinned, so its slot was set aside: ${paths}`,
    });
  }
  return items;
}
