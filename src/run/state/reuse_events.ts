/** The fold of what is taken over of an earlier run: the events of merges, for tasks that are not run. */

import type { EventOf } from "../../log/event.ts";
import type { PayloadOf } from "../../log/kinds.ts";
import type { ReusableAttempt } from "../../scheduler/run_record.ts";
import { findTask, type RunState } from "../../scheduler/run_state.ts";
import { clearAttempt, move, taskOf, timeOf } from "./handler.ts";
import { giveUpMerge, land, obstacleToLanding } from "./merging.ts";

type Ref = Pick<PayloadOf<"task_completed">, "task_id" | "attempt" | "token">;

/** What the run may take over for a task that was not run yet, or the rule that is broken. */
export function reusableOf(state: RunState, ref: Ref): ReusableAttempt | string {
  return matching(state, ref, openReuse(state));
}

/**
 * The same for what is being merged already, which the caller checks. A task that was cancelled and asked for again is
 * merged behind others that come after it, and those may be settled before it.
 */
function mergingOf(state: RunState, ref: Ref): ReusableAttempt | string {
  const found = reusableOf(state, ref);
  return typeof found === "string" ? matching(state, ref, (state.run.reuse?.tasks ?? []).values()) : found;
}

function matching(
  state: RunState,
  ref: Ref,
  candidates: IteratorObject<ReusableAttempt>,
): ReusableAttempt | string {
  const found = candidates.find((each) => each.task_id === ref.task_id);
  if (found === undefined || found.from.attempt !== ref.attempt || found.token !== ref.token) {
    return `nothing of an earlier run is to be taken over for task "${ref.task_id}"`;
  }
  const { state: status, attempt } = findTask(state, ref.task_id)?.task ?? {};
  return status === "pending" && attempt === 0
    ? found
    : `task "${ref.task_id}" is ${status} after ${attempt} attempts`;
}

/** What is not settled yet; the next one to be taken over stands near its beginning. */
function* openReuse({ run: { reuse } }: RunState): Generator<ReusableAttempt> {
  if (reuse === undefined) return;
  for (let at = reuse.next; at < reuse.tasks.length; at++) {
    const each = reuse.tasks[at];
    if (each !== undefined) yield each;
  }
}

/** The work of an earlier attempt is in the head, or there was none: the task is completed without a run. */
export function completeByReuse(state: RunState, event: EventOf<"task_completed">): string | undefined {
  const { payload } = event;
  const found = payload.commit === null ? reusableOf(state, payload) : mergingOf(state, payload);
  if (typeof found === "string") return found;
  const view = taskOf(state, payload.task_id);
  if (typeof view === "string") return view;
  const { run } = state;
  const { commit, tree } = payload;
  const isMerged = commit !== null && tree !== null;
  if (isMerged !== (found.pin !== null)) return `the work of task "${found.task_id}" is not merged`;
  const obstacle = isMerged ? obstacleToLanding(state, payload, commit) : undefined;
  if (obstacle !== undefined) return obstacle;
  const { base, pin, outputs, from } = found;
  const broken = move(state, view, "completed", timeOf(event), (task) => {
    clearAttempt(task);
    task.base = base;
    task.pin = pin;
    task.outputs = outputs;
    task.reused = from;
    task.commit = commit ?? run.head?.commit ?? null;
    task.completed_at = timeOf(event);
    task.reason = `taken over from attempt ${from.attempt} of run ${from.run}`;
  });
  if (broken !== undefined) return broken;
  settle(state, found);
  if (isMerged) land(run, payload, { commit, tree });
  return undefined;
}

/** The work of an earlier attempt does not fit the head: the task will be run. */
export function refuseReuse(state: RunState, payload: PayloadOf<"merge_conflicted">): string | undefined {
  const found = mergingOf(state, payload);
  if (typeof found === "string") return found;
  if (!giveUpMerge(state.run, payload)) return `task "${payload.task_id}" is not being merged`;
  settle(state, found);
  return undefined;
}

function settle({ run }: RunState, found: ReusableAttempt): void {
  const { reuse } = run;
  const at = reuse?.tasks.indexOf(found, reuse.next) ?? -1;
  if (reuse !== undefined && at >= 0) reuse.next = at + 1;
}
