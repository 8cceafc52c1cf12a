/** The end of a run, told once: what failed and why, what did not run, the gates, what was made, what to do next. */

import type { RunEvent } from "../../log/event.ts";
import type { RunStatus } from "../../log/kinds.ts";
import { readRunLog } from "../../log/reader.ts";
import { latestGateRun } from "../../proof/status.ts";
import type { TaskSpec } from "../../plan/spec.ts";
import type { RunDirectory } from "../../run/directory.ts";
import { findTask, type RunState, taskAt, type TaskView } from "../../scheduler/run_state.ts";
import type { Style } from "../output.ts";
import { formatDuration } from "./duration.ts";
import { nextSteps } from "./next_steps.ts";
import { styledStanding } from "./standing.ts";
import { readTail } from "./tail.ts";
import { counted, cut, oneLine, shortId } from "./text.ts";

/** How many lines of a failed task's or gate's output are told. */
const TAIL_LINES = 10;
/** How many failed tasks are told with their output, and how many of every other kind are named. */
const TOLD = 20;
const REASON_COLUMNS = 500;

/** The lines of the summary. */
export async function runSummary(
  state: RunState,
  directory: RunDirectory,
  style: Style,
): Promise<readonly string[]> {
  const { run } = state;
  const views = state.tasks.map((_, ordinal) => ordinal)
    .filter((ordinal) => state.index.isSelected(ordinal))
    .map((ordinal) => taskAt(state, ordinal));
  const details = [
    ...await failedTasks(views, directory, style),
    ...unfinishedTasks(state, views, style),
    ...await gateLines(state, directory, style),
    ...run.known_gaps.map((gap) => `${style.yellow("gap")} ${gap}`),
  ];
  const status = run.status ?? "not_ready";
  const done = views.filter(({ task }) => task.state === "completed").length;
  const took = formatDuration((run.finished_at ?? run.last_ts) - run.started_at);
  const last = [
    `${style.bold(styledStanding(status, style))}: ${done} of ${
      counted(views.length, "task")
    } completed in ${took}`,
    `  ${STATUS_MEANING[status]}`,
    ...(run.failure === null ? [] : [`  ${oneLine(run.failure.detail)}`]),
    ...madeLines(state),
    ...nextSteps(state, status).map((step) => `  ${style.dim("next:")} ${step}`),
  ];
  return ["", ...details, ...(details.length > 0 ? [""] : []), ...last];
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

async function failedTasks(
  views: readonly TaskView[],
  directory: RunDirectory,
  style: Style,
): Promise<readonly string[]> {
  const failed = views.filter(({ task }) => task.state === "failed");
  const lines: string[] = [];
  for (const { task } of failed.slice(0, TOLD)) {
    const tries = task.attempt > 1 ? ` after ${task.attempt} attempts` : "";
    lines.push(`${style.red("failed")} ${task.id}${tries}: ${reasonText(task.reason)}`);
    lines.push(...await outputTail(directory, task.outcome?.output?.path, style));
  }
  return [...lines, ...restLine(failed.length, "failed", directory.runId)];
}

function unfinishedTasks(state: RunState, views: readonly TaskView[], style: Style): readonly string[] {
  const groups = [
    ["blocked", "blocked"],
    ["waiting", "waits"],
    ["cancelled", "cancelled"],
    ["pending", "not started"],
  ] as const;
  return groups.flatMap(([status, word]) => {
    const found = views.filter(({ task }) => task.state === status);
    return [
      ...found.slice(0, TOLD).map(({ task, spec }) =>
        `${style.yellow(word)} ${task.id}: ${
          status === "pending" ? notStartedReason(state, spec) : reasonText(task.reason)
        }`
      ),
      ...restLine(found.length, word, state.run.run_id),
    ];
  });
}

/** Why tasks are still pending at the end of a run. */
function notStartedReason(state: RunState, spec: TaskSpec): string {
  const { run, plan, index } = state;
  if (run.budget_exhausted !== null) return `the budget of ${run.budget_exhausted.budget} was used up`;
  if (run.failure !== null || run.tampered_at !== null) return "the run failed before";
  if (plan.on_failure !== "continue" && index.count("failed") > 0) {
    return `a task had failed, and on_failure is ${plan.on_failure}`;
  }
  const open = spec.dependencies.filter((id) => findTask(state, id)?.task.state !== "completed");
  return open.length === 0 ? "the run ended before" : `it waits for ${open.slice(0, TOLD).join(", ")}`;
}

async function gateLines(
  state: RunState,
  directory: RunDirectory,
  style: Style,
): Promise<readonly string[]> {
  const gates = (state.plan.gates ?? []).filter((gate) => gate.scope === "run");
  const records = gates.map((gate) => ({ gate, record: latestGateRun(state, gate.name) }));
  const outputs = records.some(({ record }) => record?.result === "failed")
    ? await gateOutputs(directory)
    : new Map<string, string>();
  const lines: string[] = [];
  for (const { gate, record } of records) {
    const name = oneLine(gate.name);
    const optional = gate.required && !gate.allow_fail ? "" : " (not required)";
    if (record === null) {
      if (!state.run.cancelled) lines.push(`${style.yellow("gate not run")} ${name}${optional}`);
    } else if (record.result === "failed") {
      lines.push(`${style.red("gate failed")} ${name}${optional}: ${reasonText(record.reason)}`);
      lines.push(...await outputTail(directory, outputs.get(gate.name), style));
    } else if (record.result === "skipped") {
      lines.push(`${style.yellow("gate skipped")} ${name}${optional}: ${reasonText(record.reason)}`);
    } else {
      lines.push(`${style.green("gate passed")} ${name}${optional} in ${formatDuration(record.duration_ms)}`);
    }
  }
  return lines;
}

/** Paths of the latest output of each gate of the run that failed: the state does not keep them. */
async function gateOutputs(directory: RunDirectory): Promise<ReadonlyMap<string, string>> {
  const paths = new Map<string, string>();
  const isFailedGate = (event: RunEvent) => event.kind === "gate_failed" && event.payload.task_id === null;
  for await (const event of readRunLog(directory.events)) {
    if (!isFailedGate(event) || event.kind !== "gate_failed" || event.payload.output === null) continue;
    paths.set(event.payload.gate, event.payload.output.path);
  }
  return paths;
}

async function outputTail(
  directory: RunDirectory,
  path: string | undefined,
  style: Style,
): Promise<readonly string[]> {
  if (path === undefined) return [];
  const tail = await readTail(`${directory.path}/${path}`, TAIL_LINES);
  return tail.map((line) => `  ${style.dim("|")} ${cut(line, REASON_COLUMNS)}`);
}

/** What the run has made, and where it is. */
function madeLines({ run, tasks }: RunState): readonly string[] {
  const { base, head } = run;
  if (base === null || head === null) return [];
  if (head.commit === base.commit) return ["  nothing was changed, so there is nothing to deliver"];
  const merged = tasks.filter((task) => task.state === "completed" && task.pin !== null).length;
  const range = `${shortId(base.commit)} ${shortId(head.commit)}`;
  return [`  work of ${counted(merged, "task")} is merged; see it: git diff --stat ${range}`];
}

function restLine(count: number, word: string, runId: string): readonly string[] {
  return count > TOLD ? [`  and ${count - TOLD} more ${word}: omk show ${runId}`] : [];
}

function reasonText(reason: string | null): string {
  return cut(reason ?? "no reason is recorded", REASON_COLUMNS);
}
