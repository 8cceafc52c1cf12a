/**
 * Reviews: work is merged once every review of it has passed, and goes back where one finds what blocks it. A review is
 * completed when all that it has passed is merged, and judges anew what came back from there. Pure.
 */

import { draft, type EventDraft, taskSubject } from "../log/event.ts";
import type { ReviewFinding } from "../log/kinds.ts";
import { findingText } from "../log/review_finding.ts";
import { matchesAny } from "../plan/path_set.ts";
import { findTask, type RunState, taskAt, type TaskView } from "./run_state.ts";
import type { AttemptRef } from "./task_state.ts";

/** The reviews that have not passed the present attempt of a task: its work is not merged before they have. */
export function openReviewsOf(state: RunState, taskId: string): readonly string[] {
  const view = findTask(state, taskId);
  const reviews = view === undefined ? [] : state.index.reviews.of(view.ordinal);
  if (view === undefined || reviews.length === 0) return [];
  return reviews.map((ordinal) => taskAt(state, ordinal).spec)
    .filter(({ id, review }) => review?.picks_for === undefined && !hasPassed(view, id))
    .map(({ id }) => id);
}

/** The tasks that a review has to judge: their work is done, and it has not passed it. */
export function tasksToReview(state: RunState, { spec }: TaskView): readonly TaskView[] {
  return reviewedBy(state, spec.review?.of).filter((view) =>
    view.task.state === "finished" && view.task.token !== null && !hasPassed(view, spec.id)
  );
}

/**
 * What follows reviews that have given their findings: what they pass may be merged, what one of them blocks goes back,
 * and such a review with it. A review is completed with all that it has passed, and judges anew what came back from there.
 */
export function decideReviews(state: RunState, now: number): EventDraft[] {
  const { judged } = state.index.reviews;
  if (judged.size === 0) return [];
  const reviews = [...judged].sort((a, b) => a - b).map((ordinal) => taskAt(state, ordinal));
  const verdicts = reviews.flatMap((review) => verdictsOf(state, review));
  return verdicts.length > 0
    ? afterVerdicts(state, verdicts, now)
    : reviews.flatMap((review) => afterMerges(state, review, now));
}

/** What a review says of one task. */
interface Verdict {
  readonly review: TaskView;
  readonly view: TaskView;
  readonly findings: readonly ReviewFinding[];
  readonly isBlocked: boolean;
}

/** What a review that is over says of what it has judged and not been heard about. */
function verdictsOf(state: RunState, review: TaskView): readonly Verdict[] {
  const token = review.task.token ?? -1;
  // What has been started since the review was, it has not seen.
  const seen = tasksToReview(state, review).filter(({ task }) => (task.token ?? Infinity) < token);
  return seen.map((view) => {
    const findings = findingsAbout(state, review, view);
    return { review, view, findings, isBlocked: findings.some(isBlocking) };
  });
}

function afterVerdicts(state: RunState, verdicts: readonly Verdict[], now: number): EventDraft[] {
  const blocked = verdicts.filter(({ isBlocked }) => isBlocked);
  const told = verdicts.map(({ review, view, findings, isBlocked }) =>
    draft("task_reviewed", taskSubject(view.spec.id), actorOf(state), {
      ...refOf(view),
      review: refOf(review),
      round: (view.task.review_count ?? 0) + 1,
      verdict: isBlocked ? "blocked" : "passed",
      findings: [...findings],
    })
  );
  const back = Map.groupBy(blocked, ({ view }) => view.ordinal);
  const again = Map.groupBy(blocked, ({ review }) => review.ordinal);
  return [
    ...told,
    ...[...back.values()].flatMap((each) => sendBack(state, each, now)),
    ...[...again.values()].flatMap((each) => {
      const names = each.map(({ view }) => `"${view.spec.id}"`).join(", ");
      return each.slice(0, 1).flatMap(({ review }) =>
        repeatReview(state, review, `found what blocks ${names}`, now)
      );
    }),
  ];
}

