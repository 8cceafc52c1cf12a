/** What a plan asks of the machine that its processes run on. Pure. */

import type { Plan } from "../plan/spec.ts";
import type { ProcessNeeds } from "../process/containment.ts";

/** The needs of the tasks that run: all of them, or those that were selected. */
export function processNeeds(plan: Plan, selected: readonly string[] | null): ProcessNeeds {
  const chosen = selected === null ? null : new Set(selected);
  const tasks = plan.tasks.filter(({ id }) => chosen === null || chosen.has(id));
  const isLimited = (limit: "memory_bytes" | "processes") =>
    plan.limits[limit] !== undefined || tasks.some(({ limits }) => limits?.[limit] !== undefined);
  return {
    containment: plan.limits.containment ?? "auto",
    memory: isLimited("memory_bytes"),
    processes: isLimited("processes"),
    sandbox: tasks.some(({ sandbox }) => sandbox !== undefined),
  };
}
