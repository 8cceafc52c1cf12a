/** Mistakes in the fold: what events make of the state. */

import type { Mutant } from "./mutant.ts";

const TASK_EVENTS = "src/run/state/task_events.ts";
const RUN_EVENTS = "src/run/state/run_events.ts";
const HANDLER = "src/run/state/handler.ts";

/** See the module. */
export const FOLD_MUTANTS: readonly Mutant[] = [
  {
    name: "a retry is counted twice",
    file: TASK_EVENTS,
    text: 'if (kind === "retry") task.retry_count++;',
    replacement: 'if (kind === "retry") task.retry_count += 2;',
  },
  {
    name: "a recovery counts as a retry",
    file: TASK_EVENTS,
    text: 'if (kind === "retry") task.retry_count++;',
    replacement: 'if (kind !== "conflict") task.retry_count++;',
  },
  {
    name: "recoveries are not counted",
    file: TASK_EVENTS,
    text: 'task.recovery_count = kind === "recovery" ? task.recovery_count + 1 : 0;',
    replacement: "task.recovery_count = 0;",
  },
  {
    name: "a delay is forgotten",
    file: TASK_EVENTS,
    text: "task.not_before = not_before;",
    replacement: "task.not_before = null;",
  },
  {
    name: "a reopened task keeps its retries",
    file: TASK_EVENTS,
    text: "      task.retry_count = 0;\n",
    replacement: "",
  },
  {
    name: "what was merged stays in the queue",
    file: TASK_EVENTS,
    text:
      "      land(state.run, event.payload, { commit, tree });\n      leaveMergeQueue(state, view.task.id);",
    replacement: "      land(state.run, event.payload, { commit, tree });",
  },
  {
    name: "an answer closes what was asked behind it too",
    file: HANDLER,
    text: "state.run.open_requests.filter((open) => open.index !== request)",
    replacement: "state.run.open_requests.filter((open) => open.index < request)",
  },
  {
    name: "an unpaused run stays paused",
    file: RUN_EVENTS,
    text: "    run.paused = false;\n",
    replacement: "",
  },
  {
    name: "the time of a pause counts",
    file: RUN_EVENTS,
    text: "run.paused_ms = (run.paused_ms ?? 0) + Math.max(0, timeOf(event) - run.paused_at);",
    replacement: "run.paused_ms = run.paused_ms ?? 0;",
  },
  {
    name: "a budget stays used up when something is added",
    file: RUN_EVENTS,
    text: "if (run.budget_exhausted?.budget === budget) run.budget_exhausted = null;",
    replacement: "",
  },
  {
    name: "facts of an older incarnation count",
    file: "src/run/state.ts",
    text: "const isIgnored = incarnation !== undefined && incarnation < run.incarnation;",
    replacement: "const isIgnored = incarnation !== undefined && incarnation < 0;",
  },
  {
    name: "whatever is added to the budget of a task is enough",
    file: RUN_EVENTS,
    text: 'if (task.waiting_on !== "budget" || spentBudget(view) !== undefined) return undefined;',
    replacement: 'if (task.waiting_on !== "budget") return undefined;',
  },
  {
    name: "what does not fit is taken over again",
    file: "src/run/state/reuse_events.ts",
    text: "reuse.next = at + 1;",
    replacement: "reuse.next = at;",
  },
];
