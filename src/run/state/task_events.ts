/** The fold of the events about tasks and their attempts. */

import type { EventOf } from "../../log/event.ts";
import type { PayloadOf } from "../../log/kinds.ts";
import { isReadOnly } from "../../plan/read_only.ts";
import { findTask, type RunState, type TaskView } from "../../scheduler/run_state.ts";
import { isActive } from "../../scheduler/task_state.ts";
import { openProposals } from "./proposal_events.ts";
import { land, leaveMergeQueue, obstacleToLanding } from "./merging.ts";
import { completeByPick } from "./candidate_events.ts";
import { completeByReuse } from "./reuse_events.ts";
import {
  attemptOf,
  clearAttempt,
  closeApprovals,
  closeReports,
  closeRequest,
  type HandlersOf,
  move,
  takeInReport,
  taskOf,
  timeOf,
} from "./handler.ts";

type TaskKind =
  | "task_claimed"
  | "lease_renewed"
  | "task_started"
  | "attempt_pinning"
  | "attempt_pinned"
  | "task_finished"
  | "task_completed"
  | "task_failed"
  | "retry_scheduled"
  | "task_blocked"
  | "task_waiting"
  | "task_cancelled"
  | "task_reopened"
  | "result_refused"
  | "usage_recorded"
  | "approval_requested"
  | "approval_decided";

