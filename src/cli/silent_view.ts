/** A run of which only the end is told, by whoever conducts it. */

import type { Output } from "./output.ts";
import type { RunView } from "./run_view.ts";

/** Remarks of omk itself still go to stderr. */
export function createSilentView(output: Output): RunView {
  return {
    begin: () => undefined,
    event: () => undefined,
    taskOutput: () => undefined,
    note: (line) => output.note(line),
    end: () => undefined,
    close: () => undefined,
  };
}
