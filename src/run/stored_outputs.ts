/** The outputs that tasks made for their dependents: kept by digest, restored into slots. */

import type { RestoredFile } from "../git/port.ts";
import type { TaskSpec } from "../plan/spec.ts";
import { findTask, type RunState } from "../scheduler/run_state.ts";
import type { TaskState } from "../scheduler/task_state.ts";
import type { RunDirectory } from "./directory.ts";

/** What a task's slot gets: the outputs of its completed dependencies. Later ones win where paths are equal. */
export function outputsOfDependencies(
  state: RunState,
  spec: TaskSpec,
  directory: RunDirectory,
): readonly RestoredFile[] {
  return spec.dependencies.flatMap((id) => {
    const task = findTask(state, id)?.task;
    return task === undefined ? [] : restoredFrom(task, directory);
  });
}

/** What a gate of scope `run` gets: the outputs of every completed task. */
export function outputsOfRun(state: RunState, directory: RunDirectory): readonly RestoredFile[] {
  return state.tasks.flatMap((task) => restoredFrom(task, directory));
}

function restoredFrom(task: TaskState, directory: RunDirectory): readonly RestoredFile[] {
  if (task.state !== "completed") return [];
  return task.outputs.map((output) => ({
    path: output.path,
    source: `${directory.outputs}/${output.sha256}`,
    sha256: output.sha256,
    executable: output.executable,
  }));
}
