/** What follows the end of an attempt or of a merge: pure rules from evidence to events (P8). */

import { draft, type DraftOf, type EventDraft, taskSubject } from "../log/event.ts";
import type { Artifact, AttemptOutcome, StoredOutput } from "../log/kinds.ts";
import { whyUnneeded } from "./candidates.ts";
import { controllerActor } from "./decide.ts";
import { refuseProposals } from "./proposals.ts";
import { CONFLICT_LIMIT, judgeFailure } from "./retry.ts";
import { findTask, type RunState, type TaskView } from "./run_state.ts";
import { recordUsage } from "./usage.ts";
import { type AttemptRef, isActive, type TaskState } from "./task_state.ts";

/** Whether the attempt is the current one of its task (P3). */
export function isCurrent(state: RunState, ref: AttemptRef): boolean {
  const view = findTask(state, ref.task_id);
  return view !== undefined && view.task.token === ref.token && isActive(view.task.state);
}

/** The refusal of what an attempt reports that is no longer the current one. */
export function refuseResult(state: RunState, ref: AttemptRef, reason: string): DraftOf<"result_refused"> {
  return draft("result_refused", taskSubject(ref.task_id), controllerActor(state), { ...ref, reason });
}

/** The end of an attempt whose work, if any, is pinned. `outcome` already counts gates, sets and reports in. */
export function settleAttempt(
  state: RunState,
  ref: AttemptRef,
  outcome: AttemptOutcome,
  outputs: readonly StoredOutput[],
  now: number,
): EventDraft[] {
  const view = findTask(state, ref.task_id);
  // Who pays does not ask whether the result still counts.
  const used = view === undefined ? [] : recordUsage(state, view.spec, ref, outcome);
  if (view === undefined || !isCurrent(state, ref)) {
    return [...used, refuseResult(state, ref, "the attempt is no longer the current one of its task")];
  }
  return [...used, ...endOf(state, view, ref, outcome, outputs, now)];
}

/** The end of the current attempt of a task. */
function endOf(
  state: RunState,
  view: TaskView,
  ref: AttemptRef,
  outcome: AttemptOutcome,
  outputs: readonly StoredOutput[],
  now: number,
): EventDraft[] {
  const { task } = view;
  const refused = () => refuseProposals(state, ref, outcome.reported);
  const subject = taskSubject(ref.task_id);
  const actor = controllerActor(state);
  const cancel = cancellationOf(state, task);
  if (cancel !== null || outcome.result === "cancelled") {
    const reason = cancel?.reason ?? outcome.detail ?? "the run ended";
    const answered = cancel?.request === undefined ? {} : { request: cancel.request };
    return [draft("task_cancelled", subject, actor, { ...answered, ...ref, outcome, reason }), ...refused()];
  }
  if (outcome.result === "success") {
    const finished = draft("task_finished", subject, actor, { ...ref, outcome, outputs: [...outputs] });
    // What a review found, and which candidate is the best, is decided upon together with the others.
    const { review, candidate_of } = view.spec;
    if (task.pin !== null || review !== undefined || candidate_of !== undefined) return [finished];
    return [finished, draft("task_completed", subject, actor, { ...ref, commit: null, tree: null })];
  }
  return [afterFailure(state, view, ref, outcome, now), ...refused()];
}

/** What follows an attempt that did not succeed, by the plan's rules. */
function afterFailure(
  state: RunState,
  { spec, task }: TaskView,
  ref: AttemptRef,
  outcome: AttemptOutcome,
  now: number,
): EventDraft {
  const subject = taskSubject(ref.task_id);
  const actor = controllerActor(state);
  const verdict = judgeFailure(spec, task, outcome, state.run.seed);
  switch (verdict.kind) {
    case "retry":
      return draft("retry_scheduled", subject, actor, {
        ...ref,
        outcome,
        class: verdict.class,
        not_before: now + verdict.delay_ms,
        reason: verdict.reason,
      });
    case "wait":
      return draft("task_waiting", subject, actor, {
        ...ref,
        outcome,
        on: verdict.on,
        question: verdict.question,
      });
    case "fail":
      return draft("task_failed", subject, actor, { ...ref, outcome, reason: verdict.reason });
  }
}

/** What stands between an attempt's work and the head of the run. */
export interface Conflict {
  readonly head: string;
  readonly paths: readonly string[];
  /** What git says of it. */
  readonly detail: string;
  /** Both sides' changes of these paths; undefined where they could not be kept. */
  readonly diffs?: Artifact | undefined;
}

/** A conflict at the merge: back on the new base, or failed when that has happened too often. */
export function settleConflict(
  state: RunState,
  ref: AttemptRef,
  { head, paths, detail, diffs }: Conflict,
  now: number,
): EventDraft[] {
  const view = findTask(state, ref.task_id);
  const outcome = view?.task.outcome ?? null;
  if (view === undefined || outcome === null) return [];
  const subject = taskSubject(ref.task_id);
  const actor = controllerActor(state);
  const conflicted = draft("merge_conflicted", subject, actor, {
    ...ref,
    head,
    paths: [...paths],
    detail,
    ...(diffs === undefined ? {} : { diffs }),
  });
  const reason = `conflicts with what was merged before it in ${paths.join(", ")}`;
  const cancel = cancellationOf(state, view.task);
  if (cancel !== null) {
    const answered = cancel.request === undefined ? {} : { request: cancel.request };
    return [
      conflicted,
      draft("task_cancelled", subject, actor, { ...answered, ...ref, outcome, reason: cancel.reason }),
    ];
  }
  if (view.task.conflict_count >= CONFLICT_LIMIT) {
    return [conflicted, draft("task_failed", subject, actor, { ...ref, outcome, reason })];
  }
  return [
    conflicted,
    draft("retry_scheduled", subject, actor, { ...ref, outcome, class: "conflict", not_before: now, reason }),
  ];
}

/** A merge that gates refuse: its task is tried again where its retry policy allows that. */
export function settleRedMerge(
  state: RunState,
  view: TaskView,
  ref: AttemptRef,
  { detail, output }: { readonly detail: string; readonly output: string | undefined },
  now: number,
): EventDraft[] {
  const { task } = view;
  if (task.outcome === null) return [];
  const outcome: AttemptOutcome = {
    ...task.outcome,
    result: "gate_failed",
    detail,
    ...(output === undefined ? {} : { gate_output: output }),
  };
  const cancel = cancellationOf(state, task);
  if (cancel === null) return [afterFailure(state, view, ref, outcome, now)];
  const answered = cancel.request === undefined ? {} : { request: cancel.request };
  return [
    draft("task_cancelled", taskSubject(ref.task_id), controllerActor(state), {
      ...{ ...answered, ...ref, outcome },
      reason: cancel.reason,
    }),
  ];
}

/**
 * Who wants the attempt gone: a request for its task, which the end answers, for one it depends on, or for the run; or the
 * end of the task that it is a candidate for.
 */
function cancellationOf(
  state: RunState,
  task: TaskState,
): { readonly request?: number; readonly reason: string } | null {
  if (task.cancel_request !== null) {
    const open = state.run.open_requests.find((request) => request.index === task.cancel_request);
    const reason = task.cancel_reason ?? "cancelled";
    const isAnswer = open?.kind === "cancel_requested" && open.payload.task_id === task.id;
    return isAnswer ? { request: open.index, reason } : { reason };
  }
  if (state.run.cancel !== null) return { reason: state.run.cancel.reason };
  const reason = whyUnneeded(state, task.id);
  return reason === undefined ? null : { reason };
}
