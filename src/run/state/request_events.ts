/** The fold of requests: they wait in `open_requests` until a fact answers them. */

import type { EventOf } from "../../log/event.ts";
import type { OpenRequest, RequestPayload } from "../../scheduler/run_record.ts";
import { findTask, type RunState } from "../../scheduler/run_state.ts";
import { cancelledWith } from "../../scheduler/cascade.ts";
import { isActive, type TaskState } from "../../scheduler/task_state.ts";
import type { HandlersOf } from "./handler.ts";

type RequestKind = RequestPayload["kind"];

/** See the module. */
export const requestHandlers: HandlersOf<RequestKind> = {
  cancel_requested(state, event) {
    open(state, event.index, { kind: event.kind, payload: event.payload });
    const { task_id, reason } = event.payload;
    if (task_id === null) {
      if (state.run.phase === "active") state.run.cancel ??= { request: event.index, reason };
      return undefined;
    }
    const view = findTask(state, task_id);
    if (view === undefined) return undefined;
    askToEnd(view.task, event.index, reason);
    for (const { task } of cancelledWith(state, view)) {
      askToEnd(task, event.index, `depends on "${task_id}", which is cancelled: ${reason}`);
    }
    return undefined;
  },
  retry_requested: (state, event) => open(state, event.index, pick(event)),
  pause_requested: (state, event) => open(state, event.index, pick(event)),
  unpause_requested: (state, event) => open(state, event.index, pick(event)),
  gate_reset_requested: (state, event) => open(state, event.index, pick(event)),
  answer_given: (state, event) => open(state, event.index, pick(event)),
  approval_given: (state, event) => open(state, event.index, pick(event)),
  budget_add_requested: (state, event) => open(state, event.index, pick(event)),
  worker_joined: (state, event) => open(state, event.index, pick(event)),
  worker_left: (state, event) => open(state, event.index, pick(event)),
  attempt_started: (state, event) => open(state, event.index, pick(event)),
  attempt_reported: (state, event) => open(state, event.index, pick(event)),
  task_proposed: (state, event) => open(state, event.index, pick(event)),
};

/** Marks an attempt at work; whoever asked first is answered by its end. */
function askToEnd(task: TaskState, request: number, reason: string): void {
  if (!isActive(task.state) || task.cancel_request !== null) return;
  task.cancel_request = request;
  task.cancel_reason = reason;
}

function pick<K extends RequestKind>(
  event: EventOf<K>,
): { readonly kind: K; readonly payload: EventOf<K>["payload"] } {
  return { kind: event.kind, payload: event.payload };
}

function open(state: RunState, index: number, request: RequestPayload): undefined {
  const entry: OpenRequest = { ...request, index };
  state.run.open_requests.push(entry);
  return undefined;
}
