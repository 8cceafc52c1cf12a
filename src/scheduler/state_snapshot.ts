/** The state of a run as a value that can be kept, and the state that comes back from it. */

import type { Plan } from "../plan/spec.ts";
import { DispatchIndex, type IndexMemo } from "./dispatch_index.ts";
import type { RunRecord } from "./run_record.ts";
import type { RunState } from "./run_state.ts";
import type { TaskState } from "./task_state.ts";

/** JSON, once it is written: all that a state is, but its plan. */
export interface StateSnapshot {
  readonly run: RunRecord;
  readonly tasks: TaskState[];
  readonly index: IndexMemo;
}

/** The state as it is now. Shares its objects: write it down before the state changes. */
export function snapshotOf(state: RunState): StateSnapshot {
  return { run: state.run, tasks: state.tasks, index: state.index.memo };
}

/**
 * The state of a run of the `pinned` plan of which this is the snapshot: the same text, and the same decisions from it, as of a fold of the events.
 *
 * @param snapshot read anew for this call; the state takes its objects over
 */
export function restoreState(pinned: Plan, { run, tasks, index: memo }: StateSnapshot): RunState {
  const plan = { ...pinned, tasks: [...pinned.tasks, ...run.accepted ?? []] };
  const index = new DispatchIndex(plan, tasks);
  index.restore(memo, run.selected, run.case_sensitive);
  for (const { result, pool } of run.gates) {
    if (result === "running" && pool !== undefined) index.enterPool(pool);
  }
  return { plan, run, tasks, index };
}
