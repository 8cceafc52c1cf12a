/**
 * Deliberate mistakes in the fold and the scheduler, as changes of their source: the simulation has to find each. A
 * text must occur in its file exactly once.
 */

/** A mistake: in `file`, `text` becomes `replacement`. */
export interface Mutant {
  readonly name: string;
  /** Relative to the root of the project. */
  readonly file: string;
  readonly text: string;
  readonly replacement: string;
}

const TASK_EVENTS = "src/run/state/task_events.ts";
const RUN_EVENTS = "src/run/state/run_events.ts";
const HANDLER = "src/run/state/handler.ts";
const MERGING = "src/run/state/merging.ts";
const MERGE_BATCH = "src/scheduler/merge_batch.ts";
const DECIDE = "src/scheduler/decide.ts";
const REQUESTS = "src/scheduler/decide_requests.ts";
const INDEX = "src/scheduler/dispatch_index.ts";
const RANKS = "src/scheduler/task_ranks.ts";
const RETRY = "src/scheduler/retry.ts";
const READINESS = "src/scheduler/readiness.ts";
const BUDGET = "src/scheduler/budget.ts";
const CASCADE = "src/scheduler/cascade.ts";
const SETTLE = "src/scheduler/settle.ts";
const WORKERS = "src/scheduler/workers.ts";
const PROPOSALS = "src/scheduler/proposals.ts";
const QUEUE = "src/scheduler/ready_queue.ts";
const INBOX = "src/run/inbox.ts";

