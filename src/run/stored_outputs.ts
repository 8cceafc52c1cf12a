/** The outputs that tasks made for their dependents: kept by digest, restored into slots. */

import type { RestoredFile } from "../git/port.ts";
import type { StoredOutput } from "../log/kinds.ts";
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

/** What a gate of scope `run` gets: the outputs of every completed task, and of those in `merging` that it judges. */
export function outputsOfRun(
  state: RunState,
  directory: RunDirectory,
  merging: readonly string[] = [],
): readonly RestoredFile[] {
  const judged = new Set(merging);
  return state.tasks.flatMap((task) => {
    if (!judged.has(task.id)) return restoredFrom(task, directory);
    // Of a task that is taken over the outputs are known before it is completed.
    const taken = state.run.reuse?.tasks.find(({ task_id }) => task_id === task.id);
    const isTaken = task.state === "pending" && taken !== undefined;
    return restored(isTaken ? taken.outputs : task.outputs, directory);
  });
}

function restoredFrom(task: TaskState, directory: RunDirectory): readonly RestoredFile[] {
  return task.state === "completed" ? restored(task.outputs, directory) : [];
}

function restored(outputs: readonly StoredOutput[], directory: RunDirectory): readonly RestoredFile[] {
  return outputs.map((output) => ({
    path: output.path,
    source: `${directory.outputs}/${output.sha256}`,
    sha256: output.sha256,
    executable: output.executable,
  }));
}
