/** What tasks print, as `--output` says: each attempt's in one piece at its end, line by line, as it comes, or not. */

import { reasonOf } from "../../errors.ts";
import type { RunEvent } from "../../log/event.ts";
import type { RunDirectory } from "../../run/directory.ts";
import type { RunState } from "../../scheduler/run_state.ts";
import type { OutputMode } from "../config/settings.ts";
import type { Style } from "../output.ts";
import { artifactLines } from "./artifact_lines.ts";
import { LineAssembler, NewestLines } from "./attempt_lines.ts";
import type { CiMarks } from "./ci/marks.ts";
import { type AttemptEnd, attemptEnd } from "./attempt_end.ts";
import type { LinePrinter } from "./line_printer.ts";
import { colouredLine, counted, formatBytes, padTo } from "./text.ts";

/** What is kept of each attempt until its end, in UTF-16 units; of one that prints more, the artifact is read then. */
const KEPT_LENGTH = 64 * 1024;
/** Ids longer than this do not move the output of all the others to the right. */
const MOST_PREFIX_COLUMNS = 24;
/** The colours that tell tasks apart; red is for failures. */
const TASK_COLOURS = ["cyan", "magenta", "yellow", "blue", "green"] as const;

/** Which output is shown, and how. */
export interface TaskOutputOptions {
  readonly mode: OutputMode;
  /** Only the output of what has failed for good, at its end. */
  readonly quiet: boolean;
  /** Null outside of CI. */
  readonly marks: CiMarks | null;
  readonly style: Style;
  /** The wall clock, milliseconds. */
  readonly now: () => number;
}

/** An attempt that has printed something. */
interface Shown {
  readonly assembler: LineAssembler;
  readonly newest: NewestLines;
  readonly since: number;
  last: number;
  /** Whether its start was told. */
  isStarted: boolean;
  /** What it printed before that, where that is not held back anyway. */
  early: string;
}

/** See the module. */
export class TaskOutput {
  readonly #printer: LinePrinter;
  readonly #options: TaskOutputOptions;
  /** By task: a task has one attempt at a time. */
  readonly #attempts = new Map<string, Shown & { readonly attempt: number }>();
  #run: { readonly state: RunState; readonly directory: RunDirectory; readonly columns: number } | undefined;

  constructor(printer: LinePrinter, options: TaskOutputOptions) {
    this.#printer = printer;
    this.#options = options;
  }

  /** The run has begun; what attempts print is in files of its directory too. */
  begin(state: RunState, directory: RunDirectory): void {
    const columns = state.tasks.reduce(
      (most, { id }, ordinal) => state.index.isSelected(ordinal) ? Math.max(most, id.length) : most,
      0,
    );
    this.#run = { state, directory, columns: Math.min(MOST_PREFIX_COLUMNS, columns) };
  }

  /** Takes what an attempt prints. */
  take(taskId: string, attempt: number, text: string): void {
    const shown = this.#shown(taskId, attempt);
    shown.last = this.#options.now();
    const isAtOnce = this.#options.mode === "prefix" || this.#options.mode === "stream";
    // A process may print before the log says that it was started; the bound is for a log that has to wait.
    if (isAtOnce && !shown.isStarted && shown.early.length < KEPT_LENGTH) shown.early += text;
    else {
      this.#showEarly(taskId, shown);
      this.#show(taskId, shown, text);
    }
  }

  /** The start of an attempt was told. */
  started(taskId: string, attempt: number): void {
    const shown = this.#shown(taskId, attempt);
    shown.isStarted = true;
    this.#showEarly(taskId, shown);
  }

  /** When the current attempt of a task last printed something, or was started; undefined where neither was told. */
  lastOutput(taskId: string): number | undefined {
    return this.#attempts.get(taskId)?.last;
  }

