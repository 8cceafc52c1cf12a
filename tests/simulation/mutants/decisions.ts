/** Mistakes in what follows from the state: requests, leases, retries, budgets, blocked tasks. */

import type { Mutant } from "./mutant.ts";

const DECIDE = "src/scheduler/decide.ts";
const REQUESTS = "src/scheduler/decide_requests.ts";
const RETRY = "src/scheduler/retry.ts";
const BUDGET = "src/scheduler/budget.ts";
const CASCADE = "src/scheduler/cascade.ts";
const SETTLE = "src/scheduler/settle.ts";

/** See the module. */
export const DECISION_MUTANTS: readonly Mutant[] = [
  {
    name: "an attempt stays current whatever its token",
    file: SETTLE,
    text: "return view !== undefined && view.task.token === ref.token && isActive(view.task.state);",
    replacement: "return view !== undefined && isActive(view.task.state);",
  },
  {
    name: "one retry too many",
    file: RETRY,
    text: "task.retry_count >= spec.retry_policy.max_attempts",
    replacement: "task.retry_count > spec.retry_policy.max_attempts",
  },
  {
    name: "quarantine comes with the fourth recovery",
    file: RETRY,
    text: "task.recovery_count + 1 >= RECOVERY_LIMIT",
    replacement: "task.recovery_count >= RECOVERY_LIMIT",
  },
  {
    name: "the limit of conflicts is one higher",
    file: SETTLE,
    text: "view.task.conflict_count >= CONFLICT_LIMIT",
    replacement: "view.task.conflict_count > CONFLICT_LIMIT",
  },
  {
    name: "any worker may report any attempt",
    file: REQUESTS,
    text: "if (isCurrent && view.task.owner === worker) return [];",
    replacement: "if (isCurrent) return [];",
  },
  {
    name: "a lease that has run out is not noticed",
    file: DECIDE,
    text: "if (task.lease_expires === null || task.lease_expires > now) continue;",
    replacement: "if (task.lease_expires === null || task.lease_expires > now - 1e9) continue;",
  },
  {
    name: "a paused run starts tasks",
    file: DECIDE,
    text: "if (state.run.paused || startsNothing(state)) return [];",
    replacement: "if (startsNothing(state)) return [];",
  },
  {
    name: "a failure does not keep tasks from starting",
    file: DECIDE,
    text: 'return state.plan.on_failure !== "continue" && state.index.failures > 0;',
    replacement: 'return state.plan.on_failure === "kill" && state.index.failures > 0;',
  },
  {
    name: "moments that have passed are waited for",
    file: DECIDE,
    text: "moments.filter((moment) => moment > now)",
    replacement: "moments",
  },
  {
    name: "a run is cancelled while a task is at work",
    file: DECIDE,
    text: "state.index.active.size > 0 || merge !== null || batch !== undefined",
    replacement: "merge !== null || batch !== undefined",
  },
  {
    name: "two requests to cancel one task at work are both carried out",
    file: REQUESTS,
    text: "if (isActive(task.state) && task.cancel_request !== request) {",
    replacement: "if (isActive(task.state) && task.cancel_request === null) {",
  },
  {
    name: "cancelling a task leaves what depends on it",
    file: CASCADE,
    text: "      found.add(dependent);\n      views.push(each);",
    replacement: "      found.add(dependent);",
  },
  {
    name: "a retry leaves blocked what the task had blocked",
    file: CASCADE,
    text: "        open.add(dependent);\n",
    replacement: "",
  },
  {
    name: "attempts are not limited",
    file: BUDGET,
    text: "return Math.max(0, attempts + (state.run.budget_added?.attempts ?? 0) - state.index.claims);",
    replacement: "return attempts > 0 ? Infinity : 0;",
  },
  {
    name: "a budget may be exceeded by one step",
    file: BUDGET,
    text: "used >= limit && !(",
    replacement: "used > limit && !(",
  },
  {
    name: "a task is tried again although its own budget is used up to the last",
    file: BUDGET,
    text: "return ownBudgets(view).find(({ used, limit }) => used >= limit);",
    replacement: "return ownBudgets(view).find(({ used, limit }) => used > limit);",
  },
  {
    name: "an attempt that has ended proposes by request",
    file: REQUESTS,
    text: "view.task.attempt === attempt && isActive(view.task.state);",
    replacement: "view.task.attempt === attempt;",
  },
  {
    name: "an attempt proposes by request with any token",
    file: REQUESTS,
    text: "view?.task.token === token && view.task.attempt === attempt &&",
    replacement: "view?.task.attempt === attempt &&",
  },
  {
    name: "tasks are claimed while something is taken over",
    file: DECIDE,
    text: "return isReusing(state) ? merges : [",
    replacement: "return [",
  },
  {
    name: "work is taken over although what it depends on was run",
    file: "src/scheduler/reuse.ts",
    text: "findTask(state, id)?.task.reused !== undefined",
    replacement: 'findTask(state, id)?.task.state === "completed"',
  },
  {
    name: "kill is a retry",
    file: RETRY,
    text: 'return spec.on_stall !== "kill";',
    replacement: "return true;",
  },
];
