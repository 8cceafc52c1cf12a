/** A run for programs: the events of its log as they are committed, one JSON text a line. */

import type { Output } from "./output.ts";
import type { RunView } from "./run_view.ts";

/** See the module. Output of tasks and the summary are in files that the events name. */
export function createJsonView(output: Output): RunView {
  return {
    begin: () => undefined,
    event: (event) => output.json(event),
    taskOutput: () => undefined,
    note: (line) => output.note(line),
    end: () => undefined,
    close: () => undefined,
  };
}
