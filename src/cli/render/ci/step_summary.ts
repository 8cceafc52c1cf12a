/** The summary of a job on GitHub Actions: how the run ended, in Markdown. */

import { reasonOf } from "../../../errors.ts";
import { latestGateRun } from "../../../proof/status.ts";
import { type RunState, taskAt } from "../../../scheduler/run_state.ts";
import { formatDuration } from "../duration.ts";
import { nextSteps } from "../next_steps.ts";
import { counted, cut } from "../text.ts";

/** GitHub refuses a step's summary beyond 1 MiB; this stays far below it. */
const MOST_ROWS = 500;
const CELL_COLUMNS = 300;

/** Appends the summary to the job's file; resolves with why that could not be done, if it could not. */
export async function writeStepSummary(path: string, state: RunState): Promise<string | undefined> {
  try {
    await Deno.writeTextFile(path, stepSummary(state), { append: true });
    return undefined;
  } catch (error) {
    return `The step summary could not be written to ${path}: ${reasonOf(error)}`;
  }
}

/** The summary: status, tasks that did not complete first, gates, what to do next. */
export function stepSummary(state: RunState): string {
  const { run } = state;
  const status = run.status ?? "not_ready";
  const views = state.tasks.map((_, ordinal) => ordinal)
    .filter((ordinal) => state.index.isSelected(ordinal))
    .map((ordinal) => taskAt(state, ordinal))
    .sort((a, b) => Number(a.task.state === "completed") - Number(b.task.state === "completed"));
  const done = views.filter(({ task }) => task.state === "completed").length;
  const took = formatDuration((run.finished_at ?? run.last_ts) - run.started_at);
  const good = status === "ready" || status === "passed";
  const taskRows = views.slice(0, MOST_ROWS).map(({ task }) => [
    code(task.id),
    task.state,
    task.outcome === null ? "" : formatDuration(task.outcome.duration_ms),
    String(task.attempt),
    cell(task.reason ?? ""),
  ]);
  const gateRows = (state.plan.gates ?? []).filter((gate) => gate.scope === "run").map((gate) => {
    const record = latestGateRun(state, gate.name);
    return [
      code(gate.name),
      record?.result ?? "not run",
      record === null ? "" : formatDuration(record.duration_ms),
      gate.required && !gate.allow_fail ? "yes" : "no",
      cell(record?.reason ?? ""),
    ];
  });
  return [
    `### ${good ? "✅" : "❌"} omk: ${status}`,
    "",
    `Run ${code(run.run_id)} (${cell(run.name)}): ${done} of ${
      counted(views.length, "task")
    } completed in ${took}.`,
    "",
    ...table(["task", "state", "took", "attempts", "reason"], taskRows),
    ...(views.length > MOST_ROWS ? [`and ${views.length - MOST_ROWS} more`, ""] : []),
    ...(gateRows.length === 0 ? [] : table(["gate", "result", "took", "required", "reason"], gateRows)),
    ...nextSteps(state, status).map((step) => `- ${code(step)}`),
    "",
    "",
  ].join("\n");
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(titles), line(titles.map(() => "---")), ...rows.map(line), ""];
}

/** Text of one cell: what Markdown or HTML would take for its own is escaped. */
function cell(text: string): string {
  return cut(text, CELL_COLUMNS).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(
    /[\\`*_[\]|~]/g,
    "\\$&",
  );
}

function code(text: string): string {
  return `\`${cut(text, CELL_COLUMNS).replaceAll("`", "'").replaceAll("|", "\\|")}\``;
}