/** See the module. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: "an attempt stays current whatever its token",
    file: SETTLE,
    text: "return view !== undefined && view.task.token === ref.token && isActive(view.task.state);",
    replacement: "return view !== undefined && isActive(view.task.state);",
  },
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
    name: "the head stays where it was",
    file: MERGING,
    text: "  run.head = head;\n",
    replacement: "",
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
    file: INDEX,
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
    file: INDEX,
    text: "    this.#releasePaths(choice ?? ordinal);\n",
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
    name: "whatever is added to the budget of a task is enough",
    file: RUN_EVENTS,
    text: 'if (task.waiting_on !== "budget" || spentBudget(view) !== undefined) return undefined;',
    replacement: 'if (task.waiting_on !== "budget") return undefined;',
  },
  {
    name: "an attempt that was only claimed ends with the outcome of the one before",
    file: "src/run/attempt_flow.ts",
    text: "this.isCurrent() && isPinIntended(task) ? task.outcome : null",
    replacement: 'this.isCurrent() && task.stage !== "body" ? task.outcome : null',
  },
  {
    name: "one_success is not blocked by a failure that is tolerated",
    file: READINESS,
    text: 'rule === "one_success" ? tally.completed : tally.satisfied',
    replacement: "tally.satisfied",
  },
  {
    name: "more proposals are accepted than the plan says",
    file: PROPOSALS,
    text: "(run.accepted?.length ?? 0) >= max_tasks",
    replacement: "(run.accepted?.length ?? 0) > max_tasks",
  },
  {
    name: "a chain of proposals is one longer than the plan says",
    file: PROPOSALS,
    text: "proposalDepth(proposer) >= max_depth",
    replacement: "proposalDepth(proposer) > max_depth",
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
    name: "a run that is being cancelled accepts proposals",
    file: PROPOSALS,
    text: "if (run.cancel !== null || run.cancelled) return",
    replacement: "if (run.cancelled) return",
  },
  {
    name: "ids that differ in case only are accepted",
    file: PROPOSALS,
    text: "if (similar !== undefined) {",
    replacement: "if (similar === spec.id) {",
  },
  {
    name: "a proposed task waits for one that is not selected",
    file: PROPOSALS,
    text: "if (!state.index.isSelected(ordinal)) return",
    replacement: "if (ordinal < 0) return",
  },
  {
    name: "an accepted task does not know what is completed already",
    file: "src/scheduler/dependency_sums.ts",
    text: "addTo(sums, tally);",
    replacement: "",
  },
  {
    name: "what waits for its turn does not notice what is added behind it",
    file: INDEX,
    text: "if (this.queue.has(longer)) this.#enqueue(longer);",
    replacement: "",
  },
  {
    name: "an accepted task is not one of the selected ones",
    file: INDEX,
    text: "this.#selected?.add(ordinal);",
    replacement: "",
  },
  {
    name: "a proposed task may write anywhere",
    file: "src/plan/proposal.ts",
    text: "const outside = limit === null ? undefined :",
    replacement: "const outside = limit !== undefined ? undefined :",
  },
  {
    name: "a proposed task has no write set of its own accord",
    file: "src/plan/proposal.ts",
    text: '...(limit === null || proposal["write_set"] !== undefined ? {} : { write_set: limit }),',
    replacement: "",
  },
  {
    name: "proposals are answered before those that they depend on",
    file: PROPOSALS,
    text: "open.find((each) => !waitsForOthers(open, each))",
    replacement: "open[0]",
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
    name: "what does not fit is taken over again",
    file: "src/run/state/reuse_events.ts",
    text: "reuse.next = at + 1;",
    replacement: "reuse.next = at;",
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
    name: "a stall is told again with every look",
    file: "src/watchdog/transitions.ts",
    text: 'if (verdict === "stalled" && !known.isStalled) {',
    replacement: 'if (verdict === "stalled") {',
  },
  {
    name: "an attempt that is to be warned of is ended",
    file: "src/run/attempt_flow.ts",
    text: 'spec.on_stall !== "warn"',
    replacement: 'spec.on_stall !== "kill"',
  },
  {
    name: "kill is a retry",
    file: RETRY,
    text: 'return spec.on_stall !== "kill";',
    replacement: "return true;",
  },
  {
    name: "nobody is ever stalled",
    file: "src/watchdog/watch.ts",
    text: "idle < staleMsOf(slot.task_id)",
    replacement: "idle >= 0",
  },
  {
    name: "time in which nobody looked counts",
    file: "src/watchdog/watch.ts",
    text: "const missed = lateLooks > 0 ? gap - counted : 0;",
    replacement: "const missed = lateLooks < 0 ? gap : 0;",
  },
  {
    name: "a heartbeat counts from the time that it gives",
    file: "src/watchdog/watch.ts",
    text: "return takeIn(watch, seen, watch.hasLooked ? seen.now : null);",
    replacement:
      "return takeIn(watch, seen, seen.reading.kind === 'read' ? Date.parse(seen.reading.heartbeat.ts) : null);",
  },
  {
    name: "one sign of progress does not count",
    file: "src/watchdog/watch.ts",
    text: "before.progress.output_bytes !== after.progress.output_bytes",
    replacement: "before.attempt !== after.attempt",
  },
  {
    name: "the search for a red merge stops one too early",
    file: MERGE_BATCH,
    text: "bad - good > 1;",
    replacement: "bad - good > 2;",
  },
  {
    name: "what only the first gate has passed gets into the head",
    file: MERGE_BATCH,
    text: 'if (latest?.result === "passed") continue;',
    replacement: 'if (latest?.result === "passed") break;',
  },
  {
    name: "what stands behind a red merge stays staged on it",
    file: MERGING,
    text: "setStaged(run, staged.slice(0, place));",
    replacement: "setStaged(run, staged.filter((_, at) => at !== place));",
  },
  {
    name: "a task whose merge is judged can be cancelled",
    file: MERGE_BATCH,
    text: 'batch?.phase === "judging" && batch.staged.some(({ task_id }) => task_id === taskId)',
    replacement: "false",
  },
  {
    name: "what is not urgent is never said",
    file: INBOX,
    text: "await this.#appendPosts(this.#take(() => true), state, now(), append);",
    replacement: "",
  },
  {
    name: "what was said is said again",
    file: INBOX,
    text: "this.#posts = this.#posts.filter((post) => !posts.includes(post));",
    replacement: "this.#posts = [...this.#posts];",
  },
  {
    name: "what is not urgent is dropped when something urgent is said",
    file: INBOX,
    text: "this.#posts = this.#posts.filter((post) => !posts.includes(post));",
    replacement: "this.#posts = [];",
  },
];
