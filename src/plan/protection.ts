/** Whose work must not change what judges it. Pure. */

import { isAgentWork } from "./agent_work.ts";
import type { Plan, TaskSpec } from "./spec.ts";

/**
 * Whether attempts of a task may not change the plan, files of CI, and what gates start from. A plan that says nothing
 * of it protects them from agents.
 */
export function isProtectedFrom(plan: Pick<Plan, "protected">, task: TaskSpec): boolean {
  return plan.protected === undefined ? isAgentWork(task) : plan.protected === "deny";
}
