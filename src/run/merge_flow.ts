/** One merge from its intent to its result; taking it up again makes the same commit. */

import type { MergeResult } from "../git/port.ts";
import { draft, type EventDraft, taskSubject } from "../log/event.ts";
import { controllerActor } from "../scheduler/decide.ts";
import { mergeGates } from "../plan/merge_gates.ts";
import type { MergeRecord } from "../scheduler/run_record.ts";
import { findTask, type RunState } from "../scheduler/run_state.ts";
import { settleConflict } from "../scheduler/settle.ts";
import { deferral } from "../scheduler/settle_merges.ts";
import { taskCommitMessage } from "./commit_message.ts";
import { keepConflict } from "./conflict_evidence.ts";
import { ControllerFault, type ControllerHandle } from "./controller_handle.ts";
import type { Merger } from "./ports.ts";

/** Merges a task's pin on the head of the run and makes the new head known, or stages the merge for its gates. */
export async function runMergeFlow(
  controller: ControllerHandle,
  merger: Merger,
  merge: MergeRecord,
): Promise<void> {
  // What it was to be made on may have been given up meanwhile.
  if (!isUnderWay(controller.state, merge)) return;
  const result = await makeMerge(controller, merger, merge);
  if (result.kind === "conflict") return await runConflict(controller, merger, merge, result);
  const { commit, tree } = result;
  const { task_id } = merge;
  const made = { ...refOf(merge), commit, tree };
  const conclude = (make: (state: RunState) => EventDraft) =>
    // In a log that was tampered with nobody waits for the merge any more.
    controller.commit((state) => isUnderWay(state, merge) ? [make(state)] : []);
  if (mergeGates(controller.state.plan).length > 0) {
    return await conclude((state) =>
      draft("merge_staged", taskSubject(task_id), controllerActor(state), { ...made, head: merge.head })
    );
  }
  await merger.advanceHead(controller.state.run.run_id, merge.head, commit);
  await conclude((state) => draft("task_completed", taskSubject(task_id), controllerActor(state), made));
  // The next merge need not wait for it: the pins are in the user's repository, and make the same head again.
  await merger.publish(controller.state.run.run_id);
}

/** Makes the commit of a merge: the same one whenever it is made. */
export async function makeMerge(
  { state, ports }: ControllerHandle,
  merger: Merger,
  { task_id, attempt, head, pin, base, date, reused }: MergeRecord,
): Promise<MergeResult> {
  const spec = findTask(state, task_id)?.spec;
  if (spec === undefined) throw new ControllerFault({ what: `Cannot find task "${task_id}" in the plan` });
  const message = taskCommitMessage(state.run.run_id, spec, attempt, reused?.run);
  return await merger.merge(head, pin, base, { identity: ports.identity, date, message });
}

/** What does not fit on the head goes back; on what is only staged it waits until that is judged. */
async function runConflict(
  controller: ControllerHandle,
  merger: Merger,
  merge: MergeRecord,
  { paths, detail }: Extract<MergeResult, { readonly kind: "conflict" }>,
): Promise<void> {
  const { head, reused } = merge;
  const isOnHead = controller.state.run.head?.commit === head;
  const kept = isOnHead && reused === undefined
    ? await keepConflict(merger, controller.ports.runDirectory, merge, paths)
    : { note: "" };
  const conflict = { head, paths: [...paths], detail: detail + kept.note };
  await controller.commit((state, now) => {
    if (!isUnderWay(state, merge)) return [];
    if (!isOnHead) return [deferral(state, merge, conflict.paths)];
    if (reused === undefined) {
      return settleConflict(state, refOf(merge), { ...conflict, diffs: kept.diffs }, now);
    }
    return [
      draft("merge_conflicted", taskSubject(merge.task_id), controllerActor(state), {
        ...refOf(merge),
        ...conflict,
      }),
    ];
  });
}

/** Whether the log waits for this very merge: one of the same attempt on another head is another. */
function isUnderWay({ run: { merge } }: RunState, { token, head, date }: MergeRecord): boolean {
  return merge?.token === token && merge.head === head && merge.date === date;
}

function refOf({ task_id, attempt, token, reused }: MergeRecord) {
  return { task_id, attempt, token, ...(reused === undefined ? {} : { reused }) };
}
