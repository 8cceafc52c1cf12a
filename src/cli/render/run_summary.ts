/** The end of a run, told once: what failed and why, what did not run, the gates, the delivery, what to do next. */

import type { RunStatus } from "../../log/kinds.ts";
import { latestGateRun } from "../../proof/status.ts";
import type { RunDirectory } from "../../run/directory.ts";
import { type RunState, taskAt, type TaskView } from "../../scheduler/run_state.ts";
import type { Style } from "../output.ts";
import { formatDuration } from "./duration.ts";
import { nextSteps } from "./next_steps.ts";
import { styledStanding } from "./standing.ts";
import { readTail } from "./tail.ts";

/** How many lines of a failed task's output are told. */
const TAIL_LINES = 10;

/** The lines of the summary. */
export async function runSummary(
  state: RunState,
  directory: RunDirectory,
  style: Style,
): Promise<readonly string[]> {
  const { run } = state;
  const selected = state.tasks.map((_, ordinal) => ordinal).filter((ordinal) =>
    state.index.isSelected(ordinal)
  );
  const views = selected.map((ordinal) => taskAt(state, ordinal));
  const lines = [""];
  for (const view of views.filter(({ task }) => task.state === "failed")) {
    lines.push(...await failedTask(view, directory, style));
  }
  for (const { task } of views) {
    if (task.state === "blocked") lines.push(`${style.yellow("blocked")} ${task.id}: ${task.reason}`);
    if (task.state === "cancelled") lines.push(`${style.yellow("cancelled")} ${task.id}: ${task.reason}`);
    if (task.state === "waiting") lines.push(`${style.yellow("waiting")} ${task.id}: ${task.reason}`);
    if (task.state === "pending") lines.push(`${style.yellow("not started")} ${task.id}`);
  }
  for (const gate of (state.plan.gates ?? []).filter((each) => each.scope === "run")) {
    const record = latestGateRun(state, gate.name);
    if (record?.result === "failed") lines.push(`${style.red("gate failed")} ${gate.name}: ${record.reason}`);
    if (record === null && !run.cancelled) lines.push(`${style.yellow("gate not run")} ${gate.name}`);
  }
  if (lines.length > 1) lines.push("");
  const done = views.filter(({ task }) => task.state === "completed").length;
  const took = formatDuration((run.finished_at ?? run.last_ts) - run.started_at);
  const status = run.status ?? "not_ready";
  lines.push(
    `${style.bold(styledStanding(status, style))}: ${done} of ${views.length} tasks completed in ${took}`,
  );
  lines.push(`  ${STATUS_MEANING[status]}`);
  if (run.failure !== null) lines.push(`  ${run.failure.detail}`);
  lines.push(...nextSteps(state, status).map((step) => `  ${style.dim("next:")} ${step}`));
  return lines;
}

const STATUS_MEANING: Readonly<Record<RunStatus, string>> = {
  ready: "every task is done, and the required gates passed on exactly the tree that is delivered",
  passed: "every task is done, but nothing is proved: no required gate ran on a delivered tree",
  not_ready: "not everything is done, or a required gate did not pass",
  blocked_on_human: "a task waits for a person",
  blocked_on_external: "a task waits for something outside",
  needs_more_budget: "the budget was used up before everything was done",
  failed_infra: "omk or the machine failed; what was done is kept",
  cancelled: "the run was cancelled; what was done is kept",
};

async function failedTask(view: TaskView, directory: RunDirectory, style: Style): Promise<readonly string[]> {
  const { task } = view;
  const tries = task.attempt > 1 ? ` after ${task.attempt} attempts` : "";
  const lines = [`${style.red("failed")} ${task.id}${tries}: ${task.reason}`];
  const path = task.outcome?.output?.path;
  if (path === undefined) return lines;
  const tail = await readTail(`${directory.path}/${path}`, TAIL_LINES);
  return [...lines, ...tail.map((line) => `  ${style.dim("|")} ${line}`)];
}
