/** Answers to the requests that other processes have appended: a fact each, or a visible refusal. */

import { draft, type EventDraft, taskSubject } from "../log/event.ts";
import type { PayloadOf } from "../log/kinds.ts";
import { decideApproval, findApproval } from "./approvals.ts";
import { cancelledCauses, cancelledWith, hopelessCauses, reopenedWith } from "./cascade.ts";
import { answerProposal, decideProposals } from "./proposals.ts";
import { isBeingMerged } from "./merge_batch.ts";
import type { OpenRequest } from "./run_record.ts";
import { findTask, type RunState, taskAt, type TaskView } from "./run_state.ts";
import { isActive, isTerminal } from "./task_state.ts";
import { isAtService, LOCAL_WORKER } from "./workers.ts";

/** The answers that can be given now, to requests and to what attempts propose. A cancellation of what is at work is answered when that has ended. */
export function decideRequests(state: RunState, held?: ReadonlySet<number>): EventDraft[] {
  for (const request of state.run.open_requests) {
    if (held?.has(request.index)) continue;
    const answers = answer(state, request);
    // What answers one request may change what answers the next.
    if (answers.length > 0) return answers;
  }
  return decideProposals(state);
}

function answer(state: RunState, request: OpenRequest): EventDraft[] {
  const actor = actorOf(state);
  const { index } = request;
  const refuse: Refuse = (reason) => [draft("request_refused", "run", actor, { request: index, reason })];
  switch (request.kind) {
    case "cancel_requested":
      return request.payload.task_id === null
        ? answerRunCancel(state, index, refuse)
        : answerTaskCancel(state, index, request.payload.task_id, request.payload.reason, refuse);
    case "retry_requested":
      return answerRetry(state, index, request.payload.task_id, request.payload.reason, refuse);
    case "pause_requested":
      return state.run.paused
        ? refuse("the run is paused already")
        : [draft("run_paused", "run", actor, { request: index, reason: request.payload.reason })];
    case "unpause_requested":
      return state.run.paused
        ? [draft("run_unpaused", "run", actor, { request: index })]
        : refuse("the run is not paused");
    case "gate_reset_requested":
      return answerGateReset(state, index, request.payload, refuse);
    case "answer_given":
      return answerQuestion(state, index, request.payload, refuse);
    case "approval_given":
      return answerApproval(state, index, request.payload, refuse);
    case "budget_add_requested":
      return answerBudget(state, index, request.payload, refuse);
    case "worker_joined":
      return answerJoin(state, index, request.payload, refuse);
    case "worker_left": {
      const { worker, reason } = request.payload;
      return isAtService(state, worker)
        ? [draft("worker_stopped", "run", actor, { request: index, worker, reason })]
        : refuse(`no worker "${worker}" is part of this run`);
    }
    case "attempt_started":
    case "attempt_reported":
      return answerReport(state, index, request.payload);
    case "task_proposed":
      return answerRequestedProposal(state, index, request.payload, refuse);
  }
}

function answerGateReset(
  state: RunState,
  request: number,
  { gate, reason }: PayloadOf<"gate_reset_requested">,
  refuse: Refuse,
): EventDraft[] {
  const troubled = (state.run.gate_troubles ?? []).map((each) => each.gate);
  const gates = gate === null ? troubled : troubled.filter((each) => each === gate);
  if (gates.length > 0) return [draft("gate_reset", "run", actorOf(state), { request, gates, reason })];
  return refuse(
    gate === null ? "no gate has failed for the machine" : `gate "${gate}" has not failed for the machine`,
  );
}

function answerJoin(
  state: RunState,
  request: number,
  { worker, process, slots, mark }: PayloadOf<"worker_joined">,
  refuse: Refuse,
): EventDraft[] {
  const { run } = state;
  if (worker === LOCAL_WORKER || run.workers?.some((each) => each.worker === worker)) {
    return refuse(`worker "${worker}" has joined already`);
  }
  if (run.cancel !== null || run.cancelled || run.failure !== null || run.tampered_at !== null) {
    return refuse("the run is ending");
  }
  const named = mark === undefined ? {} : { mark };
  return [draft("worker_started", "run", actorOf(state), { request, worker, process, slots, ...named })];
}

