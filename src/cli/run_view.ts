/** What shows a run while it goes on: lines, a picture on a terminal, or the marks of a CI system. */

import type { RunEvent } from "../log/event.ts";
import type { Voice } from "../process/port.ts";
import type { RunDirectory } from "../run/directory.ts";
import type { RunState } from "../scheduler/run_state.ts";

/** What the attempt of a task has printed so far, a line without an end too; undefined where nobody can tell. */
export type VoiceOf = (taskId: string) => Voice | undefined;

/** See the module. Everything is shown on stdout; a view owns it from `begin` to `close`. */
export interface RunView {
  /**
   * The run has begun, or goes on after a resume; the state has its settings, the directory its files. `voiceOf` is asked
   * when something is shown: `taskOutput` gets whole lines only. `containment` says how far processes of tasks are found.
   */
  begin(state: RunState, directory: RunDirectory, voiceOf?: VoiceOf, containment?: string): void;
  /** Shows what a committed event means; the state has it already. */
  event(event: RunEvent, state: RunState): void;
  /** Takes redacted output of an attempt's body as it comes, in pieces of any size. */
  taskOutput(taskId: string, attempt: number, text: string): void;
  /** Shows a remark of omk itself, such as what Ctrl-C does. */
  note(line: string): void;
  /** Shows the end of the run: what is printed here stays on the screen. */
  end(lines: readonly string[]): void;
  /** Stops every timer and leaves the terminal as it was. May be called at any time, and twice. */
  close(): void;
}
