/** How a run stands, on one screen for people. Pure. */

import { hasLostTests } from "../../proof/status.ts";
import { type TaskState, WAITED_FOR } from "../../scheduler/task_state.ts";
import { LOCAL_WORKER } from "../../scheduler/workers.ts";
import type { Style } from "../output.ts";
import { approvalLines } from "./approval_lines.ts";
import { formatDuration } from "./duration.ts";
import { lostTestsText } from "./lost_tests.ts";
import { verdictText } from "./show_run.ts";
import { styledStanding } from "./standing.ts";
import type { ActiveTask, GateStatus, StatusDocument, WorkerStatus } from "./status_document.ts";
import { alignColumns, counted, cut, formatBytes, shortId } from "./text.ts";

/** How many tasks in one state are shown; the rest is counted. */
const SHOWN = 12;

/** The lines of the screen. `columns` is the width of the terminal, `now` the wall clock in milliseconds. */
export function statusScreen(
  document: StatusDocument,
  style: Style,
  columns: number,
  now: number,
): readonly string[] {
  const { run_id, name, standing, elapsed_ms, finished_at } = document;
  const isInterrupted = standing === "interrupted";
  const took = isInterrupted
    ? ""
    : `${finished_at === null ? " for" : " after"} ${formatDuration(elapsed_ms)}`;
  const tasks = taskRows(document, style, now);
  return [
    `run ${style.bold(run_id)} "${cut(name, 60)}": ${style.bold(styledStanding(standing, style))}${took}`,
    ...[progressText(document), ...explanations(document, now)].map((line) => `  ${line}`),
    ...(tasks.length === 0 ? [] : ["", ...alignColumns(tasks, columns)]),
    ...approvalRows(document, style, now),
    "",
    ...alignColumns(footerRows(document, style), columns),
  ];
}

function progressText({ counts, standing }: StatusDocument): string {
  const atWork = counts.claimed + counts.running;
  const parts = [
    `${counts.completed} of ${counted(counts.selected, "task")} completed`,
    ...(atWork === 0 ? [] : [`${atWork} ${standing === "interrupted" ? "cut short" : "at work"}`]),
    ...(counts.finished === 0 ? [] : [`${counts.finished} to be merged`]),
    ...(counts.failed === 0 ? [] : [`${counts.failed} failed`]),
    ...(counts.blocked === 0 ? [] : [`${counts.blocked} blocked`]),
    ...(counts.waiting === 0 ? [] : [`${counts.waiting} waiting for somebody`]),
    ...(counts.cancelled === 0 ? [] : [`${counts.cancelled} cancelled`]),
    ...(counts.pending === 0 ? [] : [`${counts.pending} not started`]),
  ];
  return parts.join(", ");
}

/** What agents ask for, and who answers how. */
function approvalRows(
  { run, run_id, standing }: StatusDocument,
  style: Style,
  now: number,
): readonly string[] {
  const { open = [] } = run.approvals ?? {};
  if (open.length === 0 || standing === "interrupted") return [];
  return [
    "",
    ...open.flatMap((each) => approvalLines(each, now)).map((line) => `  ${line}`),
    `  ${style.dim("answer")}  omk approve ${run_id} ${open[0]?.approval} [--deny]`,
  ];
}

/** What a person should know before reading on. */
function explanations({ run, standing, controlled }: StatusDocument, now: number): readonly string[] {
  const lines: string[] = [];
  if (standing === "interrupted") {
    const pid = run.controller === null ? "" : ` (pid ${run.controller.pid})`;
    const seen = formatDuration(Math.max(0, now - run.last_ts));
    lines.push(`its omk process${pid} is gone, so nothing goes on by itself; its last event is ${seen} old`);
  }
  if (run.phase !== "finished" && run.cancel !== null && !run.cancelled) {
    lines.push(`it was asked to end: ${run.cancel.reason}`);
  }
  if (run.failure !== null) lines.push(`${run.failure.reason}: ${run.failure.detail}`);
  if (run.tampered_at !== null) lines.push(`event ${run.tampered_at} of its log was not written by omk`);
  const [violation] = run.violations;
  if (violation !== undefined) {
    lines.push(`event ${violation.index} of its log breaks a rule: ${violation.why}`);
  }
  if (run.tests !== undefined && hasLostTests(run)) {
    lines.push(lostTestsText(run.tests.lost ?? [], run.tests.lost_count));
  }
  if (run.verdict !== null) lines.push(verdictText(run.verdict));
  if (run.budget_exhausted !== null) lines.push(`the ${run.budget_exhausted.budget} budget is used up`);
  if (run.phase === "finished" && controlled) lines.push("an omk process still works on it");
  return lines.map((line) => cut(line, 200));
}

function taskRows(document: StatusDocument, style: Style, now: number): readonly (readonly string[])[] {
  const { tasks, run } = document;
  const chosen = run.selected === null ? null : new Set(run.selected);
  const inState = (state: TaskState["state"]) =>
    tasks.filter((task) => task.state === state && (chosen === null || chosen.has(task.id)));
  const rows = (
    label: string,
    list: readonly TaskState[],
    text: (task: TaskState) => string,
  ) => limited(label, list.map((task) => [`  ${label}`, task.id, text(task)]));
  const isOver = run.phase === "finished";
  const retried = isOver ? [] : inState("pending").filter((task) => task.attempt > 0);
  return [
    ...limited("running", activeRows(document, style, now)),
    ...rows("merging", inState("finished"), () => "done, to be merged"),
    ...rows(style.yellow("retry"), retried, (task) => retryText(task, now)),
    ...rows(style.red("failed"), inState("failed"), (task) => `${triesText(task)}${task.reason ?? ""}`),
    ...rows(
      style.yellow("waiting"),
      inState("waiting"),
      (task) => `for ${WAITED_FOR[task.waiting_on ?? "external"]}: ${task.reason ?? ""}`,
    ),
    ...rows(
      style.yellow("blocked"),
      inState("blocked"),
      (task) => task.reason ?? `by ${task.causes.join(", ")}`,
    ),
    ...rows(style.yellow("cancelled"), inState("cancelled"), (task) => task.reason ?? ""),
  ];
}

