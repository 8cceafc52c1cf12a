/**
 * What the scheduler does next, from the state and the time alone: no I/O, no clock, no randomness. The
 * controller appends what is decided, folds it, and asks again until nothing is left to decide.
 */

import { draft, type EventDraft, taskSubject } from "../log/event.ts";
import type { AttemptOutcome } from "../log/kinds.ts";
import { decideOverdue } from "./approvals.ts";
import { attemptsLeft, decideBudget, decideTaskBudgets, timeBudgetEnd } from "./budget.ts";
import { nextHalfOpen } from "./breaker.ts";
import { decideRequests } from "./decide_requests.ts";
import { decideUnstartable } from "./decide_unstartable.ts";
import { isBatchComplete, isBeingMerged, isStaged, mergeTip } from "./merge_batch.ts";
import { decideCandidates, isPassedOver } from "./candidates.ts";
import { PickSet } from "./pick_set.ts";
import { judgeFailure } from "./retry.ts";
import { decideReuse } from "./reuse.ts";
import { decideReviews, openReviewsOf, tasksToReview } from "./reviews.ts";
import { findTask, type RunState, taskAt, type TaskView } from "./run_state.ts";
import { recordUsage } from "./usage.ts";
import { assignPlaces, freePlaces, LOCAL_WORKER } from "./workers.ts";

const NONE: ReadonlySet<number> = new Set();

/** What the controller knows beside the state: what it is about to append, and what it is finding out. */
export interface Underway {
  /** Indexes of requests that are not answered yet: who sent them is still being found out. */
  readonly held?: ReadonlySet<number> | undefined;
  /** Tokens of the attempts whose leases are renewed in the same commit. */
  readonly renewed?: ReadonlySet<number>;
}

/** The events to append now; `now` is the run clock in milliseconds. Empty: nothing to decide until something happens. */
export function decide(
  state: RunState,
  now: number,
  { held = NONE, renewed = NONE }: Underway = {},
): readonly EventDraft[] {
  // A proof tells everything up to its intent, so nothing may come between the two.
  if (state.run.phase !== "active" || state.run.proof_writing !== null) return [];
  const requests = decideRequests(state, held);
  if (requests.length > 0) return requests;
  if (state.run.tampered_at !== null || state.run.failure !== null || state.run.cancelled) return [];
  if (state.run.cancel !== null) return decideCancel(state, state.run.cancel);
  const ended = [
    ...decideUnstartable(state),
    ...decideReviews(state, now),
    ...decideCandidates(state, now),
    ...decideLostLeases(state, now, renewed),
    ...decideOverdue(state, now),
    ...decideBudget(state, now),
  ];
  if (ended.length > 0) return ended;
  // Only now, as what has just been ended waits for no larger budget.
  const spent = decideTaskBudgets(state);
  if (spent.length > 0) return spent;
  const reuse = startsNothing(state) || state.run.paused ? [] : decideReuse(state, now);
  if (reuse.length > 0) return reuse;
  const merges = decideMerge(state, now);
  return isReusing(state) ? merges : [...merges, ...decideClaims(state, now)];
}

/**
 * Whether no task is at work or on its way into the head, and none will be until somebody outside acts. The run
 * can then be finished.
 */
export function isQuiet(state: RunState): boolean {
  const { run, index } = state;
  // A claim may have been forged, and nobody would ever end it.
  if (run.tampered_at !== null) return true;
  if (index.active.size > 0 || run.merge !== null) return false;
  if (run.failure !== null || run.cancelled) return true;
  if (run.cancel !== null || run.batch !== undefined) return false;
  const held = run.merge_queue.length;
  if (held > 0 && nextMerge(state) !== undefined) return false;
  if (startsNothing(state)) return true;
  if (run.paused || index.dispatch.delayedCount > 0 || index.unstartable.size > 0) return false;
  // What waits for a review that does not come keeps its path sets, and with them whoever needs them.
  return index.dispatch.ready.size === 0 || (held > 0 && pickTasks(state, [LOCAL_WORKER]).length === 0);
}

/**
 * The next moment at which time alone changes what is decided, when nothing is to be decided at `now`; undefined where
 * only events can. A moment that has passed decides nothing any more: a delay that is over in a paused run, a budget of
 * time that ran out while the last task is merged.
 */
