/** Trigger rules: what the states of its dependencies mean for a task (P4). */

import type { TaskSpec, TriggerRule } from "../plan/spec.ts";
import type { TaskState } from "./task_state.ts";
import { isTerminal } from "./task_state.ts";

/** What a dependency contributes: each is 0 or 1, and they are summed over all dependencies of a task. */
export interface Tally {
  /** At its end, however it ended. */
  terminal: number;
  /** Dependents under `all_success` may go on. */
  satisfied: number;
  /** Its work is in the run's head. */
  completed: number;
}

/** Whether a task may start, can never start, or has to wait. */
export type Readiness = "ready" | "blocked" | "not_yet";

/**
 * The contribution of one dependency. A failure that the plan declares not to be terminal satisfies as well. To a review
 * of it (`isReviewed`) it contributes as soon as there is an attempt to be judged, and no other end of it is any use.
 */
export function tallyOf(spec: TaskSpec, task: Pick<TaskState, "state">, isReviewed = false): Tally {
  if (isReviewed) {
    const judgeable = task.state === "finished" || task.state === "completed";
    const count = judgeable ? 1 : 0;
    return { terminal: judgeable || isTerminal(task.state) ? 1 : 0, satisfied: count, completed: count };
  }
  const completed = task.state === "completed";
  const tolerated = task.state === "failed" && !spec.retry_policy.terminal_on_permanent_failure;
  return {
    terminal: isTerminal(task.state) ? 1 : 0,
    satisfied: completed || tolerated ? 1 : 0,
    completed: completed ? 1 : 0,
  };
}

/** Whether a dependency has ended in a way that a task that depends on it cannot build on. */
export function failsDependent(
  dependent: TaskSpec,
  spec: TaskSpec,
  task: Pick<TaskState, "state">,
): boolean {
  const tally = tallyOf(spec, task, isReviewOf(dependent, spec.id));
  return tally.terminal > (dependent.trigger_rule === "one_success" ? tally.completed : tally.satisfied);
}

/** Whether a task is a review of another. */
export function isReviewOf({ review }: Pick<TaskSpec, "review">, taskId: string): boolean {
  return review !== undefined && review.of.includes(taskId);
}

/** Adds a contribution to the sums of a task. */
export function addTo(sums: Tally, tally: Tally): void {
  sums.terminal += tally.terminal;
  sums.satisfied += tally.satisfied;
  sums.completed += tally.completed;
}

/** One contribution and another, `times` over. */
export function plus(one: Tally, other: Tally, times = 1): Tally {
  return {
    terminal: one.terminal + times * other.terminal,
    satisfied: one.satisfied + times * other.satisfied,
    completed: one.completed + times * other.completed,
  };
}

/** Whether a contribution changes no sum. */
export function isNothing({ terminal, satisfied, completed }: Tally): boolean {
  return terminal === 0 && satisfied === 0 && completed === 0;
}

/** Applies a trigger rule to the sums over `count` dependencies. */
export function readiness(rule: TriggerRule, count: number, sums: Tally): Readiness {
  if (count === 0) return "ready";
  switch (rule) {
    case "all_success":
      if (sums.satisfied === count) return "ready";
      return sums.terminal > sums.satisfied ? "blocked" : "not_yet";
    case "one_success":
      if (sums.completed > 0) return "ready";
      return sums.terminal === count ? "blocked" : "not_yet";
    case "all_done":
      return sums.terminal === count ? "ready" : "not_yet";
  }
}
