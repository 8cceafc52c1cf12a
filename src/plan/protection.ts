/** Whose work must not change what judges it. Pure. */

import { type Plan, promptOf, type TaskSpec } from "./spec.ts";

/**
 * Whether attempts of a task may not change the plan, files of CI, and what gates start from. A plan that says nothing
 * of it protects them from agents.
 */
export function isProtectedFrom(plan: Pick<Plan, "protected">, task: TaskSpec): boolean {
  return plan.protected === undefined ? isAgentsTask(task) : plan.protected === "deny";
}

function isAgentsTask(spec: TaskSpec): boolean {
  return promptOf(spec) !== undefined || spec.review !== undefined;
}
