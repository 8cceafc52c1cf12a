/** The options of `run`, `resume` and `retry` that say what of a run is shown while it goes on. */

import type { OptionSpec } from "./command.ts";
import { OUTPUT } from "./config/settings.ts";

/** The options of every command that runs tasks. */
export const OUTPUT_OPTIONS: readonly OptionSpec[] = [
  {
    name: "output",
    type: "string",
    placeholder: "MODE",
    choices: OUTPUT.kind.choices,
    description:
      "Output of tasks: group (each task's at its end; the default without a terminal), prefix (line by\n" +
      "line, with the task), stream (as it comes), failed (what failed, at its end), none (default on a\n" +
      "terminal: the live view has the last lines, the end those of what failed)",
  },
  { name: "quiet", short: "q", type: "boolean", description: "Tell only what goes wrong, and the end" },
  { name: "verbose", short: "v", type: "boolean", description: "Tell worktrees, pins and merges too" },
];