/** What has become of what a review has passed. */
function afterMerges(state: RunState, review: TaskView, now: number): EventDraft[] {
  const { spec } = review;
  const reviewed = reviewedBy(state, spec.review?.of);
  if (reviewed.every(({ task }) => task.state === "completed")) {
    const end = { ...refOf(review), commit: null, tree: null };
    return [draft("task_completed", taskSubject(spec.id), actorOf(state), end)];
  }
  const back = reviewed.find((each) =>
    each.task.state !== "completed" && !(each.task.state === "finished" && hasPassed(each, spec.id))
  );
  return back === undefined
    ? []
    : repeatReview(state, review, `"${back.spec.id}" came back after it had passed`, now);
}

/** The findings of a review that concern a task: those that name it, or one of its paths, and those that name nothing. */
function findingsAbout(
  state: RunState,
  { spec, task: { outcome } }: TaskView,
  view: TaskView,
): readonly ReviewFinding[] {
  const ids = spec.review?.of ?? [];
  const owners = reviewedBy(state, ids);
  return (outcome?.findings ?? []).filter(({ task, path }) => {
    if (task !== undefined && ids.includes(task)) return task === view.spec.id;
    const owning = path === undefined ? [] : owners.filter((each) => declares(state, each, path));
    return owning.length === 0 || owning.some(({ ordinal }) => ordinal === view.ordinal);
  });
}

/** Whether the plan says that a task writes a path. */
function declares(state: RunState, { spec: { write_set } }: TaskView, path: string): boolean {
  return write_set !== null && matchesAny(write_set, path, { caseSensitive: state.run.case_sensitive });
}

/** What reviews have found to block it is tried again, with the findings, as often as each of them allows. */
function sendBack(state: RunState, verdicts: readonly Verdict[], now: number): EventDraft[] {
  const last = verdicts.find(({ review, view }) => (view.task.review_count ?? 0) >= roundsOf(review));
  const { review, view, findings } = last ?? verdicts[0] ?? {};
  const outcome = view?.task.outcome ?? null;
  if (review === undefined || view === undefined || findings === undefined || outcome === null) return [];
  const found = `review "${review.spec.id}" found what blocks it: ${blockersOf(findings)}`;
  const end = { ...refOf(view), outcome };
  const subject = taskSubject(view.spec.id);
  if (last === undefined) {
    const how = { class: "review", not_before: now, reason: found } as const;
    return [draft("retry_scheduled", subject, actorOf(state), { ...end, ...how })];
  }
  const { review_count = 0 } = view.task;
  const reason = review_count === 0 ? found : `${found}; it had been sent back ${times(review_count)}`;
  return [draft("task_failed", subject, actorOf(state), { ...end, reason })];
}

function roundsOf({ spec }: TaskView): number {
  return spec.review?.max_rounds ?? 0;
}

/** Has a review that is over judge anew, with all its retries. */
export function repeatReview(state: RunState, review: TaskView, reason: string, now: number): EventDraft[] {
  const { outcome } = review.task;
  if (outcome === null) return [];
  const how = { outcome, class: "review", not_before: now, reason } as const;
  return [
    draft("retry_scheduled", taskSubject(review.spec.id), actorOf(state), { ...refOf(review), ...how }),
  ];
}

/** The first blocking finding in one line, and how many more there are. */
function blockersOf(findings: readonly ReviewFinding[]): string {
  const [first, ...more] = findings.filter(isBlocking);
  if (first === undefined) return "nothing";
  const rest = more.length === 0 ? "" : ` (and ${more.length} more)`;
  return `${findingText(first).slice(0, 300)}${rest}`;
}

function isBlocking({ severity }: ReviewFinding): boolean {
  return severity === "blocking";
}

function hasPassed({ task }: TaskView, review: string): boolean {
  return task.passed_reviews?.some((each) => each.review === review && each.token === task.token) === true;
}

function reviewedBy(state: RunState, ids: readonly string[] = []): readonly TaskView[] {
  return ids.flatMap((id) => findTask(state, id) ?? []);
}

function refOf({ spec, task }: TaskView): AttemptRef {
  return { task_id: spec.id, attempt: task.attempt, token: task.token ?? 0 };
}

function actorOf({ run }: RunState): string {
  return `controller/${run.incarnation}`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