function activeRows(document: StatusDocument, style: Style, now: number): readonly (readonly string[])[] {
  const alive = new Set(
    document.workers.filter(({ verdict }) => verdict !== "dead").map(({ worker }) => worker),
  );
  return document.active.map((task) => {
    // What an extra worker does goes on without the omk process of the run.
    const isRemote = task.worker !== null && alive.has(task.worker);
    const isInterrupted = document.standing === "interrupted" && !isRemote;
    const label = isInterrupted ? style.yellow("cut short") : style.blue("running");
    const since = task.state === "claimed" ? "is being set up" : formatDuration(task.elapsed_ms);
    const { stalled } = document.tasks.find(({ id }) => id === task.task_id) ?? {};
    const parts = [
      ...(task.attempt > 1 || isInterrupted ? [`attempt ${task.attempt}`] : []),
      ...(task.iteration === undefined ? [] : [`iteration ${task.iteration}`]),
      ...(isInterrupted ? [] : [since]),
      ...(stalled === undefined || isInterrupted
        ? []
        : [style.yellow(`no progress for ${formatDuration(Math.max(0, now - stalled.since))}`)]),
      ...(isRemote ? [`worker ${task.worker}`] : []),
    ];
    const last = task.last_line === null ? bytesText(document, task) : `  | ${task.last_line}`;
    return [`  ${label}`, task.task_id, `${parts.join(", ")}${last}`];
  });
}

/** A task that has printed something, but no line yet that could be shown. */
function bytesText({ workers }: StatusDocument, { task_id, attempt }: ActiveTask): string {
  const told = workers.flatMap(({ tasks }) => tasks)
    .find((each) => each.task_id === task_id && each.attempt === attempt);
  return told === undefined || told.output_bytes === 0
    ? ""
    : `  (${formatBytes(told.output_bytes)} of output)`;
}

function limited(label: string, rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  if (rows.length <= SHOWN) return rows;
  return [...rows.slice(0, SHOWN), [`  ${label}`, `and ${rows.length - SHOWN} more`]];
}

function retryText(task: TaskState, now: number): string {
  const wait = (task.not_before ?? 0) - now;
  const when = wait > 0 ? `in ${formatDuration(wait)}` : "as soon as there is a worker";
  return `attempt ${task.attempt + 1} ${when}, because: ${task.reason ?? "it is to be repeated"}`;
}

function triesText(task: TaskState): string {
  return task.attempt > 1 ? `after ${task.attempt} attempts: ` : "";
}

function footerRows(document: StatusDocument, style: Style): readonly (readonly string[])[] {
  const { run, workers, active, gates, next, directory, standing } = document;
  const row = (label: string, text: string) => [`  ${style.dim(label)}`, text];
  return [
    ...(standing === "interrupted"
      ? []
      : workers.map((worker) => row("worker", workerText(worker, active, style)))),
    ...gates.map((gate) => row("gate", gateText(gate, run.phase === "finished"))),
    ...(run.head === null ? [] : [row("head", headText(document))]),
    ...run.deliveries.slice(-1).map(({ branch, commit }) =>
      row("merged", `${shortId(commit)} into ${branch.replace(/^refs\/heads\//, "")}`)
    ),
    row("files", directory),
    ...next.map((command, at) => row(at === 0 ? "next" : "", command)),
  ];
}

/** What it has in hand is told by the log: a heartbeat is some seconds old, and the first one is to come. */
function workerText(
  { worker, verdict, reason, pid, slots }: WorkerStatus,
  active: readonly ActiveTask[],
  style: Style,
): string {
  const taken = active.filter((task) => (task.worker ?? LOCAL_WORKER) === worker).length;
  const mark = verdict === "healthy" ? style.green : verdict === "dead" ? style.red : style.yellow;
  const why = reason === null ? "" : `, ${reason}`;
  return `${worker} (pid ${pid}): ${mark(verdict)}${why}, ${taken} of ${counted(slots, "place")} taken`;
}

function gateText({ gate, required, result, reason }: GateStatus, isOver: boolean): string {
  const words = {
    passed: "passed",
    failed: "failed",
    skipped: "skipped",
    running: "is running",
    not_run: isOver ? "not run" : "not run yet",
  };
  const note = required ? "" : " (not required)";
  return `${gate}${note}: ${words[result]}${reason === null ? "" : `, ${reason}`}`;
}

function headText({ run, counts }: StatusDocument): string {
  const { head, base } = run;
  if (head === null || base === null) return "";
  const from = `${shortId(base.commit)}${
    base.branch === null ? "" : ` of ${base.branch.replace(/^refs\/heads\//, "")}`
  }`;
  if (head.commit === base.commit) {
    return `${from}, as it was: nothing ${run.phase === "finished" ? "was changed" : "is merged yet"}`;
  }
  return `${shortId(head.commit)}, with the work of ${counted(counts.completed, "task")} on ${from}`;
}
