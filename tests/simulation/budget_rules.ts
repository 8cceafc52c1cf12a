/** The rules about budgets of tasks, which all their attempts share. */

import type { Shadows } from "./claim_rules.ts";

/** Whether there is such a budget: of the run, or of a task that is named. */
export function isLimited({ run, tasks }: Shadows, budget: unknown, taskId: unknown): boolean {
  const name = String(budget);
  return taskId === undefined ? run.isLimited(name) : tasks.get(String(taskId))?.hasBudget(name) === true;
}

/** The tasks that wait for more before they are tried again, in the words of `words.ts`. */
export function overspent({ tasks }: Shadows): string[] {
  return [...tasks.values()].flatMap(({ spec, state, attempt, spent }) =>
    state === "pending" && attempt > 0 && spent !== undefined
      ? [`budget_exhausted ${spec.id} ${spent.budget} ${spent.used} of ${spent.limit}`]
      : []
  );
}
