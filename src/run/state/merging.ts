/** How merges get into the head of the run, and off the way there, as the fold sees it. */

import type { PayloadOf } from "../../log/kinds.ts";
import { mergeGates } from "../../plan/merge_gates.ts";
import { isFirstGood } from "../../scheduler/merge_batch.ts";
import type { MergeBatch, MergeRecord, RunRecord } from "../../scheduler/run_record.ts";
import type { RunState } from "../../scheduler/run_state.ts";

/** The attempt whose work is merged, of this run or an earlier one. */
type Ref = Pick<PayloadOf<"task_completed">, "task_id" | "attempt" | "token">;

/** Why the commit of a merge may not become the head now; undefined where it may. */
export function obstacleToLanding(state: RunState, ref: Ref, commit: string): string | undefined {
  const { merge, batch } = state.run;
  if (merge !== null && isSame(merge, ref)) {
    return mergeGates(state.plan).length === 0
      ? undefined
      : `no gate has judged the merge of "${ref.task_id}"`;
  }
  const first = batch?.phase === "judging" ? batch.staged[0] : undefined;
  if (first === undefined || !isSame(first, ref)) return `task "${ref.task_id}" is not being merged`;
  if (first.commit !== commit) return `${commit} is not what was made of the work of "${ref.task_id}"`;
  return isFirstGood(state) ? undefined : `no gate has passed on the merge of "${ref.task_id}"`;
}

/** A merge is in the head. */
export function land(run: RunRecord, ref: Ref, head: NonNullable<RunRecord["head"]>): void {
  if (run.merge !== null && isSame(run.merge, ref)) run.merge = null;
  else if (run.batch !== undefined) setStaged(run, run.batch.staged.slice(1));
  run.head = head;
}

/** The work of a task is not to be merged any more; what was staged on it is merged anew. */
export function leaveMergeQueue({ run }: RunState, taskId: string): void {
  const place = run.merge_queue.indexOf(taskId);
  if (place >= 0) run.merge_queue.splice(place, 1);
  if (run.merge?.task_id === taskId) run.merge = null;
  dropStaged(run, { task_id: taskId });
}

/** Ends the merge of a task, or takes it and what was staged on it back; whether there was one. */
export function giveUpMerge(run: RunRecord, ref: Ref): boolean {
  if (run.merge === null || !isSame(run.merge, ref)) return dropStaged(run, ref);
  run.merge = null;
  return true;
}

function dropStaged(run: RunRecord, ref: Pick<Ref, "task_id"> & Partial<Ref>): boolean {
  const staged = run.batch?.staged ?? [];
  const place = staged.findIndex((each) =>
    each.task_id === ref.task_id && (ref.token === undefined || each.token === ref.token)
  );
  if (place < 0) return false;
  setStaged(run, staged.slice(0, place));
  // A merge that was under way stood on what is dropped.
  run.merge = null;
  if (run.batch !== undefined) run.batch = { ...run.batch, phase: "open" };
  return true;
}

function setStaged(run: RunRecord, staged: MergeBatch["staged"]): void {
  if (staged.length === 0) delete run.batch;
  else if (run.batch !== undefined) run.batch = { ...run.batch, staged };
}

/** Whether this is the merge of that attempt. */
export function isSame(merge: MergeRecord, { task_id, attempt, token }: Ref): boolean {
  return merge.task_id === task_id && merge.attempt === attempt && merge.token === token;
}
