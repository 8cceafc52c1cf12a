/**
 * Best of several: candidates do the same task side by side, one of them is picked, and it alone is merged. The pick follows
 * from the log alone, and is in it with its reason. Pure.
 */

import { draft, type EventDraft, taskSubject } from "../log/event.ts";
import { isBeingMerged } from "./merge_batch.ts";
import { findTask, type RunState, taskAt, type TaskView } from "./run_state.ts";
import { isActive, isTerminal } from "./task_state.ts";

/** Whether a task is a candidate that has not been picked: its work is not merged. */
export function isPassedOver(state: RunState, taskId: string): boolean {
  const view = findTask(state, taskId);
  const choice = view === undefined ? undefined : state.index.candidates.choiceOf(view.ordinal);
  return choice !== undefined && taskAt(state, choice).task.picked?.task_id !== taskId;
}

/** The picks that are due, the ends of those that were not picked, and of the tasks that they competed for. */
export function decideCandidates(state: RunState): EventDraft[] {
  const { due } = state.index.candidates;
  if (due.size === 0) return [];
  return [...due].sort((a, b) => a - b).flatMap((ordinal) => {
    const choice = taskAt(state, ordinal);
    const rivals = state.index.candidates.candidatesOf(ordinal).map((each) => taskAt(state, each));
    if (choice.task.state !== "pending") {
      return isTerminal(choice.task.state)
        ? cancelled(state, rivals, `"${choice.spec.id}" is ${choice.task.state}`)
        : [];
    }
    const { picked } = choice.task;
    return picked === undefined
      ? pick(state, choice, rivals)
      : afterPick(state, choice, rivals, picked.task_id);
  });
}

function pick(state: RunState, choice: TaskView, rivals: readonly TaskView[]): EventDraft[] {
  const best = choice.spec.attempts?.pick === "smallest-diff" ? smallest(rivals) : first(state, rivals);
  const token = best?.view.task.token ?? null;
  if (best === undefined || token === null) return [];
  const { view, reason } = best;
  const picked = { task_id: view.spec.id, attempt: view.task.attempt, token };
  const others = rivals.filter((each) => each.ordinal !== view.ordinal);
  return [
    draft("candidate_picked", taskSubject(choice.spec.id), actorOf(state), {
      task_id: choice.spec.id,
      picked,
      reason,
    }),
    ...cancelled(state, others, `candidate "${view.spec.id}" was picked`),
  ];
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
}

/** The first whose work is done, in the order of the log. */
function first({ run }: RunState, rivals: readonly TaskView[]): Pick | undefined {
  const place = ({ task }: TaskView) => run.merge_queue.indexOf(task.id);
  const [view] = rivals.filter(({ task }) => task.state === "finished").sort((a, b) => place(a) - place(b));
  return view === undefined ? undefined : { view, reason: "it was the first whose work is done" };
}

/** The one that changes least, once nothing more can come; of equal ones the first in the plan. */
function smallest(rivals: readonly TaskView[]): Pick | undefined {
  if (!rivals.every(({ task }) => task.state === "finished" || isTerminal(task.state))) return undefined;
  const done = rivals.filter(({ task }) => task.state === "finished").sort((a, b) => sizeOf(a) - sizeOf(b));
  const [view] = done;
  if (view === undefined) return undefined;
  const sizes = done.map((each) => `"${each.spec.id}" ${sizeOf(each)} bytes`).join(", ");
  return { view, reason: `its patch is the smallest: ${sizes}` };
}

function sizeOf({ task }: TaskView): number {
  return task.patch_bytes ?? 0;
}

/** The ends of those of them that rest. What is at work is ended, and says so itself. */
function cancelled(state: RunState, views: readonly TaskView[], reason: string): EventDraft[] {
  return views.flatMap(({ spec, task }) => {
    if (isTerminal(task.state) || isActive(task.state) || isBeingMerged(state.run, task.id)) return [];
    const isPending = task.state === "pending";
    return [draft("task_cancelled", taskSubject(spec.id), actorOf(state), {
      task_id: spec.id,
      attempt: isPending ? null : task.attempt,
      token: isPending ? null : task.token,
      outcome: null,
      reason,
    })];
  });
}

function actorOf({ run }: RunState): string {
  return `controller/${run.incarnation}`;
}
