/** What the log says of a run, as the reference model looks at it. */

import type { Plan } from "../../src/plan/spec.ts";
import type { RunRecord } from "../../src/scheduler/run_record.ts";
import type { TaskState } from "../../src/scheduler/task_state.ts";

/** What the log says. */
export interface Facts {
  readonly plan: Plan;
  readonly run: RunRecord;
  readonly tasks: readonly TaskState[];
}

/** Whether it is claimed or running. */
export const isAtWork = ({ state }: TaskState) => state === "claimed" || state === "running";
/** Whether it is at its end. */
export const isOver = ({ state }: TaskState) =>
  ["completed", "failed", "cancelled", "blocked"].includes(state);
/** Whether the run is to run it. */
export const isSelected = ({ run }: Facts, id: string) => run.selected === null || run.selected.includes(id);
/** Whether its work is being merged. */
export const isMerging = ({ run }: Facts, { id }: TaskState) => run.merge?.task_id === id;
/** The task with this id. */
export const taskOf = ({ tasks }: Facts, id: string) => tasks.find((task) => task.id === id);
/** The states of the tasks, by id. */
export const statusOf = (facts: Facts) => {
  const states = new Map(facts.tasks.map(({ id, state }) => [id, state]));
  return (id: string): string => states.get(id) ?? "";
};

/** Whether a failure or a budget that is used up keeps everything from starting. */
export function startsNothing({ run, plan, tasks }: Facts): boolean {
  const hasFailed = tasks.some(({ state }) => state === "failed");
  return run.budget_exhausted !== null || (plan.on_failure !== "continue" && hasFailed);
}
