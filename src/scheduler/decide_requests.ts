/** Answers to the requests that other processes have appended: a fact each, or a visible refusal. */

import { draft, type EventDraft, taskSubject } from "../log/event.ts";
import type { OpenRequest } from "./run_record.ts";
import { findTask, type RunState } from "./run_state.ts";
import { isActive, isTerminal } from "./task_state.ts";

/** The answers that can be given now. A cancellation of what is at work is answered when that has ended. */
export function decideRequests(state: RunState): EventDraft[] {
  return state.run.open_requests.flatMap((request) => answer(state, request));
}

function answer(state: RunState, request: OpenRequest): EventDraft[] {
  const actor = `controller/${state.run.incarnation}`;
  const refuse = (reason: string) => [
    draft("request_refused", "run", actor, { request: request.index, reason }),
  ];
  switch (request.kind) {
    case "cancel_requested":
      return request.payload.task_id === null
        ? answerRunCancel(state, request.index, refuse)
        : answerTaskCancel(state, request.index, request.payload.task_id, request.payload.reason, refuse);
    case "pause_requested":
      return state.run.paused
        ? refuse("the run is paused already")
        : [draft("run_paused", "run", actor, { request: request.index, reason: request.payload.reason })];
    case "unpause_requested":
      return state.run.paused
        ? [draft("run_unpaused", "run", actor, { request: request.index })]
        : refuse("the run is not paused");
    case "answer_given":
      return refuse(
        `task "${request.payload.task_id}" has no open question that this run can take an answer for`,
      );
    case "approval_given":
      return refuse(`no approval "${request.payload.approval}" is open`);
    case "budget_add_requested":
      return [draft("budget_extended", "run", actor, {
        request: request.index,
        budget: request.payload.budget,
        by: request.payload.by,
      })];
    case "worker_joined":
    case "worker_left":
      return refuse("this run takes no workers of other processes");
    case "attempt_started":
    case "attempt_reported": {
      const { task_id, attempt, token } = request.payload;
      const reason = "no worker of another process holds this attempt";
      return [draft("result_refused", taskSubject(task_id), actor, {
        request: request.index,
        task_id,
        attempt,
        token,
        reason,
      })];
    }
    case "task_proposed":
      return refuse("the plan does not allow proposals");
  }
}

type Refuse = (reason: string) => EventDraft[];

function answerRunCancel(state: RunState, request: number, refuse: Refuse): EventDraft[] {
  const { cancel, cancelled, failure } = state.run;
  if (cancelled || failure !== null) return refuse("the run has ended already");
  // The first request to cancel is answered by `run_cancelled`, at the end.
  return cancel?.request === request ? [] : refuse("the run is being cancelled already");
}

function answerTaskCancel(
  state: RunState,
  request: number,
  id: string,
  reason: string,
  refuse: Refuse,
): EventDraft[] {
  const view = findTask(state, id);
  if (view === undefined) return refuse(`the plan has no task "${id}"`);
  const { task } = view;
  if (isTerminal(task.state)) return refuse(`task "${id}" is ${task.state} already`);
  if (isActive(task.state)) {
    return task.cancel_request === request ? [] : refuse(`task "${id}" is being cancelled already`);
  }
  if (state.run.merge?.task_id === id) return [];
  return [draft("task_cancelled", taskSubject(id), `controller/${state.run.incarnation}`, {
    request,
    task_id: id,
    attempt: task.state === "pending" ? null : task.attempt,
    token: task.state === "pending" ? null : task.token,
    outcome: null,
    reason,
  })];
}
