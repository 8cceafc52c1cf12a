/** The tasks of a run by what became of them, in the order of the plan. Pure. */

import type { RunState } from "../scheduler/run_state.ts";
import type { TaskState } from "../scheduler/task_state.ts";

/** Every task is in exactly one list. */
export interface TaskLists {
  readonly completed: readonly TaskState[];
  readonly failed: readonly TaskState[];
  /** Selected, but neither completed nor failed. */
  readonly open: readonly TaskState[];
  /** Left out by `--only` or `--from`. */
  readonly unselected: readonly TaskState[];
  /** Candidates that were not needed, as another one was picked. */
  readonly passedOver: readonly TaskState[];
}

/** See the module. */
export function taskLists(state: RunState): TaskLists {
  const lists = {
    completed: [] as TaskState[],
    failed: [] as TaskState[],
    open: [] as TaskState[],
    unselected: [] as TaskState[],
    passedOver: [] as TaskState[],
  };
  state.tasks.forEach((task, ordinal) => {
    if (!state.index.isSelected(ordinal)) lists.unselected.push(task);
    else if (task.state === "completed") lists.completed.push(task);
    else if (state.index.isExcepted(ordinal)) lists.passedOver.push(task);
    else if (task.state === "failed") lists.failed.push(task);
    else lists.open.push(task);
  });
  return lists;
}