/** See the module. */
export const taskHandlers: HandlersOf<TaskKind> = {
  task_claimed(state, event) {
    const view = taskOf(state, event.payload.task_id);
    if (typeof view === "string") return view;
    const { payload } = event;
    const due = view.task.attempt + 1;
    if (payload.attempt !== due) return `attempt ${due} of task "${view.task.id}" was due`;
    // On another base a loop begins anew.
    if (view.task.loop !== undefined && view.task.loop.base !== payload.base) delete view.task.loop;
    if (view.task.lost_by !== undefined) delete view.task.lost_by;
    return move(state, view, "claimed", timeOf(event), (task) => {
      clearAttempt(task);
      task.attempt = payload.attempt;
      task.owner = payload.worker;
      task.token = event.index;
      task.lease_expires = payload.lease_expires;
      task.base = payload.base;
      task.pin = null;
      task.not_before = null;
      task.started_at = timeOf(event);
      task.reason = null;
    });
  },

  lease_renewed(state, { payload }) {
    const view = attemptOf(state, payload, "claimed", "running");
    if (typeof view === "string") return view;
    view.task.lease_expires = payload.lease_expires;
    return undefined;
  },

  task_started(state, event) {
    const view = attemptOf(state, event.payload, "claimed");
    if (typeof view === "string") return view;
    const { process, slot } = event.payload;
    closeReports(state, event.payload.token, "attempt_started");
    return move(state, view, "running", timeOf(event), (task) => {
      task.process = process;
      task.slot = slot;
      task.stage = "body";
    });
  },

  attempt_pinning(state, { payload }) {
    const view = attemptOf(state, payload, "claimed", "running");
    if (typeof view === "string") return view;
    // Only what an attempt leaves in the end is merged.
    if (payload.iteration !== undefined) return undefined;
    closeReports(state, payload.token, "attempt_started");
    takeInReport(state, payload);
    view.task.stage = "pinning";
    view.task.pin_date = payload.date;
    view.task.slot = payload.slot;
    view.task.outcome = payload.outcome;
    return undefined;
  },

  attempt_pinned(state, { payload }) {
    const view = attemptOf(state, payload, "claimed", "running");
    if (typeof view === "string") return view;
    if (payload.iteration !== undefined) return keepIteration(view, payload);
    view.task.stage = "pinned";
    if (payload.patch_bytes !== undefined) view.task.patch_bytes = payload.patch_bytes;
    // What a task leaves whose result is what its agent says is kept, and never merged.
    view.task.pin = isReadOnly(view.spec) ? null : payload.commit;
    return undefined;
  },

  task_finished(state, event) {
    const view = attemptOf(state, event.payload, "running");
    if (typeof view === "string") return view;
    const { outcome, outputs } = event.payload;
    const broken = move(state, view, "finished", timeOf(event), (task) => {
      task.outcome = outcome;
      task.outputs = outputs;
      task.lease_expires = null;
    });
    if (broken !== undefined) return broken;
    if (view.task.pin !== null) state.run.merge_queue.push(view.task.id);
    openProposals(state, event);
    return undefined;
  },

  task_completed(state, event) {
    if (event.payload.reused !== undefined) return completeByReuse(state, event);
    if (event.payload.picked !== undefined) return completeByPick(state, event);
    const view = attemptOf(state, event.payload, "finished");
    if (typeof view === "string") return view;
    const { commit, tree } = event.payload;
    const isMerged = commit !== null && tree !== null;
    if (judgedBy(view.spec).some((id) => findTask(state, id)?.task.state !== "completed")) {
      return `what review "${view.task.id}" has passed is not all merged`;
    }
    const obstacle = isMerged ? obstacleToLanding(state, event.payload, commit) : undefined;
    if (obstacle !== undefined) return obstacle;
    if (!isMerged && view.task.pin !== null) return `the work of task "${view.task.id}" is not merged`;
    const { token } = view.task;
    const broken = move(state, view, "completed", timeOf(event), (task) => {
      clearAttempt(task);
      task.token = token;
      task.commit = commit ?? state.run.head?.commit ?? null;
      task.completed_at = timeOf(event);
      task.recovery_count = 0;
      task.conflict_count = 0;
      task.reason = null;
    });
    if (broken === undefined) forgetTrouble(view.task);
    if (broken === undefined && isMerged) {
      land(state.run, event.payload, { commit, tree });
      leaveMergeQueue(state, view.task.id);
    }
    return broken;
  },

  task_failed: (state, event) => endAttempt(state, event, "failed"),

  retry_scheduled(state, event) {
    const view = attemptOf(state, event.payload, "claimed", "running", "finished");
    if (typeof view === "string") return view;
    const { task } = view;
    const { owner } = task;
    const { class: kind, not_before, outcome, reason } = event.payload;
    leaveMergeQueue(state, view.task.id);
    closeRequest(state, event.payload);
    const broken = move(state, view, "pending", timeOf(event), () => {
      clearAttempt(task);
      task.not_before = not_before;
      task.outcome = outcome;
      task.reason = reason;
      task.outputs = [];
      if (kind === "retry") task.retry_count++;
      task.recovery_count = kind === "recovery" ? task.recovery_count + 1 : 0;
    });
    if (broken === undefined && kind === "review") countRound(view);
    if (broken === undefined && kind === "recovery" && owner !== null) task.lost_by = owner;
    if (broken !== undefined || kind === "recovery") return broken;
    // A recovery goes on with the loop, and knows what was known before; everything else begins anew.
    delete task.loop;
    if (outcome.gate_output === undefined) delete task.gate_output;
    else task.gate_output = outcome.gate_output;
    return undefined;
  },

  task_blocked(state, event) {
    const view = taskOf(state, event.payload.task_id);
    if (typeof view === "string") return view;
    const { causes, reason } = event.payload;
    return move(state, view, "blocked", timeOf(event), (task) => {
      task.causes = causes;
      task.reason = reason;
      task.completed_at = timeOf(event);
    });
  },

  task_waiting(state, event) {
    const view = attemptOf(state, event.payload, "running");
    if (typeof view === "string") return view;
    const { outcome, question } = event.payload;
    const { token } = view.task;
    return move(state, view, "waiting", timeOf(event), (task) => {
      clearAttempt(task);
      task.token = token;
      task.outcome = outcome;
      task.waiting_on = event.payload.on;
      task.reason = question;
    });
  },

  task_cancelled(state, event) {
    const { payload } = event;
    const view = taskOf(state, payload.task_id);
    if (typeof view === "string") return view;
    if (payload.token !== null && payload.token !== view.task.token) {
      return `token ${payload.token} is not the current one of task "${view.task.id}"`;
    }
    if (payload.token === null && isActive(view.task.state)) return `task "${view.task.id}" is at work`;
    leaveMergeQueue(state, view.task.id);
    closeRequest(state, payload);
    return move(state, view, "cancelled", timeOf(event), (task) => {
      clearAttempt(task);
      if (payload.outcome !== null) task.outcome = payload.outcome;
      task.reason = payload.reason;
      task.completed_at = timeOf(event);
      if (payload.causes !== undefined) task.causes = payload.causes;
    });
  },

  task_reopened(state, event) {
    const view = taskOf(state, event.payload.task_id);
    if (typeof view === "string") return view;
    const { request, reason, answer } = event.payload;
    closeRequest(state, { request });
    delete view.task.loop;
    forgetTrouble(view.task);
    forgetPick(state, view);
    return move(state, view, "pending", timeOf(event), (task) => {
      clearAttempt(task);
      task.not_before = null;
      task.retry_count = 0;
      task.recovery_count = 0;
      task.conflict_count = 0;
      task.completed_at = null;
      task.causes = [];
      task.reason = reason;
      if (answer !== undefined) task.answer = answer;
    });
  },

  result_refused: (state, { payload }) => void closeRequest(state, payload),

  usage_recorded(state, { payload }) {
    const task = findTask(state, payload.task_id)?.task;
    addUsage(state.run, payload);
    if (task !== undefined) addUsage(task, payload);
    return undefined;
  },

  approval_requested(state, event) {
    const { run } = state;
    const { count = 0, open = [] } = run.approvals ?? {};
    const { expires, approval } = event.payload;
    const asked = expires === undefined ? [] : [{ ...event.payload, since: timeOf(event), expires }];
    // Names are numbers, of which some may not have come into the log.
    run.approvals = { count: Math.max(count + 1, Number(approval) || 0), open: [...open, ...asked] };
    return undefined;
  },

  approval_decided(state, { payload }) {
    closeRequest(state, payload);
    closeApprovals(state, ({ approval }) => approval === payload.approval);
    return undefined;
  },
};