/** What the worker of the current attempt says is taken in by the flow of that attempt; all else is stale (P3). */
function answerReport(
  state: RunState,
  request: number,
  payload: PayloadOf<"attempt_started" | "attempt_reported">,
): EventDraft[] {
  const { task_id, attempt, token, worker } = payload;
  const view = findTask(state, task_id);
  const isCurrent = view !== undefined && view.task.token === token && isActive(view.task.state);
  if (isCurrent && view.task.owner === worker) return [];
  const reason = isCurrent
    ? `worker "${worker}" does not hold this attempt`
    : "the attempt is no longer the current one of its task";
  return [draft("result_refused", taskSubject(task_id), actorOf(state), {
    request,
    task_id,
    attempt,
    token,
    reason,
  })];
}

type Refuse = (reason: string) => EventDraft[];

function answerRunCancel(state: RunState, request: number, refuse: Refuse): EventDraft[] {
  const { cancel, cancelled, failure } = state.run;
  if (cancelled || failure !== null) return refuse("the run has ended already");
  // The first request to cancel is answered by `run_cancelled`, at the end.
  return cancel?.request === request ? [] : refuse("the run is being cancelled already");
}

/** Cancels what rests at once; what is at work has been asked to end, and the end of the task itself is the answer. */
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
  if (isActive(task.state) && task.cancel_request !== request) {
    return refuse(`task "${id}" is being cancelled already`);
  }
  const dependents = cancelledWith(state, view);
  const going = new Set([id, ...dependents.map(({ spec }) => spec.id)]);
  const drafts = dependents.filter((each) => rests(state, each)).map((each) =>
    cancellation(state, each, `depends on "${id}", which is cancelled: ${reason}`, {
      causes: cancelledCauses(state, each, going),
    })
  );
  if (rests(state, view)) drafts.push(cancellation(state, view, reason, { request }));
  return drafts;
}

/** Whether a task can be cancelled without ending anything; one that is being merged has to wait for that. */
function rests(state: RunState, { task }: TaskView): boolean {
  return !isActive(task.state) && !isBeingMerged(state.run, task.id);
}

function cancellation(
  state: RunState,
  { task }: TaskView,
  reason: string,
  more: { readonly request?: number; readonly causes?: string[] },
): EventDraft {
  const isPending = task.state === "pending";
  return draft("task_cancelled", taskSubject(task.id), actorOf(state), {
    ...more,
    task_id: task.id,
    attempt: isPending ? null : task.attempt,
    token: isPending ? null : task.token,
    outcome: null,
    reason,
  });
}

/** Reopens a task, or all that failed, with what was blocked by them. */
function answerRetry(
  state: RunState,
  request: number,
  id: string | null,
  reason: string,
  refuse: Refuse,
): EventDraft[] {
  const { run } = state;
  if (run.cancel !== null || run.cancelled) return refuse("the run is cancelled");
  const views = id === null
    ? state.tasks.map((_, ordinal) => taskAt(state, ordinal)).filter(({ task }) => task.state === "failed")
    : [findTask(state, id)].filter((view) => view !== undefined);
  const first = views[0];
  if (first === undefined) return refuse(id === null ? "no task has failed" : `the plan has no task "${id}"`);
  if (id !== null) {
    const obstacle = obstacleToRetry(state, first);
    if (obstacle !== null) return refuse(obstacle);
  }
  const asked = new Set(views.map(({ ordinal }) => ordinal));
  return reopenedWith(state, views).map(({ spec, ordinal }) =>
    draft("task_reopened", taskSubject(spec.id), actorOf(state), {
      request,
      task_id: spec.id,
      reason: asked.has(ordinal) ? reason : "what it depends on is run again",
    })
  );
}

