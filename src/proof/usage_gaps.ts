/** Budgets that may have been exceeded because nobody could tell what was used. Pure. */

import type { RunState } from "../scheduler/run_state.ts";
import type { RunEvidence } from "./evidence.ts";
import { named } from "./shortcomings.ts";

/** One sentence for each budget of the run or of a task whose use is not known as a whole. */
export function usageGapsOf(state: RunState, evidence: RunEvidence): string[] {
  const budgets = [
    { whose: "the run", limits: state.plan.budget, tasks: null },
    ...state.index.budgeted.flatMap((ordinal) => {
      const spec = state.plan.tasks[ordinal];
      return spec?.budget === undefined
        ? []
        : [{ whose: `"${spec.id}"`, limits: spec.budget, tasks: new Set([spec.id]) }];
    }),
  ];
  return budgets.flatMap(({ whose, limits, tasks }) =>
    (["tokens", "usd"] as const).flatMap((metric) => {
      if (limits[metric] === undefined) return [];
      const unknown = evidence.usage.filter((each) =>
        each.metric === metric && each.quality === "unknown" && (tasks?.has(each.task_id) ?? true)
      );
      if (unknown.length === 0) return [];
      const names = named([...new Set(unknown.map(({ task_id }) => `"${task_id}"`))]);
      return [`the ${metric} budget of ${whose} may be exceeded: what agents used is not known of ${names}`];
    })
  );
}
