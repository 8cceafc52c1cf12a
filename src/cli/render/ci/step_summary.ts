/** The summary of a job on GitHub Actions: how the run ended, in Markdown. */

import { reasonOf } from "../../../errors.ts";
import { latestGateRun } from "../../../proof/status.ts";
import { type RunState, taskAt } from "../../../scheduler/run_state.ts";
import { formatDuration } from "../duration.ts";
import { nextSteps } from "../next_steps.ts";
import { counted, cut } from "../text.ts";

/** GitHub drops all that a step has written beyond 1 MiB; the rest of it is left for what ends the summary. */
const MOST_BYTES = 1024 * 1024 - 16 * 1024;
/** More rows than this are read by nobody. */
const MOST_ROWS = 500;
const CELL_COLUMNS = 300;

/** Appends the summary to the job's file; resolves with why that could not be done, if it could not. */
export async function writeStepSummary(path: string, state: RunState): Promise<string | undefined> {
  try {
    using file = await Deno.open(path, { append: true, create: true });
    const { size } = await file.stat();
    const bytes = new TextEncoder().encode(stepSummary(state, MOST_BYTES - size));
    for (let from = 0; from < bytes.length;) from += await file.write(bytes.subarray(from));
    return undefined;
  } catch (error) {
    return `The step summary could not be written to "${path}": ${reasonOf(error)}`;
  }
}

/**
 * The summary: status, tasks that did not complete first, gates, what to do next. Rows that do not fit into `room`
 * bytes are counted instead.
 */
export function stepSummary(state: RunState, room = MOST_BYTES): string {
  const { run } = state;
  const status = run.status ?? "not_ready";
  const views = state.tasks.map((_, ordinal) => ordinal)
    .filter((ordinal) => state.index.isSelected(ordinal))
    .map((ordinal) => taskAt(state, ordinal))
    .sort((a, b) => Number(a.task.state === "completed") - Number(b.task.state === "completed"));
  const done = views.filter(({ task }) => task.state === "completed").length;
  const took = formatDuration((run.finished_at ?? run.last_ts) - run.started_at);
  const good = status === "ready" || status === "passed";
  const tasks = views.slice(0, MOST_ROWS).map(({ task }) => [
    code(task.id),
    task.state,
    task.outcome === null ? "" : formatDuration(task.outcome.duration_ms),
    String(task.attempt),
    cell(task.reason ?? ""),
  ]);
  const gates = (state.plan.gates ?? []).filter((gate) => gate.scope === "run").map((gate) => {
    const record = latestGateRun(state, gate.name);
    return [
      code(gate.name),
      record?.result ?? "not run",
      record === null ? "" : formatDuration(record.duration_ms),
      gate.required && !gate.allow_fail ? "yes" : "no",
      cell(record?.reason ?? ""),
    ];
  });
  const text = new BoundedText(room);
  text.add(`### ${good ? "✅" : "❌"} omk: ${status}`, "");
  text.add(
    `Run ${code(run.run_id)} (${cell(run.name)}): ${done} of ${
      counted(views.length, "task")
    } completed in ${took}.`,
  );
  // Gates are few, so they keep their place whatever the tasks need.
  text.addTable(["gate", "result", "took", "required", "reason"], gates.slice(0, MOST_ROWS), gates.length);
  text.addTable(["task", "state", "took", "attempts", "reason"], tasks, views.length);
  text.add(
    "",
    ...nextSteps(state, status).map(({ command, purpose }) => `- ${code(command)}: ${purpose}`),
    "",
  );
  return text.toString();
}

/** Lines up to a number of bytes. */
class BoundedText {
  readonly #lines: string[] = [];
  #room: number;

  constructor(room: number) {
    this.#room = room;
  }

  add(...lines: readonly string[]): void {
    for (const line of lines) {
      this.#lines.push(line);
      this.#room -= bytesOf(line);
    }
  }

  /** Adds the rows that there is room for, and says how many of `total` are left out. */
  addTable(titles: readonly string[], rows: readonly (readonly string[])[], total: number): void {
    if (rows.length === 0) return;
    this.add("", rowOf(titles), rowOf(titles.map(() => "---")));
    let added = 0;
    for (const row of rows.map(rowOf)) {
      if (bytesOf(row) > this.#room) break;
      this.add(row);
      added += 1;
    }
    if (added < total) this.add("", `and ${total - added} more`);
  }

  toString(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}

function rowOf(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** The bytes of a line with its end. */
function bytesOf(line: string): number {
  return new TextEncoder().encode(line).length + 1;
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
