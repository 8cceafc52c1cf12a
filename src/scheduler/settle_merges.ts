/** What follows the verdict of gates over merges: what passed is completed, what spoils the tree goes back. Pure. */

import { draft, type EventDraft, taskSubject } from "../log/event.ts";
import { controllerActor } from "./decide.ts";
import type { Judgement, RedGate } from "./merge_batch.ts";
import type { MergeRecord, StagedMerge } from "./run_record.ts";
import { findTask, type RunState } from "./run_state.ts";
import { settleRedMerge } from "./settle.ts";

/** The end of a batch whose first `good` merges are in the head. What stands behind a red one is merged anew. */
export function settleBatch(
  state: RunState,
  { good, red }: Extract<Judgement, { readonly kind: "done" }>,
  now: number,
): EventDraft[] {
  const staged = state.run.batch?.staged ?? [];
  const completed = staged.slice(0, good).map((merge) => completion(state, merge));
  const culprit = staged[good];
  if (red === null || culprit === undefined) return completed;
  return [...completed, ...refusal(state, culprit, red, now)];
}

/** Gives up judging: the merges wait again, as if they had not been made. */
export function deferBatch(state: RunState): EventDraft[] {
  const first = state.run.batch?.staged[0];
  return first === undefined ? [] : [deferral(state, first)];
}

/** Puts a merge off; `paths`: those in which it does not fit on what is staged. */
export function deferral(
  state: RunState,
  { task_id, attempt, token, head, reused }: MergeRecord,
  paths?: readonly string[],
): EventDraft {
  return draft("merge_deferred", taskSubject(task_id), controllerActor(state), {
    ...{ task_id, attempt, token, head },
    ...(reused === undefined ? {} : { reused }),
    ...(paths === undefined ? {} : { paths: [...paths] }),
  });
}

function completion(
  state: RunState,
  { task_id, attempt, token, reused, commit, tree }: StagedMerge,
): EventDraft {
  return draft("task_completed", taskSubject(task_id), controllerActor(state), {
    ...{ task_id, attempt, token },
    ...(reused === undefined ? {} : { reused }),
    commit,
    tree,
  });
}

function refusal(state: RunState, merge: StagedMerge, red: RedGate, now: number): EventDraft[] {
  const { task_id, attempt, token, reused, head } = merge;
  const detail = `gate "${red.gate}" ${red.reason}, on the tree of its merge`;
  const ref = { task_id, attempt, token };
  if (reused === undefined) {
    const view = findTask(state, task_id);
    return view === undefined ? [] : settleRedMerge(state, view, ref, { detail, output: red.output }, now);
  }
  return [
    draft("merge_conflicted", taskSubject(task_id), controllerActor(state), {
      ...{ ...ref, reused, head, paths: [], detail },
    }),
  ];
}