  /** Shows what was held back of an attempt that an event ends. */
  event(event: RunEvent): void {
    const end = attemptEnd(event);
    const shown = end === undefined ? undefined : this.#attempts.get(end.taskId);
    if (end === undefined || shown === undefined || shown.attempt !== end.attempt) return;
    this.#attempts.delete(end.taskId);
    this.#showEarly(end.taskId, shown);
    this.#takeLines(end.taskId, shown, shown.assembler.flush());
    if (this.#isShown(end)) this.#printGroup(end, shown);
  }

  #showEarly(taskId: string, shown: Shown): void {
    const { early } = shown;
    shown.early = "";
    if (early !== "") this.#show(taskId, shown, early);
  }

  #show(taskId: string, shown: Shown, text: string): void {
    const { mode, marks } = this.#options;
    if (mode === "stream" && marks === null) this.#printer.write(text);
    else if (mode !== "none") this.#takeLines(taskId, shown, shown.assembler.push(text));
  }

  #takeLines(taskId: string, shown: Shown, lines: readonly string[]): void {
    if (lines.length === 0) return;
    const { mode, marks } = this.#options;
    if (mode === "stream") this.#printer.print(marks?.guarded(lines) ?? lines);
    else if (mode === "prefix") this.#printer.print(this.#prefixed(taskId, lines));
    else shown.newest.push(lines);
  }

  /** A line that begins with the task is no command for a CI system, but for the marks within it. */
  #prefixed(taskId: string, lines: readonly string[]): readonly string[] {
    const { style, marks } = this.#options;
    const ordinal = this.#run?.state.index.ordinalOf(taskId) ?? 0;
    const colour = TASK_COLOURS[ordinal % TASK_COLOURS.length] ?? "cyan";
    const prefix = style[colour](`${padTo(taskId, this.#run?.columns ?? 0)} |`);
    return lines.map((line) => {
      const shown = colouredLine(line);
      return besides(prefix, marks?.foreign(shown) ?? shown);
    });
  }

  #isShown({ isFailure, isFinal }: AttemptEnd): boolean {
    const { mode, quiet } = this.#options;
    if (mode !== "group" && mode !== "failed") return false;
    return quiet || mode === "failed" ? isFailure && (isFinal || !quiet) : true;
  }

  #printGroup(end: AttemptEnd, shown: Shown): void {
    const { taskId, attempt } = end;
    const lines = this.#allLines(end, shown).map(colouredLine);
    if (lines.length === 0) return;
    const { marks, style, now } = this.#options;
    const title = `output of ${taskId}, attempt ${attempt}`;
    if (marks === null) {
      const bar = style.dim("|");
      this.#printer.print([style.dim(`  ${title}:`), ...lines.map((line) => besides(`  ${bar}`, line))]);
      return;
    }
    const name = `omk-${taskId}-${attempt}`;
    this.#printer.print(marks.section({ name, title, from: shown.since, to: now() }, lines));
  }

  /** Everything that an attempt printed, from its artifact where that is more than was kept. */
  #allLines({ taskId, attempt, output }: AttemptEnd, { newest }: Shown): readonly string[] {
    if (newest.dropped === 0) return newest.lines;
    const all = `all of it: omk logs ${taskId} --attempt ${attempt}`;
    let why = "";
    if (this.#run !== undefined && output !== null) {
      try {
        const path = `${this.#run.directory.path}/${output}`;
        return artifactLines(path, (bytes) => `[${formatBytes(bytes)} are left out; ${all}]`);
      } catch (error) {
        why = `, as the file of all cannot be read: ${reasonOf(error)}`;
      }
    }
    return [`[${counted(newest.dropped, "line")} left out${why}]`, ...newest.lines];
  }

  #shown(taskId: string, attempt: number): Shown {
    const known = this.#attempts.get(taskId);
    if (known?.attempt === attempt) return known;
    const since = this.#options.now();
    const shown = {
      attempt,
      assembler: new LineAssembler(),
      newest: new NewestLines(KEPT_LENGTH),
      since,
      last: since,
      isStarted: false,
      early: "",
    };
    this.#attempts.set(taskId, shown);
    return shown;
  }
}

/** A line ends with no blank. */
function besides(prefix: string, line: string): string {
  return line === "" ? prefix : `${prefix} ${line}`;
}
