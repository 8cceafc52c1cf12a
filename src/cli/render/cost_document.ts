/** What the agents of a run have used, as one document. Pure. */

import type { PayloadOf } from "../../log/kinds.ts";
import { sumUsage, type UsageSum } from "../../proof/usage_sum.ts";
import { budgets, type BudgetStanding, taskBudgets } from "../../scheduler/budget.ts";
import type { RunState } from "../../scheduler/run_state.ts";

/** What an attempt has used. */
export interface AttemptCost {
  readonly attempt: number;
  /** Null where the agent does not say. */
  readonly model: string | null;
  readonly usage: readonly UsageSum[];
}

/** What a task has used. */
export interface TaskCost {
  readonly task_id: string;
  readonly usage: readonly UsageSum[];
  readonly attempts: readonly AttemptCost[];
}

/** See the module. */
export interface CostDocument {
  readonly schema_version: 1;
  readonly run_id: string;
  readonly totals: readonly UsageSum[];
  /** What the agent has used that made the plan, in a run of its own; null where nobody knows of one. */
  readonly planning: { readonly run_id: string; readonly totals: readonly UsageSum[] } | null;
  /** Those in which agents have worked, in the order of their first use. */
  readonly tasks: readonly TaskCost[];
  /** Budgets of tokens and money; `task_id` is null for those of the run. */
  readonly budgets: readonly (BudgetStanding & { readonly task_id: string | null })[];
}

/** Makes the document; `now` is the run clock in milliseconds. */
export function costDocument(
  state: RunState,
  records: readonly PayloadOf<"usage_recorded">[],
  now: number,
  planning: CostDocument["planning"] = null,
): CostDocument {
  const ofRun = budgets(state, now).filter(({ budget }) => budget === "tokens" || budget === "usd");
  return {
    schema_version: 1,
    run_id: state.run.run_id,
    totals: sumUsage(records),
    planning,
    tasks: [...Map.groupBy(records, ({ task_id }) => task_id)].map(([task_id, ofTask]) => ({
      task_id,
      usage: sumUsage(ofTask),
      attempts: [...Map.groupBy(ofTask, ({ attempt }) => attempt)].map(([attempt, parts]) => ({
        attempt,
        model: parts.find(({ model }) => model !== undefined)?.model ?? null,
        usage: sumUsage(parts),
      })),
    })),
    budgets: [
      ...ofRun.map((standing) => ({ ...standing, task_id: null })),
      ...state.index.budgeted.flatMap((ordinal) => taskBudgets(state, ordinal)),
    ],
  };
}
