/**
 * Best of several: candidates do the same task side by side, one of them is picked, and it alone is merged. The pick follows
 * from the log alone, and is in it with its reason. Pure.
 */

import { draft, type EventDraft, taskSubject } from "../log/event.ts";
import { isBeingMerged } from "./merge_batch.ts";
import { repeatReview } from "./reviews.ts";
import { findTask, type RunState, taskAt, type TaskView } from "./run_state.ts";
import { type AttemptRef, isActive, isTerminal } from "./task_state.ts";

/** Why a review ends that was to pick and did not have to. */
const NO_REVIEW_NEEDED = "the work of a single candidate is done, so there is nothing to pick from";

/** Whether a task is a candidate that has not been picked: its work is not merged. */
export function isPassedOver(state: RunState, taskId: string): boolean {
  const view = findTask(state, taskId);
  const choice = view === undefined ? undefined : state.index.candidates.choiceOf(view.ordinal);
  return choice !== undefined && taskAt(state, choice).task.picked?.task_id !== taskId;
}

/**
 * Why a candidate, or the review that picks, has nothing more to do: the task that it serves is at its end. Undefined where
 * that is not so, and for all other tasks.
 */
export function whyUnneeded(state: RunState, taskId: string): string | undefined {
  const view = findTask(state, taskId);
  const served = view === undefined ? undefined : state.index.candidates.servedBy(view.ordinal);
  return served === undefined ? undefined : endText(taskAt(state, served));
}

function endText({ task }: TaskView): string | undefined {
  return isTerminal(task.state) ? `"${task.id}" is ${task.state}` : undefined;
}

/**
 * The picks that are due, the ends of those that were not picked, and of the tasks that they competed for. A review that
 * picks is completed with the task that it has picked for, and looks anew where a candidate came back.
 */
export function decideCandidates(state: RunState, now: number): EventDraft[] {
  const { due } = state.index.candidates;
  if (due.size === 0) return [];
  return [...due].sort((a, b) => a - b).flatMap((ordinal) => {
    const choice = taskAt(state, ordinal);
    const { candidates } = state.index;
    const rivals = candidates.candidatesOf(ordinal).map((each) => taskAt(state, each));
    const review = candidates.reviewOf(ordinal);
    const judge = review === undefined ? undefined : taskAt(state, review);
    if (choice.task.state !== "pending") {
      const reason = endText(choice);
      if (reason === undefined) return [];
      return [...cancelled(state, rivals, reason), ...endOfJudge(state, choice, judge, reason)];
    }
    const { picked } = choice.task;
    return picked === undefined
      ? pick(state, choice, rivals, judge, now)
      : afterPick(state, choice, rivals, picked.task_id);
  });
}

function pick(
  state: RunState,
  choice: TaskView,
  rivals: readonly TaskView[],
  judge: TaskView | undefined,
  now: number,
): EventDraft[] {
  const best = judge !== undefined
    ? reviewed(rivals, judge)
    : choice.spec.attempts?.pick === "smallest-diff"
    ? smallest(rivals)
    : first(state, rivals);
  if (best === "again" && judge !== undefined) {
    return repeatReview(state, judge, "what it has seen of the candidates is no longer what there is", now);
  }
  if (best === undefined || best === "again") return [];
  const { view, reason, by } = best;
  const token = view.task.token;
  if (token === null) return [];
  const others = rivals.filter((each) => each.ordinal !== view.ordinal);
  return [
    draft("candidate_picked", taskSubject(choice.spec.id), actorOf(state), {
      task_id: choice.spec.id,
      picked: { task_id: view.spec.id, attempt: view.task.attempt, token },
      reason,
      ...(by === undefined ? {} : { review: by }),
    }),
    ...cancelled(state, others, `candidate "${view.spec.id}" was picked`),
    ...(by === undefined && judge !== undefined ? cancelledJudge(state, judge, NO_REVIEW_NEEDED) : []),
  ];
}

/** The end of the review that picks, once the task that it picks for is at its own. */
function endOfJudge(
  state: RunState,
  choice: TaskView,
  judge: TaskView | undefined,
  reason: string,
): EventDraft[] {
  if (judge === undefined) return [];
  const { spec, task } = judge;
  if (task.state !== "finished" || choice.task.state !== "completed" || task.token === null) {
    return cancelledJudge(state, judge, reason);
  }
  const end = { task_id: spec.id, attempt: task.attempt, token: task.token, commit: null, tree: null };
  return [draft("task_completed", taskSubject(spec.id), actorOf(state), end)];
}

