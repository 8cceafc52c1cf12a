/** The end of a run: its tasks that did not complete, and why. */

import type { TaskSpec } from "../../plan/spec.ts";
import { attemptDirectory, type RunDirectory } from "../../run/directory.ts";
import { whatKeeps } from "../../scheduler/explain.ts";
import { findTask, type RunState, type TaskView } from "../../scheduler/run_state.ts";
import type { Style } from "../output.ts";
import { tailLines } from "./output_end.ts";
import type { ProofFacts } from "./proof_facts.ts";
import { counted, cut } from "./text.ts";

/** How many failed tasks are told with their output, and how many of every other kind are named. */
const TOLD = 20;
/** Reasons hold what tasks and systems print; the end shows this much of one. */
const REASON_COLUMNS = 500;

/** What the lines are made of. */
export interface EndOfTasks {
  readonly state: RunState;
  /** The tasks that the run was to run, without candidates that it did not need. */
  readonly views: readonly TaskView[];
  readonly directory: RunDirectory;
  readonly facts: ProofFacts;
  readonly style: Style;
}

/** Tasks that failed, each with the end of what it printed last, and of the gate that it failed. */
export async function failedTasks(end: EndOfTasks): Promise<readonly string[]> {
  const { views, directory, style } = end;
  const failed = views.filter(({ task }) => task.state === "failed");
  const lines: string[] = [];
  for (const view of failed.slice(0, TOLD)) {
    const { task } = view;
    const tries = task.attempt > 1 ? ` after ${counted(task.attempt, "attempt")}` : "";
    lines.push(`${style.red("failed")} ${task.id}${tries}: ${reasonText(task.reason)}`);
    for (const { path, whole } of outputsOf(end, view)) {
      lines.push(...await tailLines(`${directory.path}/${path}`, whole, style));
    }
  }
  return [...lines, ...restLine(failed.length, "failed", directory.runId)];
}

/** Tasks that were blocked, wait, were cancelled, are not merged or never started. */
export function unfinishedTasks({ state, views, style }: EndOfTasks): readonly string[] {
  const groups = [
    ["blocked", "blocked"],
    ["waiting", "waits"],
    ["cancelled", "cancelled"],
    ["finished", "not merged"],
    ["pending", "not started"],
  ] as const;
  return groups.flatMap(([status, word]) => {
    const found = views.filter(({ task }) => task.state === status);
    return [
      ...found.slice(0, TOLD).map((view) =>
        `${style.yellow(word)} ${view.task.id}: ${openReason(state, view)}`
      ),
      ...restLine(found.length, word, state.run.run_id),
    ];
  });
}

/** Text that somebody else wrote, on one line. */
export function reasonText(reason: string | null): string {
  return cut(reason ?? "no reason is recorded", REASON_COLUMNS);
}

/** The option that names a gate, as it is typed: a name may hold spaces, but nothing that a shell reads in quotes. */
export function gateOption(name: string): string {
  return name.includes(" ") ? `--gate "${name}"` : `--gate ${name}`;
}

/** The files with the output that tells why a task failed, and the command that shows all of each. */
function outputsOf(
  { state, facts }: EndOfTasks,
  { task, spec }: TaskView,
): readonly { readonly path: string; readonly whole: string }[] {
  const logs = `omk logs ${state.run.run_id} ${task.id}`;
  switch (task.outcome?.result) {
    case "gate_failed": {
      const gates = spec.gates.filter((gate) =>
        state.run.gates.findLast((each) => each.task_id === task.id && each.gate === gate.name)?.result ===
          "failed"
      );
      const own = gates.flatMap(({ name }) => {
        const path = facts.outputOf(name, task.id);
        return path === undefined ? [] : [{ path, whole: `${logs} ${gateOption(name)}` }];
      });
      // What a gate printed that refused its merge stands in no proof of the run.
      const refused = task.outcome.gate_output;
      return own.length > 0 || refused === undefined ? own : [{ path: refused, whole: logs }];
    }
    case "setup_failed":
      return [{ path: `${attemptDirectory(task.id, task.attempt)}/setup.log`, whole: logs }];
    default: {
      const path = task.outcome?.output?.path;
      return path === undefined ? [] : [{ path, whole: logs }];
    }
  }
}

function openReason(state: RunState, view: TaskView): string {
  switch (view.task.state) {
    case "pending":
      return notStartedReason(state, view.spec);
    case "finished":
      return reasonText(whatKeeps(state, view, state.run.last_ts)[0]?.text ?? null);
    default:
      return reasonText(view.task.reason);
  }
}

/** Why a task is still pending at the end of a run. */
function notStartedReason(state: RunState, spec: TaskSpec): string {
  const { run, plan, index } = state;
  const onFailure = run.settings?.on_failure ?? plan.on_failure;
  if (run.budget_exhausted !== null) return `the budget of ${run.budget_exhausted.budget} was used up`;
  if (run.failure !== null || run.tampered_at !== null) return "the run failed before";
  if (onFailure !== "continue" && index.failures > 0) {
    return `a task had failed, and on_failure is ${onFailure}`;
  }
  const { review } = spec.attempts ?? {};
  const awaited = review === undefined ? spec.dependencies : [...spec.dependencies, review];
  const open = awaited.filter((id) => findTask(state, id)?.task.state !== "completed");
  return open.length === 0 ? "the run ended before" : `it waits for ${open.slice(0, TOLD).join(", ")}`;
}

function restLine(count: number, word: string, runId: string): readonly string[] {
  return count > TOLD ? [`  and ${count - TOLD} more ${word}: omk show ${runId}`] : [];
}
