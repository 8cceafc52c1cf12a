/** The plain progress of a run: a line for each thing that happens, and the output of tasks as asked for. */

import { type Clock, systemClock } from "../../clock.ts";
import { reasonOf } from "../../errors.ts";
import type { RunEvent } from "../../log/event.ts";
import type { RunDirectory } from "../../run/directory.ts";
import type { RunState } from "../../scheduler/run_state.ts";
import type { OutputMode, Verbosity } from "../config/settings.ts";
import type { Output } from "../output.ts";
import type { RunView, VoiceOf } from "../run_view.ts";
import { annotationsOf } from "./ci/annotations.ts";
import type { CiMarks } from "./ci/marks.ts";
import { LinePrinter } from "./line_printer.ts";
import { detailLine } from "./run_event_detail.ts";
import { isBadNews, runEventLine } from "./run_event_line.ts";
import { runHeader } from "./run_header.ts";
import { stillRunningLine } from "./still_running.ts";
import { TaskOutput } from "./task_output.ts";

/** How often a run says what is at work: CI systems end jobs that are silent for long, and people wonder sooner. */
const STILL_RUNNING_MS = 30_000;

/** What a plain view shows, and how. */
export interface PlainViewOptions {
  readonly mode: OutputMode;
  readonly verbosity: Verbosity;
  /** Null outside of CI. */
  readonly marks: CiMarks | null;
  /** Whether what begins and what is at work is shown elsewhere, so that only ends are told. */
  readonly onlyEnds?: boolean;
  /** That of the machine unless a test says something else. */
  readonly clock?: Clock;
}

/** See the module. */
export class PlainView implements RunView {
  readonly #output: Output;
  readonly #options: PlainViewOptions;
  readonly #clock: Clock;
  readonly #printer: LinePrinter;
  readonly #tasks: TaskOutput;
  readonly #closing = new AbortController();

  constructor(output: Output, options: PlainViewOptions) {
    const { mode, verbosity, marks, clock = systemClock } = options;
    this.#output = output;
    this.#options = options;
    this.#clock = clock;
    this.#printer = new LinePrinter(output);
    this.#tasks = new TaskOutput(this.#printer, {
      mode,
      quiet: verbosity === "quiet",
      marks,
      style: output.style,
      now: () => clock.wall(),
    });
  }

  begin(
    state: RunState,
    directory: RunDirectory,
    voiceOf: VoiceOf = () => undefined,
    containment?: string,
  ): void {
    this.#tasks.begin(state, directory);
    if (this.#options.verbosity === "quiet" || this.#options.onlyEnds === true) return;
    this.#print(runHeader(state, this.#output.style, containment));
    this.#tellWhatRuns(state, voiceOf).catch((error) => this.note(`warning: ${reasonOf(error)}`));
  }

  event(event: RunEvent, state: RunState): void {
    this.#tasks.event(event);
    const { verbosity, marks } = this.#options;
    const { style } = this.#output;
    const isHidden = verbosity === "quiet" && !isBadNews(event) ||
      this.#options.onlyEnds === true && begins(event);
    if (!isHidden) this.#print(runEventLine(event, state, style));
    if (verbosity === "verbose") this.#print(detailLine(event, style));
    if (event.kind === "task_started") this.#tasks.started(event.payload.task_id, event.payload.attempt);
    if (marks === null) return;
    const lines = annotationsOf(event, state).flatMap((each) => marks.annotation(each) ?? []);
    this.#printer.print(lines);
  }

  taskOutput(taskId: string, attempt: number, text: string): void {
    this.#tasks.take(taskId, attempt, text);
  }

  note(line: string): void {
    this.#output.note(line);
  }

  end(lines: readonly string[]): void {
    this.close();
    for (const line of lines) this.#print(line);
  }

  close(): void {
    this.#closing.abort();
  }

  async #tellWhatRuns(state: RunState, voiceOf: VoiceOf): Promise<void> {
    const { signal } = this.#closing;
    for (;;) {
      await this.#clock.sleep(STILL_RUNNING_MS, signal);
      if (signal.aborted) return;
      const heardAt = (taskId: string) => voiceOf(taskId)?.heard_at ?? this.#tasks.lastOutput(taskId);
      this.#print(stillRunningLine(state, this.#clock.wall(), heardAt));
    }
  }

  /** Prints a line of omk's own, which may quote what a task said. */
  #print(line: string | undefined): void {
    if (line !== undefined) this.#printer.print([this.#options.marks?.foreign(line) ?? line]);
  }
}

function begins({ kind }: RunEvent): boolean {
  return kind === "task_started" || kind === "gate_started";
}
