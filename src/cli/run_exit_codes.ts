/** The exit codes of the commands that end with the status of a run. */

import type { ExitCodeNote } from "./command.ts";

/** See the module. */
export const RUN_EXIT_CODES: readonly ExitCodeNote[] = [
  { code: 0, meaning: "ready or passed" },
  { code: 1, meaning: "not ready: a task or a required gate did not do what it should" },
  { code: 2, meaning: "wrong usage, an invalid plan, or no such run or task: nothing was started" },
  { code: 3, meaning: "a task waits for a person or for something outside" },
  { code: 4, meaning: "time, attempts, tokens or money are used up" },
  { code: 5, meaning: "omk or the machine failed" },
  { code: 130, meaning: "cancelled" },
];
