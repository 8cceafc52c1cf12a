/** The options of `run`, `resume` and `retry` that say what of a run is shown while it goes on. */

import type { OptionSpec } from "./command.ts";
import { OUTPUT } from "./config/settings.ts";
import { REPORT_OPTION } from "./reports.ts";

/** The options of every command that runs tasks. */
export const OUTPUT_OPTIONS: readonly OptionSpec[] = [
  {
    name: "output",
    type: "string",
    placeholder: "MODE",
    choices: OUTPUT.kind.choices,
    description:
      "What tasks print: group (all of each attempt in one piece at its end; the default without a terminal),\n" +
      "prefix (line by line, after the task's name), stream (as it comes, as it is), failed (like group, but\n" +
      "only of attempts that failed), none (the default on a terminal, where the live view has the last lines).\n" +
      "omk logs has all of it later",
  },
  {
    name: "quiet",
    short: "q",
    type: "boolean",
    description: "Tell only what fails, with its output, and the end of the run",
  },
  {
    name: "verbose",
    short: "v",
    type: "boolean",
    description: "Tell claims, leases, worktrees, pins and merges too",
  },
  REPORT_OPTION,
];
