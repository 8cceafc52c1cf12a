/** The plain progress of a run: a line for each thing that happens, and the output of tasks as asked for. */

import { systemClock } from "../../clock.ts";
import type { RunEvent } from "../../log/event.ts";
import type { RunState } from "../../scheduler/run_state.ts";
import type { OutputMode, Verbosity } from "../config/settings.ts";
import type { Output } from "../output.ts";
import type { RunView } from "../run_view.ts";
import { LineAssembler, NewestLines } from "./attempt_lines.ts";
import type { CiMarks } from "./ci/marks.ts";
import { detailLine, isBadNews, runEventLine } from "./run_event_line.ts";
import { runHeader } from "./run_header.ts";
import { stillRunningLine } from "./still_running.ts";

/** How often a run says what is still at work where nothing else is printed. */
const STILL_RUNNING_MS = 30_000;
/** How many lines of an attempt are kept for its end; the artifact has all of them. */
const GROUP_LINES = 500;

/** What a plain view shows, and how. */
export interface PlainViewOptions {
  readonly mode: OutputMode;
  readonly verbosity: Verbosity;
  /** Null outside of CI. */
  readonly marks: CiMarks | null;
  /** Whether what begins is shown elsewhere, so that only ends are told. */
  readonly onlyEnds?: boolean;
}

/** An attempt whose output comes in. */
interface Shown {
  readonly assembler: LineAssembler;
  readonly newest: NewestLines;
  lastOutput: number;
}

