/** Mistakes in the choice of what starts next, and where. */

import type { Mutant } from "./mutant.ts";

const INDEX = "src/scheduler/dispatch_index.ts";
const WAITING = "src/scheduler/dispatch_queue.ts";
const RANKS = "src/scheduler/task_ranks.ts";
const READINESS = "src/scheduler/readiness.ts";
const WORKERS = "src/scheduler/workers.ts";
const QUEUE = "src/scheduler/ready_queue.ts";

/** See the module. */
export const DISPATCH_MUTANTS: readonly Mutant[] = [
  {
    name: "a place in a pool is never given back",
    file: INDEX,
    text: "this.#poolUse.set(pool, this.poolUse(pool) - 1);",
    replacement: "this.#poolUse.set(pool, this.poolUse(pool));",
  },
  {
    name: "a pool has no limit",
    file: "src/scheduler/pick_set.ts",
    text: "const limit = plan.pools[spec.pool] ?? Infinity;",
    replacement: "const limit = Infinity;",
  },
  {
    name: "path sets are given back before the work is merged",
    file: WAITING,
    text: 'return isActive(status) || status === "finished";',
    replacement: "return isActive(status);",
  },
  {
    name: "tasks that are chosen together may conflict",
    file: "src/scheduler/pick_set.ts",
    text: "return rival === undefined ? null",
    replacement: "return rival !== -1 ? null",
  },
  {
    name: "what waits for a task is not told when it ends",
    file: WAITING,
    text: "    this.#release(choice ?? ordinal);\n",
    replacement: "",
  },
  {
    name: "a lower priority comes first",
    file: QUEUE,
    text: "if (a.urgency !== b.urgency) return a.urgency > b.urgency;",
    replacement: "if (a.urgency !== b.urgency) return a.urgency < b.urgency;",
  },
  {
    name: "all_success starts although a dependency has failed",
    file: READINESS,
    text: 'if (sums.satisfied === count) return "ready";',
    replacement: 'if (sums.terminal === count) return "ready";',
  },
  {
    name: "one_success waits for all",
    file: READINESS,
    text: 'if (sums.completed > 0) return "ready";',
    replacement: 'if (sums.completed > 0 && sums.terminal === count) return "ready";',
  },
  {
    name: "all_done starts with the first end",
    file: READINESS,
    text: 'return sums.terminal === count ? "ready" : "not_yet";',
    replacement: 'return sums.terminal > 0 ? "ready" : "not_yet";',
  },
  {
    name: "a failure that the plan tolerates blocks",
    file: READINESS,
    text: "satisfied: completed || tolerated ? 1 : 0,",
    replacement: "satisfied: completed ? 1 : 0,",
  },
  {
    name: "one worker too many",
    file: WORKERS,
    text: "slots - (busy.get(worker) ?? 0)",
    replacement: "slots + 1 - (busy.get(worker) ?? 0)",
  },
  {
    name: "a worker that has died gets attempts",
    file: WORKERS,
    text: 'worker !== LOCAL_WORKER && state === "started"',
    replacement: "worker !== LOCAL_WORKER",
  },
  {
    name: "a recovered task goes back to the worker that lost it",
    file: WORKERS,
    text: "left.findIndex((worker) => worker !== task.lost_by)",
    replacement: "left.length - left.length",
  },
  {
    name: "a loop that waits for the controller keeps other workers idle",
    file: "src/scheduler/pick_set.ts",
    text: "this.#staying >= this.#ownPlaces",
    replacement: "this.#staying > this.ordinals.length",
  },
  {
    name: "one_success is not blocked by a failure that is tolerated",
    file: READINESS,
    text: 'rule === "one_success" ? tally.completed : tally.satisfied',
    replacement: "tally.satisfied",
  },
  {
    name: "what waits for its turn does not notice what is added behind it",
    file: WAITING,
    text: "if (this.ready.has(ordinal)) this.#enqueue(ordinal);",
    replacement: "",
  },
  {
    name: "an accepted task is not one of the selected ones",
    file: INDEX,
    text: "this.#selected?.add(ordinal);",
    replacement: "",
  },
  {
    name: "a group whose obstacle has gone stays where it is",
    file: QUEUE,
    text: "    group.isHeld = false;\n    this.#chooseLead(group);",
    replacement: "    group.isHeld = false;",
  },
  {
    name: "once the best of a group has started, the others wait for ever",
    file: QUEUE,
    text: "      this.#groupOf.set(cls, group);\n    }\n    this.#chooseLead(group);",
    replacement: "      this.#groupOf.set(cls, group);\n    }",
  },
  {
    name: "the best of a group is forgotten when the group is held again",
    file: QUEUE,
    text: "    group.waiting.push(group.lead);\n    group.lead = null;",
    replacement: "    group.lead = null;",
  },
  {
    name: "a class that is parked elsewhere leaves its old group without a best",
    file: QUEUE,
    text: "if (before !== undefined && before !== group) this.#chooseLead(before);",
    replacement: "",
  },
  {
    name: "waiting gives no priority",
    file: RANKS,
    text: "urgency: priority - Math.floor(readySince / AGEING_STEP_MS),",
    replacement: "urgency: priority - Math.sign(readySince),",
  },
  {
    name: "earlier durations do not matter",
    file: RANKS,
    text: "return this.earlierDurationMs(ordinal) ?? UNKNOWN_DURATION_MS;",
    replacement: "return UNKNOWN_DURATION_MS;",
  },
  {
    name: "an accepted task does not know what is completed already",
    file: "src/scheduler/dependency_sums.ts",
    text: "addTo(sums, tally);",
    replacement: "",
  },
];
