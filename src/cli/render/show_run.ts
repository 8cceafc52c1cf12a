/** All about a run, for people. Pure. */

import type { PayloadOf } from "../../log/kinds.ts";
import type { RunState } from "../../scheduler/run_state.ts";
import type { TaskState } from "../../scheduler/task_state.ts";
import type { AttemptHistory, AttemptRecord, GateRun } from "../../run/attempt_history.ts";
import type { Style } from "../output.ts";
import { formatDuration } from "./duration.ts";
import { type Field, fieldLines } from "./fields.ts";
import { styledStanding } from "./standing.ts";
import { alignColumns, counted, oneLine, shortId } from "./text.ts";

/** What is shown of a run beside its state. */
export interface RunView {
  readonly state: RunState;
  readonly history: AttemptHistory;
  readonly started: PayloadOf<"run_started"> | null;
  readonly standing: string;
  /** The run's files. */
  readonly directory: string;
}

/** The lines that show a run. */
export function showRun(view: RunView, style: Style, columns: number): readonly string[] {
  const { state, history, standing } = view;
  const tasks = alignColumns(state.tasks.map((task) => taskRow(task, history.of(task.id), style)), columns);
  const gates = alignColumns(history.gates.map((gate) => gateRow(gate, style)), columns);
  const retries = alignColumns(retryRows(history), columns);
  return [
    `run ${style.bold(state.run.run_id)} "${oneLine(state.run.name)}": ${
      style.bold(styledStanding(standing, style))
    }`,
    ...fieldLines(runFields(view), style, columns),
    ...part("tasks", tasks, style),
    ...part("gates", gates, style),
    ...part("retries", retries, style),
  ];
}

/** A run of a gate as a row: name, result, place, length, log. */
export function gateRow(gate: GateRun, style: Style): readonly string[] {
  const result = gate.result === "passed" ? style.green("passed") : style.red("failed");
  const note = `${gate.at_base === undefined ? "" : " at the base, for its tests"}${
    gate.required ? "" : ", not required"
  }`;
  const reason = gate.result === "failed" ? `: ${gate.reason}` : "";
  const tree = gate.tree === null ? "" : ` on tree ${shortId(gate.tree)}`;
  const counts = gate.counts === null
    ? ""
    : `, ${
      counted(gate.counts.tests, "test")
    }, ${gate.counts.failures} failed, ${gate.counts.skipped} skipped`;
  const log = gate.output === null ? "" : `, ${gate.output.path}`;
  return [
    `  ${gate.gate}`,
    `run ${gate.run_number}`,
    result,
    `in ${formatDuration(gate.duration_ms)}${tree}${note}${reason}${counts}${log}`,
  ];
}

function part(title: string, lines: readonly string[], style: Style): readonly string[] {
  return lines.length === 0 ? [] : ["", style.bold(title), ...lines];
}

function runFields({ state, started, directory, standing }: RunView): readonly Field[] {
  const { run, plan } = state;
  const { base, head, settings } = run;
  const took = (run.finished_at ?? run.last_ts) - run.started_at;
  return [
    [
      "started",
      `${timeText(run.started_at)}, ${standing === "running" ? "so far" : "took"} ${formatDuration(took)}`,
    ],
    ["plan", [
      `${counted(plan.tasks.length, "task")}${
        run.accepted === undefined ? "" : ` (${run.accepted.length} of them proposed by tasks)`
      }, ${counted(settings?.workers ?? plan.workers, "worker")}, ` +
      `on failure ${settings?.on_failure ?? plan.on_failure}, durability ${
        settings?.durability ?? plan.durability
      }`,
      `sha256 ${run.plan_digest}`,
    ]],
    ["selected", run.selected?.join(", ")],
    ["works in", run.directory],
    ["base", base === null ? "none: nothing is pinned or merged" : baseText(base)],
    ["head", head === null ? null : `${head.commit}, tree ${head.tree}`],
    [
      "merged",
      run.deliveries.map((each) =>
        `${each.commit} into ${each.branch}${each.anyway ? ", although not ready" : ""}`
      ),
    ],
    ["verdict", run.verdict === null ? null : verdictText(run.verdict)],
    ["cancelled", run.cancel?.reason],
    ["failure", run.failure === null ? null : `${run.failure.reason}: ${run.failure.detail}`],
    ["tampered", run.tampered_at === null ? null : `event ${run.tampered_at} was not written by omk`],
    ["rule broken", run.violations.map((each) => `by event ${each.index}: ${each.why}`)],
    [
      "proof",
      run.proof === null
        ? null
        : `${run.proof.status}, up to event ${run.proof.head.index}${
          run.work_since_proof ? "; work followed it" : ""
        }`,
    ],
    ["known gaps", run.known_gaps],
    ["made by", started === null ? null : versionText(started)],
    ["omk processes", run.incarnation > 1 ? `${run.incarnation}, one after the other` : null],
    ["events", `${run.next_index}`],
    ["files", directory],
  ];
}

function taskRow(task: TaskState, attempts: readonly AttemptRecord[], style: Style): readonly string[] {
  const took = attempts.reduce((sum, { outcome }) => sum + (outcome?.duration_ms ?? 0), 0);
  const changed = attempts.at(-1)?.pin?.changed.count;
  const parts = [
    ...(task.attempt === 0 ? [] : [counted(task.attempt, "attempt"), formatDuration(took)]),
    ...(changed === undefined ? [] : [counted(changed, "changed file")]),
    ...(task.state === "completed" && task.commit !== null ? [`in ${shortId(task.commit)}`] : []),
    ...(task.reason === null ? [] : [task.reason]),
  ];
  return [`  ${task.id}`, taskStateText(task.state, style), parts.join(", ")];
}

/** The state of a task in its colour. */
export function taskStateText(state: TaskState["state"], style: Style): string {
  switch (state) {
    case "completed":
      return style.green(state);
    case "failed":
      return style.red(state);
    case "claimed":
    case "running":
    case "finished":
      return style.blue(state);
    case "pending":
      return state;
    default:
      return style.yellow(state);
  }
}

function retryRows(history: AttemptHistory): readonly (readonly string[])[] {
  return history.attempts.filter((each) => each.end?.result === "repeated").map((each) => [
    `  ${each.task_id}`,
    `attempt ${each.attempt}`,
    each.end?.reason ?? "",
  ]);
}

function baseText(base: NonNullable<RunState["run"]["base"]>): string {
  const branch = base.branch === null ? "a detached HEAD" : base.branch.replace(/^refs\/heads\//, "");
  return `${base.commit} of ${branch}, tree ${base.tree}${base.snapshot ? ", with uncommitted changes" : ""}`;
}

/** What a person has decided about a run. */
export function verdictText({ accepted, by, reason }: NonNullable<RunState["run"]["verdict"]>): string {
  return `${accepted ? "accepted" : "rejected"} by ${by}: ${reason}`;
}

function versionText({ versions, containment }: PayloadOf<"run_started">): string {
  const git = versions.git === null ? "no git" : `git ${versions.git}`;
  return `omk ${versions.omk}, ${versions.runtime}, ${git}, ${versions.os}, containment ${containment}`;
}

/** A moment on the run clock as people read it: `2026-11-20 23:50:00 UTC`. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC");
}
