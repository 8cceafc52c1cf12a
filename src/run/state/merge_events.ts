/** The fold of the events about merges: one after the other, or in batches that gates judge. */

import { mergeTip } from "../../scheduler/merge_batch.ts";
import { isPassedOver } from "../../scheduler/candidates.ts";
import { openReviewsOf } from "../../scheduler/reviews.ts";
import { attemptOf, type HandlersOf } from "./handler.ts";
import { giveUpMerge, isSame, leaveMergeQueue } from "./merging.ts";
import { refuseReuse, reusableOf } from "./reuse_events.ts";

type MergeKind = "merge_started" | "merge_staged" | "merge_deferred" | "merge_judging" | "merge_conflicted";

/** See the module. */
export const mergeHandlers: HandlersOf<MergeKind> = {
  merge_started(state, { payload }) {
    const { run } = state;
    const broken = payload.reused === undefined
      ? attemptOf(state, payload, "finished")
      : reusableOf(state, payload);
    if (typeof broken === "string") return broken;
    const [open] = openReviewsOf(state, payload.task_id);
    if (isPassedOver(state, payload.task_id)) return `candidate "${payload.task_id}" was not picked`;
    if (payload.reused === undefined && open !== undefined) {
      return `review "${open}" has not passed the work of "${payload.task_id}"`;
    }
    if (run.merge !== null) return `task "${run.merge.task_id}" is being merged`;
    if (run.batch?.phase === "judging") return "gates judge what was merged before it";
    if (mergeTip(run) !== payload.head) return `${payload.head} is not the head of the run`;
    const { task_id, attempt, token, head, base, pin, date, reused } = payload;
    run.merge = {
      ...{ task_id, attempt, token, head, base, pin, date },
      ...(reused === undefined ? {} : { reused }),
    };
    return undefined;
  },

  merge_staged({ run }, { payload }) {
    const { merge, batch } = run;
    const { commit, tree, head } = payload;
    if (merge === null || !isSame(merge, payload) || merge.head !== head) {
      return `task "${payload.task_id}" is not being merged on ${head}`;
    }
    run.merge = null;
    run.batch = { phase: "open", staged: [...batch?.staged ?? [], { ...merge, commit, tree }] };
    return undefined;
  },

  merge_deferred({ run }, { payload }) {
    if (run.merge !== null && isSame(run.merge, payload)) {
      run.merge = null;
      if (run.batch !== undefined) run.batch = { ...run.batch, phase: "closed" };
      return undefined;
    }
    return giveUpMerge(run, payload) ? undefined : `task "${payload.task_id}" is not being merged`;
  },

  merge_judging({ run }, { payload }) {
    const { batch, batches = 0 } = run;
    if (batch === undefined || batch.phase === "judging") return "no batch of merges waits for its gates";
    if (payload.batch !== batches + 1) return `batch ${batches + 1} was due`;
    if (payload.commit !== mergeTip(run)) return `${payload.commit} is not what was merged last`;
    run.batch = { ...batch, phase: "judging" };
    run.batches = payload.batch;
    return undefined;
  },

  merge_conflicted(state, { payload }) {
    if (payload.reused !== undefined) return refuseReuse(state, payload);
    const view = attemptOf(state, payload, "finished");
    if (typeof view === "string") return view;
    if (state.run.merge === null || !isSame(state.run.merge, payload)) {
      return `task "${payload.task_id}" is not being merged`;
    }
    leaveMergeQueue(state, payload.task_id);
    view.task.conflict_count += 1;
    const { head, paths, diffs } = payload;
    if (diffs !== undefined) view.task.conflict = { head, paths, diffs: diffs.path };
    return undefined;
  },
};
