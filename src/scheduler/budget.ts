/** What a run may use up, how much of it is used, and what follows: pure rules over the state. */

import { draft, type EventDraft, taskSubject } from "../log/event.ts";
import type { BudgetName } from "./run_record.ts";
import { type RunState, taskAt, type TaskView } from "./run_state.ts";

/** A budget is reported once when this share of it is used. */
const CHECKPOINT_SHARE = 0.8;

/** One budget of the run: seconds, attempts, tokens or US dollars. */
export interface BudgetStanding {
  readonly budget: BudgetName;
  readonly used: number;
  /** The plan's limit and what was added to it. */
  readonly limit: number;
}

/** The budgets that the plan sets, at `now` on the run clock. */
export function budgets(state: RunState, now: number): readonly BudgetStanding[] {
  const { time_secs, attempts, tokens, usd } = state.plan.budget;
  const limits: readonly (readonly [BudgetName, number | null | undefined])[] = [
    ["time", time_secs],
    ["attempts", attempts],
    ["tokens", tokens],
    ["usd", usd],
  ];
  return limits.flatMap(([budget, planned]) => {
    if (planned === null || planned === undefined) return [];
    const limit = planned + (state.run.budget_added?.[budget] ?? 0);
    return [{ budget, used: usedOf(state, budget, now), limit }];
  });
}

/** Whether the plan limits anything: most plans do not, and then there is nothing to look at. */
function hasBudget({ plan: { budget } }: RunState): boolean {
  const { time_secs, attempts, tokens, usd } = budget;
  return time_secs !== null || attempts !== undefined || tokens !== undefined || usd !== undefined;
}

/** How many attempts may still be claimed. */
export function attemptsLeft(state: RunState): number {
  const { attempts } = state.plan.budget;
  if (attempts === undefined) return Infinity;
  return Math.max(0, attempts + (state.run.budget_added?.attempts ?? 0) - state.index.claims);
}

/** When the budget of time is used up, on the run clock; undefined where there is none, or while the run is paused. */
export function timeBudgetEnd(state: RunState): number | undefined {
  const { time_secs } = state.plan.budget;
  const { run } = state;
  if (time_secs === null || run.paused_at !== undefined) return undefined;
  const seconds = time_secs + (run.budget_added?.time ?? 0);
  return run.started_at + seconds * 1000 + (run.paused_ms ?? 0);
}

/** The budget of a task itself that is used up; undefined where none is. */
export function spentBudget(view: TaskView): BudgetStanding | undefined {
  return ownBudgets(view).find(({ used, limit }) => used >= limit);
}

/** The budgets of the task at a place of the plan. */
export function taskBudgets(
  state: RunState,
  ordinal: number,
): readonly (BudgetStanding & { readonly task_id: string })[] {
  const view = taskAt(state, ordinal);
  return ownBudgets(view).map((standing) => ({ ...standing, task_id: view.spec.id }));
}

function ownBudgets({ spec, task }: TaskView): readonly BudgetStanding[] {
  return (["tokens", "usd"] as const).flatMap((budget) => {
    const planned = spec.budget?.[budget];
    if (planned === undefined) return [];
    const limit = planned + (task.budget_added?.[budget] ?? 0);
    return [{ budget, used: task.usage?.[budget] ?? 0, limit }];
  });
}

/** Keeps the tasks from being started again whose own budgets are used up: they wait for more. */
export function decideTaskBudgets(state: RunState): EventDraft[] {
  const actor = `controller/${state.run.incarnation}`;
  return state.index.budgeted.flatMap((ordinal) => {
    const view = taskAt(state, ordinal);
    // Only an attempt uses anything up.
    if (view.task.state !== "pending" || view.task.attempt === 0) return [];
    const spent = spentBudget(view);
    if (spent === undefined) return [];
    return [draft("budget_exhausted", taskSubject(view.spec.id), actor, { ...spent, task_id: view.spec.id })];
  });
}

/** The reports on budgets that are due: what is nearly used up, once, and what is used up, where work is left. */
export function decideBudget(state: RunState, now: number): EventDraft[] {
  const { run, index } = state;
  if (!hasBudget(state)) return [];
  const hasNothingLeft = index.dispatch.isEmpty && index.active.size === 0;
  if (run.budget_exhausted !== null || hasNothingLeft) return [];
  const actor = `controller/${run.incarnation}`;
  const all = budgets(state, now);
  // What is at work may end well within a budget of attempts, and a pause stops the budget of time.
  const exhausted = all.find(({ budget, used, limit }) =>
    used >= limit && !(budget === "attempts" && index.dispatch.isEmpty) &&
    !(budget === "time" && run.paused)
  );
  if (exhausted !== undefined) return [draft("budget_exhausted", "run", actor, exhausted)];
  return all
    .filter(({ budget, used, limit }) =>
      used >= limit * CHECKPOINT_SHARE && run.budget_reported?.includes(budget) !== true
    )
    .map((standing) => draft("budget_checkpoint", "run", actor, standing));
}

function usedOf(state: RunState, budget: BudgetName, now: number): number {
  const { run, index } = state;
  switch (budget) {
    case "time": {
      const pausedMs = (run.paused_ms ?? 0) + (run.paused_at === undefined ? 0 : now - run.paused_at);
      return (now - run.started_at - pausedMs) / 1000;
    }
    case "attempts":
      return index.claims;
    case "tokens":
    case "usd":
      return run.usage?.[budget] ?? 0;
  }
}
