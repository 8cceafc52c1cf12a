/** The plain progress of a run: a line for each thing that happens, and the output of tasks as asked for. */

import type { RunEvent } from "../../log/event.ts";
import type { RunState } from "../../scheduler/run_state.ts";
import type { Output, Style } from "../output.ts";
import { formatDuration } from "./duration.ts";

/** How the output of tasks is shown: each task's at its end, or each line as it comes. */
export type OutputMode = "group" | "stream";

/** How much of a grouped output is shown where nobody failed. */
const GROUP_LINES = 200;
/** A longer line is shown in pieces: what never ends its line must not fill the memory. In UTF-16 units. */
const LINE_LENGTH = 8_192;

/** See the module. */
export class ProgressView {
  readonly #output: Output;
  readonly #mode: OutputMode;
  readonly #style: Style;
  readonly #pending = new Map<string, string>();
  readonly #groups = new Map<string, string[]>();

  constructor(output: Output, mode: OutputMode) {
    this.#output = output;
    this.#mode = mode;
    this.#style = output.style;
  }

  /** Takes output of a task's body; whole lines are shown, the rest waits. */
  taskOutput(taskId: string, attempt: number, text: string): void {
    const key = `${taskId}/${attempt}`;
    const lines = ((this.#pending.get(key) ?? "") + text).split("\n");
    const pieces = piecesOf(lines.pop() ?? "");
    this.#pending.set(key, pieces.pop() ?? "");
    for (const line of [...lines.flatMap(piecesOf), ...pieces]) this.#taskLine(taskId, key, line);
  }

  /** Shows what an event means, once the state has it. */
  event(event: RunEvent, state: RunState): void {
    if (event.kind === "retry_scheduled" || event.kind === "task_failed" || event.kind === "task_finished") {
      this.#flush(event.payload.task_id, event.payload.attempt);
    } else if (
      event.kind === "task_waiting" || (event.kind === "task_cancelled" && event.payload.attempt !== null)
    ) {
      this.#flush(event.payload.task_id, event.payload.attempt ?? 0);
    }
    const line = lineOf(event, state, this.#style);
    if (line !== undefined) this.#output.print(line);
  }

  #taskLine(taskId: string, key: string, line: string): void {
    if (this.#mode === "stream") {
      this.#output.print(`${this.#style.dim(`${taskId} |`)} ${line}`);
      return;
    }
    const group = this.#groups.get(key) ?? [];
    group.push(line);
    // The artifact has all of it; the view keeps its memory bounded.
    if (group.length > GROUP_LINES) group.shift();
    this.#groups.set(key, group);
  }

  #flush(taskId: string, attempt: number): void {
    const key = `${taskId}/${attempt}`;
    const rest = this.#pending.get(key);
    this.#pending.delete(key);
    if (rest !== undefined && rest !== "") this.#taskLine(taskId, key, rest);
    const group = this.#groups.get(key);
    this.#groups.delete(key);
    if (group === undefined) return;
    const cut = group.length === GROUP_LINES ? ` (its last ${GROUP_LINES} lines)` : "";
    this.#output.print(this.#style.dim(`  output of ${taskId}, attempt ${attempt}${cut}:`));
    for (const line of group) this.#output.print(`  ${this.#style.dim("|")} ${line}`);
  }
}

/** A line cut into pieces that can be shown; no character is torn. */
function piecesOf(line: string): string[] {
  const pieces: string[] = [];
  let from = 0;
  while (line.length - from > LINE_LENGTH) {
    const isPair = /[\ud800-\udbff]/.test(line.charAt(from + LINE_LENGTH - 1));
    const to = from + LINE_LENGTH - (isPair ? 1 : 0);
    pieces.push(line.slice(from, to));
    from = to;
  }
  pieces.push(line.slice(from));
  return pieces;
}

/** The line for an event; undefined for those that only fill the log. */
function lineOf(event: RunEvent, state: RunState, style: Style): string | undefined {
  switch (event.kind) {
    case "task_started":
      return `  ${style.blue("start")}   ${event.payload.task_id}${attemptText(event.payload.attempt)}`;
    case "task_completed": {
      const outcome = state.tasks[state.index.ordinalOf(event.payload.task_id) ?? -1]?.outcome;
      const took = outcome === null || outcome === undefined
        ? ""
        : ` in ${formatDuration(outcome.duration_ms)}`;
      const { commit } = event.payload;
      const merged = commit === null ? "nothing to merge" : `merged as ${commit.slice(0, 10)}`;
      return `  ${style.green("done")}    ${event.payload.task_id}${took}, ${merged}`;
    }
    case "retry_scheduled": {
      const wait = Math.max(0, event.payload.not_before - Date.parse(event.ts));
      const when = wait === 0 ? "at once" : `in ${formatDuration(wait)}`;
      return `  ${style.yellow("retry")}   ${event.payload.task_id} ${when}: ${event.payload.reason}`;
    }
    case "task_failed":
      return `  ${style.red("failed")}  ${event.payload.task_id}: ${event.payload.reason}`;
    case "task_blocked":
      return `  ${style.yellow("blocked")} ${event.payload.task_id}: ${event.payload.reason}`;
    case "task_waiting":
      return `  ${style.yellow("waits")}   ${event.payload.task_id}: ${event.payload.question}`;
    case "task_cancelled":
      return `  ${style.yellow("cancel")}  ${event.payload.task_id}: ${event.payload.reason}`;
    case "result_refused":
      return `  ${style.yellow("refused")} a result of ${event.payload.task_id}: ${event.payload.reason}`;
    case "merge_conflicted":
      return `  ${style.yellow("clash")}   ${event.payload.task_id} in ${event.payload.paths.join(", ")}`;
    case "gate_started":
      return `  ${style.blue("gate")}    ${gateName(event.payload)}`;
    case "gate_passed":
      return `  ${style.green("passed")}  gate ${gateName(event.payload)} in ${
        formatDuration(event.payload.duration_ms)
      }`;
    case "gate_failed":
      return `  ${style.red("failed")}  gate ${gateName(event.payload)}: ${event.payload.reason}`;
    case "gate_skipped":
      return `  ${style.yellow("skipped")} gate ${gateName(event.payload)}: ${event.payload.reason}`;
    case "attempt_pinned":
      return event.payload.set_aside
        ? `  ${
          style.yellow("aside")
        }   the worktree of ${event.payload.task_id}: not everything in it could be pinned`
        : undefined;
    case "budget_exhausted":
      return `  ${style.yellow("budget")}  the ${event.payload.budget} budget is used up: nothing new starts`;
    case "run_paused":
      return `  ${style.yellow("paused")}  ${event.payload.reason}`;
    case "run_unpaused":
      return `  ${style.blue("goes on")}`;
    case "log_tampered":
      return `  ${style.red("tampered")} event ${event.payload.at} of the log was not written by omk`;
    case "run_failed":
      return `  ${style.red("failed")}  the run: ${event.payload.detail}`;
    default:
      return undefined;
  }
}

function gateName(payload: { readonly gate: string; readonly task_id: string | null }): string {
  return payload.task_id === null ? payload.gate : `${payload.gate} of ${payload.task_id}`;
}

function attemptText(attempt: number): string {
  return attempt === 1 ? "" : ` (attempt ${attempt})`;
}
