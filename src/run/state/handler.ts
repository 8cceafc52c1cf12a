/** What the parts of the fold share. */

import type { EventOf } from "../../log/event.ts";
import type { Kind, PayloadOf } from "../../log/kinds.ts";
import { findTask, type RunState, type TaskView } from "../../scheduler/run_state.ts";
import type { OpenApproval } from "../../scheduler/run_record.ts";
import { isActive, isLegalTransition, type TaskState, type TaskStatus } from "../../scheduler/task_state.ts";

/** Folds events of one kind; the text says which rule the event breaks, in which case nothing was changed. */
export type Handler<K extends Kind> = (state: RunState, event: EventOf<K>) => string | undefined;

/** One handler for each of some kinds. */
export type HandlersOf<K extends Kind> = { readonly [Each in K]: Handler<Each> };

/** One handler for each kind. */
export type Handlers = HandlersOf<Kind>;

// Events of one commit mostly have one time, and each is asked for it more than once.
let lastParsed = { ts: "", ms: 0 };

/** The time of an event on the run clock, milliseconds. */
export function timeOf({ ts }: { readonly ts: string }): number {
  if (lastParsed.ts !== ts) lastParsed = { ts, ms: Date.parse(ts) };
  return lastParsed.ms;
}

/** Takes a request off the list of the open ones, where the fact answers one. */
export function closeRequest(state: RunState, payload: { readonly request?: number | undefined }): void {
  const { request } = payload;
  if (request === undefined) return;
  state.run.open_requests = state.run.open_requests.filter((open) => open.index !== request);
}

/**
 * Takes off the list what a worker has said of an attempt, once the log tells it as a fact: its start by
 * `task_started`, its report by `attempt_pinning` or by the end of the attempt. Their token says which is meant.
 */
export function closeReports(
  { run }: RunState,
  token: number | null,
  kind: "attempt_started" | "attempt_reported",
): void {
  if (run.open_requests.length === 0 || token === null) return;
  run.open_requests = run.open_requests.filter((open) =>
    !((open.kind === "attempt_started" || open.kind === "attempt_reported") && open.kind === kind &&
      open.payload.token === token)
  );
}

/**
 * What a worker has reported is answered when its attempt is pinned with that result; another result means that the
 * report came while the attempt was given up, and the end of the attempt is the answer.
 */
export function takeInReport({ run }: RunState, { token, outcome }: PayloadOf<"attempt_pinning">): void {
  if (run.open_requests.length === 0) return;
  run.open_requests = run.open_requests.filter((open) =>
    open.kind !== "attempt_reported" || open.payload.token !== token ||
    open.payload.outcome.result !== outcome.result
  );
}

/** Takes requests for permission off the list of those that wait for a person. */
export function closeApprovals({ run }: RunState, isOver: (approval: OpenApproval) => boolean): void {
  const { approvals } = run;
  if (approvals === undefined || !approvals.open.some(isOver)) return;
  run.approvals = { ...approvals, open: approvals.open.filter((each) => !isOver(each)) };
}

/** The task of an event, or the rule that is broken. */
export function taskOf(state: RunState, id: string): TaskView | string {
  return findTask(state, id) ?? `the plan has no task "${id}"`;
}

/** The task of an attempt's event, if the attempt is the current one and in one of the given states. */
export function attemptOf(
  state: RunState,
  ref: Pick<PayloadOf<"task_started">, "task_id" | "attempt" | "token">,
  ...states: readonly TaskStatus[]
): TaskView | string {
  const view = taskOf(state, ref.task_id);
  if (typeof view === "string") return view;
  const { task } = view;
  if (task.token !== ref.token || task.attempt !== ref.attempt) {
    return `attempt ${ref.attempt} with token ${ref.token} is not the current one of task "${task.id}"`;
  }
  if (!states.includes(task.state)) return `task "${task.id}" is ${task.state}`;
  return view;
}

/**
 * Moves a task to another state, if that is legal; `change` sets what goes with it, field by field: a record of changes
 * that is made and copied into the task for each move costs a twentieth of the fold.
 */
export function move(
  state: RunState,
  view: TaskView,
  to: TaskStatus,
  now: number,
  change: (task: Omit<TaskState, "id" | "state">) => void,
): string | undefined {
  const { task, ordinal } = view;
  const from = task.state;
  if (!isLegalTransition(from, to)) return `task "${task.id}" may not go from ${from} to ${to}`;
  if (isActive(from) && !isActive(to)) closeTalk(state, task.token, to);
  change(task);
  task.state = to;
  if (!isActive(to)) {
    // Deleting what is absent takes as long as the rest of the move.
    if (task.cancel_reason !== undefined) delete task.cancel_reason;
    if (task.stalled !== undefined) delete task.stalled;
  }
  state.index.moved(ordinal, from, now);
  return undefined;
}

/** Takes off the lists what an attempt that is over has said and asked for. */
function closeTalk(state: RunState, token: number | null, to: TaskStatus): void {
  closeReports(state, token, "attempt_started");
  // Where an attempt is given up, a report that nobody has taken in is still to be refused.
  if (to !== "pending") closeReports(state, token, "attempt_reported");
  // Nobody waits for the answer any more.
  closeApprovals(state, (approval) => approval.token === token);
}

/** Leaves a task without a current attempt. */
export function clearAttempt(task: Omit<TaskState, "id" | "state">): void {
  task.owner = null;
  task.token = null;
  task.lease_expires = null;
  task.stage = null;
  task.pin_date = null;
  task.slot = null;
  task.process = null;
  task.cancel_request = null;
  task.waiting_on = null;
}