export function nextWake(state: RunState, now: number): number | undefined {
  const moments: number[] = [];
  for (const ordinal of state.index.active) {
    const { lease_expires } = taskAt(state, ordinal).task;
    if (lease_expires !== null) moments.push(lease_expires);
  }
  for (const { expires } of state.run.approvals?.open ?? []) moments.push(expires);
  const halfOpen = nextHalfOpen(state.run, now);
  if (halfOpen !== undefined) moments.push(halfOpen);
  const delayEnd = state.index.dispatch.nextDelayEnd;
  if (delayEnd !== undefined) moments.push(delayEnd);
  const deadline = timeBudgetEnd(state);
  if (deadline !== undefined && state.run.budget_exhausted === null) moments.push(deadline);
  const next = Math.min(...moments.filter((moment) => moment > now));
  return next === Infinity ? undefined : next;
}

/** The actor of this incarnation's facts. */
export function controllerActor(state: RunState): string {
  return `controller/${state.run.incarnation}`;
}

/** The outcome of an attempt whose worker is gone, so that nothing else is known of it. */
export function lostOutcome(detail: string): AttemptOutcome {
  return {
    result: "lost",
    exit_code: null,
    signal: null,
    duration_ms: 0,
    output: null,
    strays_ended: 0,
    proven_dead: false,
    detail,
  };
}

/** Whether a failure, under `--on-failure no-new` or `kill`, or an exhausted budget keeps every task from starting. */
function startsNothing(state: RunState): boolean {
  if (state.run.budget_exhausted !== null) return true;
  return state.plan.on_failure !== "continue" && state.index.failures > 0;
}

function decideCancel(
  state: RunState,
  cancel: { readonly request: number; readonly reason: string },
): EventDraft[] {
  const actor = controllerActor(state);
  const drafts: EventDraft[] = [];
  for (let ordinal = 0; ordinal < state.tasks.length; ordinal++) {
    const { task } = taskAt(state, ordinal);
    const isMerging = isBeingMerged(state.run, task.id);
    const isIdle = task.state === "pending" || task.state === "waiting" || task.state === "finished";
    if (!isIdle || isMerging || !state.index.isSelected(ordinal)) continue;
    drafts.push(draft("task_cancelled", taskSubject(task.id), actor, {
      task_id: task.id,
      attempt: task.state === "pending" ? null : task.attempt,
      token: task.state === "pending" ? null : task.token,
      outcome: null,
      reason: cancel.reason,
    }));
  }
  const { merge, batch } = state.run;
  if (drafts.length > 0 || state.index.active.size > 0 || merge !== null || batch !== undefined) {
    return drafts;
  }
  return [draft("run_cancelled", "run", actor, { request: cancel.request, reason: cancel.reason })];
}

function decideLostLeases(state: RunState, now: number, renewed: ReadonlySet<number>): EventDraft[] {
  const drafts: EventDraft[] = [];
  for (const ordinal of state.index.active) {
    const { task } = taskAt(state, ordinal);
    if (task.lease_expires === null || task.lease_expires > now) continue;
    if (task.token !== null && renewed.has(task.token)) continue;
    drafts.push(...recoverAttempt(state, taskAt(state, ordinal), "its lease ran out", now));
  }
  return drafts;
}

/** Gives up an attempt whose worker is gone: a new one starts at once, the third in a row is quarantine. */
export function recoverAttempt(state: RunState, view: TaskView, detail: string, now: number): EventDraft[] {
  const { spec, task } = view;
  if (task.token === null) return [];
  const outcome = lostOutcome(detail);
  const verdict = judgeFailure(spec, task, outcome, state.run.seed);
  const used = recordUsage(
    state,
    spec,
    { task_id: task.id, attempt: task.attempt, token: task.token },
    outcome,
  );
  const ref = { task_id: task.id, attempt: task.attempt, token: task.token, outcome };
  const subject = taskSubject(task.id);
  const actor = controllerActor(state);
  if (verdict.kind === "retry") {
    const payload = {
      ...ref,
      class: verdict.class,
      not_before: now + verdict.delay_ms,
      reason: verdict.reason,
    };
    return [...used, draft("retry_scheduled", subject, actor, payload)];
  }
  const reason = verdict.kind === "fail" ? verdict.reason : verdict.question;
  return [...used, draft("task_failed", subject, actor, { ...ref, reason })];
}

