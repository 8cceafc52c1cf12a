/** All about a task of a run, for people. Pure. */

import type { AttemptOutcome } from "../../log/kinds.ts";
import { findingText } from "../../log/review_finding.ts";
import { type Command, type LoopSpec, promptOf, type ReviewSpec, type TaskSpec } from "../../plan/spec.ts";
import type { TaskView } from "../../scheduler/run_state.ts";
import type { ProposedBy } from "../../scheduler/task_state.ts";
import type { AttemptRecord } from "../../run/attempt_history.ts";
import type { Style } from "../output.ts";
import { formatDuration } from "./duration.ts";
import { type Field, fieldLines, firstOf } from "./fields.ts";
import { gateRow, taskStateText } from "./show_run.ts";
import { counted, formatBytes, oneLine, shortId } from "./text.ts";

/** Paths of one kind that are listed; the rest is counted. */
const PATHS_SHOWN = 30;

/** The lines that show a task with all its attempts. */
export function showTask(
  { spec, task }: TaskView,
  attempts: readonly AttemptRecord[],
  runId: string,
  style: Style,
  columns: number,
): readonly string[] {
  const name = spec.name === spec.id ? "" : ` "${oneLine(spec.name)}"`;
  return [
    `task ${style.bold(spec.id)}${name} of run ${runId}: ${taskStateText(task.state, style)}`,
    ...fieldLines(
      [
        ["reason", task.reason],
        ["blocked by", joined(task.causes)],
        ["proposed by", proposerText(task.proposed_by)],
        ...specFields(spec),
      ],
      style,
      columns,
    ),
    ...(task.outputs.length === 0
      ? []
      : fieldLines([["kept outputs", task.outputs.map(outputText)]], style, columns)),
    ...attempts.flatMap((attempt) => ["", ...attemptLines(attempt, style, columns)]),
    ...(attempts.length === 0 ? ["", "no attempt yet"] : []),
  ];
}

function proposerText(by: ProposedBy | undefined): string | null {
  return by === undefined ? null : `${by.task_id}, attempt ${by.attempt}`;
}

function specFields(spec: TaskSpec): readonly Field[] {
  const { retry_policy: retry, trigger_rule } = spec;
  return [
    ["description", spec.description?.split("\n")],
    ["runs", spec.run === undefined ? null : commandText(spec.run).split("\n")],
    ["repeats", spec.loop?.run === undefined ? null : commandText(spec.loop.run).split("\n")],
    ["until", spec.loop === undefined ? null : untilText(spec.loop)],
    ["prompt", promptOf(spec)?.split("\n")],
    ["reviews", spec.review === undefined ? null : reviewedText(spec.review)],
    ["directory", spec.cwd === "" ? null : spec.cwd],
    ["isolation", spec.isolation],
    ["after", spec.dependencies.length === 0 ? null : `${spec.dependencies.join(", ")} (${trigger_rule})`],
    ["writes", spec.write_set === null ? null : joined(spec.write_set) ?? "nothing"],
    ["reads", joined(spec.read_set)],
    ["outputs", joined(spec.outputs)],
    ["gates", joined(spec.gates.map((gate) => gate.name))],
    ["pool", spec.pool],
    ["priority", spec.priority === 0 ? null : String(spec.priority)],
    ["time limit", formatDuration(spec.timeout_secs * 1000)],
    ["retries", retry.max_attempts === 0 ? "none" : `up to ${retry.max_attempts}`],
    ["criteria", spec.acceptance_criteria],
  ];
}

function untilText({ until, max_iterations }: LoopSpec): string {
  return `gate ${until.name} passes, at most ${counted(max_iterations, "time")}`;
}

function reviewedText({ of, rubric, max_rounds, picks_for }: ReviewSpec): string {
  if (picks_for !== undefined) {
    return `${of.join(", ")} by the rubric ${rubric.name}, picks one for ${picks_for}`;
  }
  return `${of.join(", ")} by the rubric ${rubric.name}, sends back at most ${counted(max_rounds, "time")}`;
}

function reviewLines(
  { review, round, verdict, findings }: AttemptRecord["reviews"][number],
): readonly string[] {
  return [
    `${review.task_id}, round ${round}: ${verdict}`,
    ...findings.map((each) => `  ${each.severity}: ${findingText(each)}`),
  ];
}

function iterationLine({ iteration = 0, ref, commit, changed }: AttemptRecord["iterations"][number]): string {
  return `${iteration}: ${
    ref === null || commit === null
      ? "nothing was changed"
      : `${counted(changed.count, "path")} in ${ref} (${shortId(commit)})`
  }`;
}