function obstacleToRetry(state: RunState, view: TaskView): string | null {
  const { task } = view;
  if (task.waiting_on === "budget") {
    return `task "${task.id}" waits for more budget; give it with omk budget add --task`;
  }
  if (task.state === "waiting") return `task "${task.id}" waits for an answer; give it with omk answer`;
  if (!isTerminal(task.state)) return `task "${task.id}" is ${task.state}, so it is not at its end`;
  if (task.state === "completed") return `task "${task.id}" is completed; what it made is in the run's head`;
  if (!state.index.isSelected(view.ordinal)) return `task "${task.id}" is not part of this run`;
  const causes = hopelessCauses(state, view);
  if (causes.length === 0) return null;
  const named = causes.map((each) => `"${each}"`).join(", ");
  return `task "${task.id}" depends on ${named}, which did not succeed; retry that first`;
}

function answerQuestion(
  state: RunState,
  request: number,
  { task_id, answer }: { readonly task_id: string; readonly answer: string },
  refuse: Refuse,
): EventDraft[] {
  const view = findTask(state, task_id);
  if (view === undefined) return refuse(`the plan has no task "${task_id}"`);
  if (view.task.state !== "waiting" || view.task.waiting_on === "budget") {
    return refuse(`task "${task_id}" is ${view.task.state}, and waits for no answer`);
  }
  if (state.run.cancel !== null || state.run.cancelled) return refuse("the run is cancelled");
  return [draft("task_reopened", taskSubject(task_id), actorOf(state), {
    request,
    task_id,
    reason: "its question was answered",
    answer,
  })];
}

function answerApproval(
  state: RunState,
  request: number,
  { approval, decision, reason }: PayloadOf<"approval_given">,
  refuse: Refuse,
): EventDraft[] {
  const open = findApproval(state, approval);
  if (open === undefined) return refuse(`no approval "${approval}" is open`);
  return [decideApproval(state, open, { request, decision, reason, by: "person" })];
}

function answerBudget(
  state: RunState,
  request: number,
  { budget, by, task_id }: Pick<PayloadOf<"budget_add_requested">, "budget" | "by" | "task_id">,
  refuse: Refuse,
): EventDraft[] {
  if (task_id !== undefined) {
    const view = findTask(state, task_id);
    if (view === undefined) return refuse(`the plan has no task "${task_id}"`);
    const own = budget === "tokens" || budget === "usd" ? view.spec.budget?.[budget] : undefined;
    if (own === undefined) return refuse(`task "${task_id}" has no budget of ${budget}`);
    return [draft("budget_extended", taskSubject(task_id), actorOf(state), { request, budget, by, task_id })];
  }
  const { time_secs, attempts, tokens, usd } = state.plan.budget;
  const planned = { time: time_secs, attempts, tokens, usd }[budget];
  if (planned === undefined || planned === null) return refuse(`the plan sets no budget of ${budget}`);
  return [draft("budget_extended", "run", actorOf(state), { request, budget, by })];
}

/** Only the current attempt of a task may propose anything: what another one knew may not hold any more. */
function answerRequestedProposal(
  state: RunState,
  request: number,
  { task_id, attempt, token, proposal }: PayloadOf<"task_proposed">,
  refuse: Refuse,
): EventDraft[] {
  const proposed_by = { task_id, attempt, token };
  const view = findTask(state, task_id);
  const isCurrent = view?.task.token === token && view.task.attempt === attempt && isActive(view.task.state);
  if (view === undefined || !isCurrent) {
    return refuse("the attempt that proposes it is not the current one of its task");
  }
  return [answerProposal(state, view, { proposed_by, request, content: proposal })];
}

function actorOf(state: RunState): string {
  return `controller/${state.run.incarnation}`;
}