/** Whether what an earlier run made is on its way into the head: nothing is claimed before it is there. */
function isReusing({ run: { merge, batch } }: RunState): boolean {
  return merge?.reused !== undefined || batch?.staged.some(({ reused }) => reused !== undefined) === true;
}

/** The next merge, or the end of a batch that nothing more joins. */
function decideMerge(state: RunState, now: number): EventDraft[] {
  const { run } = state;
  const { head, merge, batch } = run;
  if (merge !== null || head === null || batch?.phase === "judging") return [];
  const next = isBatchComplete(state) ? undefined : nextMerge(state);
  if (next === undefined) return decideJudging(state);
  const task = findTask(state, next)?.task;
  if (task === undefined || task.token === null || task.pin === null || task.base === null) return [];
  return [draft("merge_started", taskSubject(task.id), controllerActor(state), {
    task_id: task.id,
    attempt: task.attempt,
    token: task.token,
    head: mergeTip(run) ?? head.commit,
    base: task.base,
    pin: task.pin,
    date: now,
  })];
}

/** The first task whose work is done, not staged, passed by all its reviews, and picked where it is a candidate. */
function nextMerge(state: RunState): string | undefined {
  const { run } = state;
  return run.merge_queue.find((id) =>
    !isStaged(run, id) && openReviewsOf(state, id).length === 0 && !isPassedOver(state, id)
  );
}

function decideJudging(state: RunState): EventDraft[] {
  const { head, batch, batches = 0 } = state.run;
  const last = batch?.staged.at(-1);
  if (head === null || batch === undefined || last === undefined) return [];
  return [draft("merge_judging", "run", controllerActor(state), {
    batch: batches + 1,
    head: head.commit,
    commit: last.commit,
    tree: last.tree,
    tasks: batch.staged.map(({ task_id }) => task_id),
  })];
}

function decideClaims(state: RunState, now: number): EventDraft[] {
  if (state.run.paused || startsNothing(state)) return [];
  state.index.dispatch.promoteDelayed(now);
  const places = freePlaces(state);
  const actor = controllerActor(state);
  const picks = pickTasks(state, places).map((ordinal) => taskAt(state, ordinal));
  const workers = assignPlaces(picks, places);
  return picks.flatMap((view, at) => {
    const { spec, task } = view;
    const worker = workers[at] ?? null;
    if (worker === null) return [];
    return [draft("task_claimed", taskSubject(spec.id), actor, {
      task_id: spec.id,
      attempt: task.attempt + 1,
      worker,
      lease_expires: now + state.plan.lease_secs * 1000,
      base: spec.isolation === "worktree" ? baseFor(state, view) : null,
    })];
  });
}

/**
 * The commit that an attempt in a worktree starts from: the head of the run, or that of a loop that goes on after a
 * recovery, unless a dependency has delivered something since (P4). A reviewer of one attempt stands on its work.
 */
function baseFor(state: RunState, view: TaskView): string | null {
  const { spec, task } = view;
  const { loop } = task;
  const head = state.run.head?.commit ?? null;
  if (spec.review !== undefined) {
    const [only, ...others] = tasksToReview(state, view);
    return only?.task.pin !== undefined && others.length === 0 ? only.task.pin : head;
  }
  if (loop === undefined) return head;
  const isLate = spec.dependencies.some((id) => (findTask(state, id)?.task.completed_at ?? 0) >= loop.since);
  return isLate ? head : loop.base;
}

/**
 * The tasks that may run together with what is at work, best first, one for each of the places (P5). Picks leave the queue only
 * when their claims are folded: until then they stay ready, so that a claim that was not appended is not lost.
 */
function pickTasks(state: RunState, places: readonly string[]): number[] {
  const { index } = state;
  const most = Math.min(places.length, attemptsLeft(state));
  const picks = new PickSet(state, places.filter((worker) => worker === LOCAL_WORKER).length);
  while (picks.ordinals.length < most) {
    const cls = index.dispatch.ready.best();
    const best = cls?.ready.peek();
    if (cls === undefined || best === undefined) break;
    const obstacle = picks.obstacleOf(best.ordinal);
    if (obstacle !== null) index.dispatch.ready.park(cls, obstacle);
    else picks.take(best.ordinal, picks.ordinals.length + 1 >= most);
  }
  picks.putBack();
  return picks.ordinals;
}