/** What follows once a candidate is picked: it completes the task, and the others have nothing more to do. */
function afterPick(
  state: RunState,
  choice: TaskView,
  rivals: readonly TaskView[],
  id: string,
): EventDraft[] {
  const winner = rivals.find(({ spec }) => spec.id === id);
  const others = cancelled(state, rivals.filter((each) => each !== winner), `candidate "${id}" was picked`);
  const token = winner?.task.token ?? null;
  if (winner === undefined || token === null) return others;
  const { spec, task } = winner;
  const ref = { task_id: spec.id, attempt: task.attempt, token };
  const actor = actorOf(state);
  if (task.state === "finished" && task.pin === null) {
    // It changed nothing, so there is nothing to merge.
    const end = { ...ref, commit: null, tree: null };
    return [...others, draft("task_completed", taskSubject(spec.id), actor, end)];
  }
  if (task.state !== "completed") return others;
  const end = { ...ref, task_id: choice.spec.id, picked: spec.id, commit: null, tree: null };
  return [...others, draft("task_completed", taskSubject(choice.spec.id), actor, end)];
}

interface Pick {
  readonly view: TaskView;
  readonly reason: string;
  /** The review that named it; absent where none had to. */
  readonly by?: AttemptRef;
}

/** The first whose work is done, in the order of the log. */
function first({ run }: RunState, rivals: readonly TaskView[]): Pick | undefined {
  const place = ({ task }: TaskView) => run.merge_queue.indexOf(task.id);
  const [view] = rivals.filter(isDone).sort((a, b) => place(a) - place(b));
  return view === undefined ? undefined : { view, reason: "it was the first whose work is done" };
}

/** The one that changes least, once nothing more can come; of equal ones the first in the plan. */
function smallest(rivals: readonly TaskView[]): Pick | undefined {
  if (!rivals.every(isOver)) return undefined;
  const done = rivals.filter(isDone).sort((a, b) => sizeOf(a) - sizeOf(b));
  const [view] = done;
  if (view === undefined) return undefined;
  const sizes = done.map((each) => `"${each.spec.id}" ${sizeOf(each)} bytes`).join(", ");
  return { view, reason: `its patch is the smallest: ${sizes}` };
}

/**
 * The one that the review names, of all whose work is done; where that is a single one, none has to be named. `again`: the
 * review has seen other work than there is now.
 */
function reviewed(rivals: readonly TaskView[], { spec, task }: TaskView): Pick | "again" | undefined {
  if (!rivals.every(isOver)) return undefined;
  const [only, ...others] = rivals.filter(isDone);
  if (only !== undefined && others.length === 0) {
    return { view: only, reason: "its work alone is done, so no review is needed" };
  }
  const { token, outcome } = task;
  if (task.state !== "finished" || token === null) return undefined;
  // What has been started since the review was, it has not seen.
  const isSeen = rivals.filter(isDone).every((each) => (each.task.token ?? Infinity) < token);
  const view = rivals.find((each) => isDone(each) && each.spec.id === outcome?.pick?.task_id);
  if (!isSeen || view === undefined) return "again";
  const by = { task_id: spec.id, attempt: task.attempt, token };
  return { view, reason: `review "${spec.id}" named it: ${outcome?.pick?.why}`, by };
}

/** Whether nothing more can come of a candidate before one is picked. */
function isOver(view: TaskView): boolean {
  return isDone(view) || isTerminal(view.task.state);
}

function isDone({ task }: TaskView): boolean {
  return task.state === "finished";
}

function sizeOf({ task }: TaskView): number {
  return task.patch_bytes ?? 0;
}

/** The end of a review that has nothing to pick from; it comes back with the candidates. */
function cancelledJudge(state: RunState, judge: TaskView, reason: string): EventDraft[] {
  return cancelled(state, [judge], reason, judge.spec.dependencies);
}

/** The ends of those of them that rest. What is at work is ended, and says so itself. */
function cancelled(
  state: RunState,
  views: readonly TaskView[],
  reason: string,
  causes?: readonly string[],
): EventDraft[] {
  return views.flatMap(({ spec, task }) => {
    if (isTerminal(task.state) || isActive(task.state) || isBeingMerged(state.run, task.id)) return [];
    const isPending = task.state === "pending";
    return [draft("task_cancelled", taskSubject(spec.id), actorOf(state), {
      task_id: spec.id,
      attempt: isPending ? null : task.attempt,
      token: isPending ? null : task.token,
      outcome: null,
      reason,
      ...(causes === undefined ? {} : { causes: [...causes] }),
    })];
  });
}

function actorOf({ run }: RunState): string {
  return `controller/${run.incarnation}`;
}
