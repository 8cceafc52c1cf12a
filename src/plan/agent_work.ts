/** Whose work a task is. Pure. */

import { promptOf, type TaskSpec } from "./spec.ts";

/** Whether an agent does the task: a prompt, a review, or a loop of a prompt. */
export function isAgentWork(spec: TaskSpec): boolean {
  return promptOf(spec) !== undefined || spec.review !== undefined;
}
