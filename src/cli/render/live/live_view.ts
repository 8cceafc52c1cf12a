/** A run on a terminal: a picture of what is at work, below the lines of what has happened. */

import { systemClock } from "../../../clock.ts";
import type { RunEvent } from "../../../log/event.ts";
import type { RunDirectory } from "../../../run/directory.ts";
import type { RunState } from "../../../scheduler/run_state.ts";
import type { Output } from "../../output.ts";
import type { RunView, VoiceOf } from "../../run_view.ts";
import { runHeader } from "../run_header.ts";
import { colouredLine, loadMeasure } from "../text.ts";
import { remainingMs } from "./estimate.ts";
import { frame } from "./frame.ts";
import { LiveModel } from "./model.ts";
import { Screen } from "./screen.ts";
import type { Terminal } from "./terminal.ts";

/** Between two pictures: at most ten a second. */
const REDRAW_MS = 100;
/** The clocks in the picture go on even where nothing happens. */
const TICK_MS = 1_000;
/**
 * A picture waits until the width of the terminal has rested for so long: multiplexers tell of a new width up to a
 * quarter of a second after they have wrapped the lines to it, and where the old picture begins would be a guess.
 */
const RESIZED_MS = 300;

/**
 * Who goes on after Ctrl-Z may see what happened meanwhile before the signal that says so, and the shell has written
 * below the picture: a picture waits so long for that signal.
 */
const CONTINUED_MS = 50;

/** Lines above the picture; called with what prints them. */
export type LinesAbove = (print: (line: string) => void) => RunView;

/**
 * See the module. What stays above the picture is told by another view, which `above` makes: it prints through this
 * one. Text that is not ASCII is measured exactly once what measures it is loaded.
 */
export class LiveView implements RunView {
  readonly #output: Output;
  readonly #screen: Screen;
  readonly #terminal: Terminal;
  readonly #above: RunView;
  readonly #model = new LiveModel();
  /** Of the run once it has begun; nothing is drawn before. */
  #state: RunState | undefined;
  #waiting: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #lastDrawn = -Infinity;
  #columns = 0;
  #resizedAt = -Infinity;
  #remaining: { readonly at: number; readonly ms: number | undefined } | undefined;
  #continuing: Disposable | undefined;
  #isClosed = false;

  constructor(output: Output, terminal: Terminal, above: LinesAbove) {
    this.#output = output;
    this.#terminal = terminal;
    this.#screen = new Screen(terminal);
    this.#above = above((line) => this.#print(line));
  }

  begin(state: RunState, directory: RunDirectory, voiceOf?: VoiceOf, containment?: string): void {
    this.#state = state;
    if (voiceOf !== undefined) this.#model.ask(voiceOf);
    this.#above.begin(state, directory, voiceOf);
    this.#print(runHeader(state, this.#output.style, containment));
    this.#ticker = setInterval(() => this.#schedule(), TICK_MS);
    this.#continuing = this.#terminal.onContinue(() => {
      this.#screen.abandon();
      this.#schedule();
    });
    void loadMeasure();
  }

  event(event: RunEvent, state: RunState): void {
    this.#model.event(event, systemClock.wall());
    this.#above.event(event, state);
    this.#schedule();
  }

  taskOutput(taskId: string, attempt: number, text: string): void {
    this.#model.output(taskId, text, systemClock.wall());
    this.#above.taskOutput(taskId, attempt, text);
    this.#schedule();
  }

  note(line: string): void {
    for (const each of line.split("\n")) this.#print(colouredLine(each));
  }

  end(lines: readonly string[]): void {
    this.close();
    for (const line of lines) this.#output.print(line);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#ticker);
    this.#continuing?.[Symbol.dispose]();
    this.#above.close();
    this.#screen.close();
    for (const line of this.#waiting) this.#output.print(line);
    this.#waiting = [];
  }

  #print(line: string): void {
    if (this.#isClosed) {
      this.#output.print(line);
      return;
    }
    this.#waiting.push(line);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#isClosed || this.#state === undefined) return;
    const now = systemClock.monotonic();
    const due = Math.max(now + CONTINUED_MS, this.#lastDrawn + REDRAW_MS);
    this.#timer = setTimeout(() => {
      const isLate = systemClock.monotonic() > due + CONTINUED_MS;
      if (isLate) this.#timer = setTimeout(() => this.#draw(), CONTINUED_MS);
      else this.#draw();
    }, due - now);
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const state = this.#state;
    if (state === undefined || this.#isClosed) return;
    const { columns, rows } = this.#terminal.size();
    if (this.#isResizing(columns)) return;
    this.#lastDrawn = systemClock.monotonic();
    const now = systemClock.wall();
    const above = this.#waiting;
    this.#waiting = [];
    const { style } = this.#output;
    const remaining = this.#remainingAt(state, now);
    this.#screen.draw(frame({ state, model: this.#model, now, remaining, columns, rows, style }), above);
  }

  /** Whether the width has changed a moment ago; the picture is then drawn a little later. */
  #isResizing(columns: number): boolean {
    const now = systemClock.monotonic();
    if (columns !== this.#columns) {
      this.#resizedAt = this.#columns === 0 ? -Infinity : now;
      this.#columns = columns;
    }
    const wait = this.#resizedAt + RESIZED_MS - now;
    if (wait <= 0) return false;
    this.#timer = setTimeout(() => this.#draw(), wait);
    return true;
  }

  /** The estimate looks at every task, so it is made once a second. */
  #remainingAt(state: RunState, now: number): number | undefined {
    if (this.#remaining === undefined || now - this.#remaining.at >= TICK_MS) {
      this.#remaining = { at: now, ms: remainingMs(state, now) };
    }
    const { at, ms } = this.#remaining;
    return ms === undefined ? undefined : Math.max(0, ms - (now - at));
  }
}
