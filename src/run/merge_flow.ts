/** One merge from its intent to its result; taking it up again makes the same commit. */

import { draft, taskSubject } from "../log/event.ts";
import { controllerActor } from "../scheduler/decide.ts";
import type { MergeRecord } from "../scheduler/run_record.ts";
import { findTask } from "../scheduler/run_state.ts";
import { settleConflict } from "../scheduler/settle.ts";
import { taskCommitMessage } from "./commit_message.ts";
import { keepConflict } from "./conflict_evidence.ts";
import { ControllerFault, type ControllerHandle } from "./controller_handle.ts";
import type { Merger } from "./ports.ts";

/** Merges a task's pin on the head of the run and makes the new head known. */
export async function runMergeFlow(
  controller: ControllerHandle,
  merger: Merger,
  merge: MergeRecord,
): Promise<void> {
  const { state, ports } = controller;
  const spec = findTask(state, merge.task_id)?.spec;
  if (spec === undefined) {
    throw new ControllerFault({ what: `Cannot find task "${merge.task_id}" in the plan` });
  }
  const ref = { task_id: merge.task_id, attempt: merge.attempt, token: merge.token };
  const { reused } = merge;
  const message = taskCommitMessage(state.run.run_id, spec, merge.attempt, reused?.run);
  const result = await merger.merge(merge.head, merge.pin, merge.base, {
    identity: ports.identity,
    date: merge.date,
    message,
  });
  if (result.kind === "conflict") {
    const { paths } = result;
    const kept = reused === undefined
      ? await keepConflict(merger, ports.runDirectory, merge, paths)
      : { note: "" };
    const detail = result.detail + kept.note;
    await controller.commit((current, now) => {
      if (current.run.merge?.token !== ref.token) return [];
      if (reused === undefined) {
        return settleConflict(current, ref, { head: merge.head, paths, detail, diffs: kept.diffs }, now);
      }
      return [
        draft("merge_conflicted", taskSubject(ref.task_id), controllerActor(current), {
          ...ref,
          reused,
          head: merge.head,
          paths: [...paths],
          detail,
        }),
      ];
    });
    return;
  }
  const { commit, tree } = result;
  await merger.advanceHead(state.run.run_id, merge.head, commit);
  await controller.commit((current) =>
    // In a log that was tampered with nobody waits for the merge any more.
    current.run.merge?.token === ref.token
      ? [
        draft("task_completed", taskSubject(ref.task_id), controllerActor(current), {
          ...ref,
          ...(reused === undefined ? {} : { reused }),
          commit,
          tree,
        }),
      ]
      : []
  );
  // The next merge need not wait for it: the pins are in the user's repository, and make the same head again.
  await merger.publish(state.run.run_id);
}