/** See the module. */
export class PlainView implements RunView {
  readonly #output: Output;
  readonly #options: PlainViewOptions;
  readonly #attempts = new Map<string, Shown>();
  /** Attempts whose last output is asked for by task. */
  readonly #current = new Map<string, Shown>();
  #lastPrinted = 0;
  /** Whether the cursor is at the start of a line; a task's own may not have ended. */
  #atLineStart = true;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(output: Output, options: PlainViewOptions) {
    this.#output = output;
    this.#options = options;
  }

  begin(state: RunState): void {
    if (this.#options.verbosity === "quiet") return;
    this.#print(runHeader(state, this.#output.style));
    this.#timer = setInterval(() => this.#tick(state), STILL_RUNNING_MS);
  }

  event(event: RunEvent, state: RunState): void {
    const { verbosity } = this.#options;
    const ended = endedAttempt(event);
    if (ended !== undefined) this.#endAttempt(ended.taskId, ended.attempt, ended.isBad);
    const { style } = this.#output;
    const isHidden = verbosity === "quiet" && !isBadNews(event) ||
      this.#options.onlyEnds === true && begins(event);
    const line = isHidden ? undefined : runEventLine(event, state, style);
    if (line !== undefined) this.#print(this.#options.marks?.foreign(line) ?? line);
    const detail = verbosity === "verbose" ? detailLine(event, style) : undefined;
    if (detail !== undefined) this.#print(this.#options.marks?.foreign(detail) ?? detail);
    this.#annotate(event);
  }

  taskOutput(taskId: string, attempt: number, text: string): void {
    const { mode } = this.#options;
    const shown = this.#shown(taskId, attempt);
    shown.lastOutput = systemClock.wall();
    if (mode === "none") return;
    if (mode === "stream") {
      const written = this.#options.marks === null ? text : this.#guardedText(text);
      this.#output.write(written);
      this.#atLineStart = written.endsWith("\n");
      this.#lastPrinted = shown.lastOutput;
      return;
    }
    this.#take(taskId, shown, shown.assembler.push(text));
  }

  note(line: string): void {
    this.#output.note(line);
  }

  end(lines: readonly string[]): void {
    this.close();
    for (const line of lines) this.#print(this.#options.marks?.foreign(line) ?? line);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #take(taskId: string, shown: Shown, lines: readonly string[]): void {
    if (this.#options.mode !== "prefix") {
      shown.newest.push(lines);
      return;
    }
    const prefix = this.#output.style.dim(`${taskId} |`);
    const marked = lines.map((line) => `${prefix} ${line}`);
    for (const line of this.#options.marks?.guarded(marked) ?? marked) this.#print(line);
  }

  #endAttempt(taskId: string, attempt: number, isBad: boolean): void {
    const key = `${taskId}/${attempt}`;
    const shown = this.#attempts.get(key);
    this.#attempts.delete(key);
    this.#current.delete(taskId);
    if (shown === undefined) return;
    this.#take(taskId, shown, shown.assembler.flush());
    const { mode, marks, verbosity } = this.#options;
    const isShown = mode === "group" ? verbosity !== "quiet" || isBad : mode === "failed" && isBad;
    const lines = shown.newest.take();
    if (!isShown || lines.length === 0) return;
    const title = `output of ${taskId}, attempt ${attempt}`;
    const { dropped } = shown.newest;
    const cutLines = dropped === 0
      ? lines
      : [`[${dropped} lines before these; all: omk logs ${taskId} --attempt ${attempt}]`, ...lines];
    if (marks !== null) {
      for (const line of marks.section(`omk-${key}`, title, cutLines, systemClock.wall())) this.#print(line);
      return;
    }
    const { style } = this.#output;
    this.#print(style.dim(`  ${title}:`));
    for (const line of cutLines) this.#print(`  ${style.dim("|")} ${line}`);
  }

  #annotate(event: RunEvent): void {
    const { marks } = this.#options;
    if (marks === null) return;
    const line = event.kind === "task_failed"
      ? marks.annotation("error", `Task ${event.payload.task_id} failed`, event.payload.reason)
      : event.kind === "gate_failed"
      ? marks.annotation("error", `Gate ${event.payload.gate} failed`, event.payload.reason)
      : event.kind === "retry_scheduled"
      ? marks.annotation("warning", `Task ${event.payload.task_id} is tried again`, event.payload.reason)
      : undefined;
    if (line !== undefined) this.#print(line);
  }

  #tick(state: RunState): void {
    const now = systemClock.wall();
    if (now - this.#lastPrinted < STILL_RUNNING_MS) return;
    const line = stillRunningLine(state, now, (taskId) => this.#current.get(taskId)?.lastOutput);
    if (line !== undefined) this.#print(line);
  }

  #shown(taskId: string, attempt: number): Shown {
    const key = `${taskId}/${attempt}`;
    const known = this.#attempts.get(key);
    if (known !== undefined) return known;
    const shown = { assembler: new LineAssembler(), newest: new NewestLines(GROUP_LINES), lastOutput: 0 };
    this.#attempts.set(key, shown);
    this.#current.set(taskId, shown);
    return shown;
  }

  /** A command has to begin a line, and the piece may begin in the middle of one. */
  #guardedText(text: string): string {
    const lines = text.replace(/\n$/, "").split("\n");
    return `${(this.#options.marks?.guarded(lines) ?? lines).join("\n")}\n`;
  }

  #print(line: string): void {
    this.#lastPrinted = systemClock.wall();
    if (!this.#atLineStart) this.#output.print();
    this.#atLineStart = true;
    this.#output.print(line);
  }
}

function begins({ kind }: RunEvent): boolean {
  return kind === "task_started" || kind === "gate_started";
}

/** The attempt that an event ends for who watches, and whether its end is bad. */
function endedAttempt(
  event: RunEvent,
): { readonly taskId: string; readonly attempt: number; readonly isBad: boolean } | undefined {
  switch (event.kind) {
    case "task_finished":
      return { taskId: event.payload.task_id, attempt: event.payload.attempt, isBad: false };
    case "retry_scheduled":
    case "task_failed":
    case "task_waiting":
      return { taskId: event.payload.task_id, attempt: event.payload.attempt, isBad: true };
    case "task_cancelled":
      return event.payload.attempt === null
        ? undefined
        : { taskId: event.payload.task_id, attempt: event.payload.attempt, isBad: true };
    default:
      return undefined;
  }
}