function attemptLines(attempt: AttemptRecord, style: Style, columns: number): readonly string[] {
  const { outcome, end, pin } = attempt;
  const ended = end === null ? (outcome === null ? "at work" : "being merged") : end.result;
  const reason = end?.reason ?? null;
  const fields: readonly Field[] = [
    ["why", reason],
    ["body", outcome === null ? null : outcomeText(outcome)],
    ["picks", outcome?.pick === undefined ? null : `${outcome.pick.task_id}: ${outcome.pick.why}`],
    [
      "reported",
      outcome?.reported === undefined
        ? null
        : [outcome.reported.status, outcome.reported.summary, outcome.reported.question].filter(isText),
    ],
    ["time", timesText(attempt)],
    ["process", attempt.pid === null ? null : `pid ${attempt.pid}, worker ${attempt.worker}`],
    ["worktree", attempt.slot],
    ["base", attempt.base],
    ["output", outputFileText(attempt)],
    ["iterations", attempt.iterations.map(iterationLine)],
    ["pin", pin === null ? null : pinText(pin)],
    ["changed", pin === null ? null : changedLines(pin.changed)],
    [
      "by-products",
      pin?.by_products.map((each) =>
        `${each.top}: ${counted(each.files, "file")}, ${formatBytes(each.bytes)}`
      ),
    ],
    ["not pinned", pin?.unpinned.map((each) => `${each.path}: ${each.reason.replaceAll("_", " ")}`)],
    ["set aside", pin?.set_aside === true ? "its worktree is kept as it is" : null],
    ["secrets", pin === null ? null : firstOf(pin.secrets, PATHS_SHOWN)],
    [
      "conflicts",
      attempt.conflicts.map(({ head, paths, diffs }) =>
        `with ${shortId(head)} in ${paths.join(", ")}${diffs === undefined ? "" : `: ${diffs}`}`
      ),
    ],
    ["merged as", attempt.commit],
    ["reviews", attempt.reviews.flatMap(reviewLines)],
    ["gates", attempt.gates.map((gate) => gateRow(gate, style).join(" ").trim())],
  ];
  return [`${style.bold(`attempt ${attempt.attempt}`)}: ${ended}`, ...fieldLines(fields, style, columns)];
}

function outcomeText(outcome: AttemptOutcome): string {
  const parts = [
    outcome.result.replaceAll("_", " "),
    ...(outcome.exit_code === null ? [] : [`exit code ${outcome.exit_code}`]),
    ...(outcome.signal === null ? [] : [outcome.signal]),
    `after ${formatDuration(outcome.duration_ms)}`,
    ...(outcome.strays_ended === 0 ? [] : [`${counted(outcome.strays_ended, "stray process")} ended`]),
    ...(outcome.proven_dead ? [] : ["something of it may still be alive"]),
    ...(outcome.detail === undefined ? [] : [outcome.detail]),
  ];
  return parts.join(", ");
}

function timesText({ claimed_at, started_at, ended_at }: AttemptRecord): string {
  const clock = (ts: string) => ts.slice(11, 23);
  const start = started_at === null ? "" : `, started ${clock(started_at)}`;
  const end = ended_at === null ? "" : `, ended ${clock(ended_at)}`;
  return `claimed ${claimed_at.slice(0, 10)} ${clock(claimed_at)}${start}${end} UTC`;
}

function outputFileText({ output, outcome }: AttemptRecord): string | null {
  const artifact = outcome?.output ?? null;
  if (artifact === null) return output;
  const cut = artifact.truncated ? `, cut from ${formatBytes(artifact.bytes)}` : "";
  return `${artifact.path}, ${formatBytes(artifact.kept_bytes)}${cut}`;
}

/** The ref, and the commit beside it: where there are very many refs, this one has been gathered with others. */
function pinText({ ref, commit }: NonNullable<AttemptRecord["pin"]>): string {
  return ref === null || commit === null ? "nothing was changed" : `${ref} (${shortId(commit)})`;
}

function changedLines({ count, paths }: NonNullable<AttemptRecord["pin"]>["changed"]): readonly string[] {
  const lines = paths.slice(0, PATHS_SHOWN).map(({ path, change }) => `${change} ${path}`);
  return count > lines.length ? [...lines, `and ${count - lines.length} more`] : lines;
}

function outputText({ path, bytes, sha256 }: { path: string; bytes: number; sha256: string }): string {
  return `${path}, ${formatBytes(bytes)}, sha256 ${shortId(sha256)}`;
}

function commandText(command: Command): string {
  return typeof command === "string" ? command : command.map((part) => JSON.stringify(part)).join(" ");
}

function joined(items: readonly string[]): string | null {
  return items.length === 0 ? null : items.join(", ");
}

function isText(text: string | undefined): text is string {
  return text !== undefined;
}