function addUsage(
  sums: { usage?: Record<string, number> },
  { metric, amount }: PayloadOf<"usage_recorded">,
): void {
  const usage = sums.usage ??= {};
  usage[metric] = (Object.hasOwn(usage, metric) ? usage[metric] ?? 0 : 0) + amount;
}

function endAttempt(state: RunState, event: EventOf<"task_failed">, to: "failed"): string | undefined {
  const view = attemptOf(state, event.payload, "claimed", "running", "finished", "waiting");
  if (typeof view === "string") return view;
  leaveMergeQueue(state, view.task.id);
  const { outcome, reason } = event.payload;
  return move(state, view, to, timeOf(event), (task) => {
    clearAttempt(task);
    task.outcome = outcome;
    task.reason = reason;
    task.completed_at = timeOf(event);
  });
}

/** What must be merged before a review is completed: what it has passed, or the task that it has picked for. */
function judgedBy({ review }: TaskView["spec"]): readonly string[] {
  if (review === undefined) return [];
  return review.picks_for === undefined ? review.of : [review.picks_for];
}

/** Forgets what kept the work of earlier attempts from being merged. */
function forgetTrouble(task: TaskView["task"]): void {
  if (task.conflict !== undefined) delete task.conflict;
  if (task.gate_output !== undefined) delete task.gate_output;
  if (task.review_count !== undefined) delete task.review_count;
}

/** A candidate that is tried again competes anew, unless another one was picked. */
function forgetPick(state: RunState, { spec }: TaskView): void {
  const choice = spec.candidate_of === undefined ? undefined : findTask(state, spec.candidate_of)?.task;
  if (choice?.picked?.task_id === spec.id && choice.state !== "completed") delete choice.picked;
}

/** Each round has the retries of the review's policy; what is sent back keeps count of it. */
function countRound({ spec, task }: TaskView): void {
  if (spec.review === undefined) task.review_count = (task.review_count ?? 0) + 1;
  else task.retry_count = 0;
}

function keepIteration({ task }: TaskView, payload: PayloadOf<"attempt_pinned">): undefined {
  task.loop = {
    iteration: payload.iteration ?? 1,
    base: task.base,
    since: task.loop?.since ?? task.started_at ?? 0,
    pin: payload.commit,
    tree: payload.tree,
    spent_ms: payload.spent_ms ?? 0,
    verdict: null,
    gate_output: null,
  };
}
