/** Who goes with a task that somebody cancels, and who comes back with one that is run again. */

import { addTo, failsDependent, isReviewOf, readiness, tallyOf } from "./readiness.ts";
import { findTask, type RunState, taskAt, type TaskView } from "./run_state.ts";
import { isTerminal } from "./task_state.ts";

/**
 * The tasks that depend on a task, directly or not, and are not at their end: they are cancelled with it, running ones
 * too. A task under `all_done` is not among them, nor what only depends through it: it waits for ends of any kind.
 */
export function cancelledWith(state: RunState, view: TaskView): readonly TaskView[] {
  const found = new Set<number>([view.ordinal]);
  const views: TaskView[] = [];
  // The loop also visits what it adds.
  for (const ordinal of found) {
    for (const dependent of state.index.graph.dependents[ordinal] ?? []) {
      const each = taskAt(state, dependent);
      if (found.has(dependent) || each.spec.trigger_rule === "all_done" || isTerminal(each.task.state)) {
        continue;
      }
      found.add(dependent);
      views.push(each);
    }
  }
  return views;
}

/** The ids among a task's dependencies that are cancelled or in `going`: why it is cancelled with them. */
export function cancelledCauses(state: RunState, { spec }: TaskView, going: ReadonlySet<string>): string[] {
  return spec.dependencies.filter((id) => going.has(id) || findTask(state, id)?.task.state === "cancelled");
}

/**
 * What has to be reopened so that these tasks can run again: they and every dependent that was blocked by them or
 * cancelled with them and can start once they have succeeded, in the order of the plan.
 */
export function reopenedWith(state: RunState, views: readonly TaskView[]): readonly TaskView[] {
  const open = new Set<number>(views.map(({ ordinal }) => ordinal));
  for (const ordinal of open) {
    for (const dependent of state.index.graph.dependents[ordinal] ?? []) {
      if (
        !open.has(dependent) && endedThroughOthers(taskAt(state, dependent)) &&
        canStart(state, dependent, open)
      ) {
        open.add(dependent);
      }
    }
  }
  return [...open].sort((a, b) => a - b).map((ordinal) => taskAt(state, ordinal));
}

/** The dependencies that keep a task from ever starting; empty where it can start once the others have ended well. */
export function hopelessCauses(state: RunState, view: TaskView): readonly string[] {
  if (canStart(state, view.ordinal, new Set())) return [];
  return view.spec.dependencies.filter((id) => {
    const dependency = findTask(state, id);
    return dependency !== undefined && failsDependent(view.spec, dependency.spec, dependency.task);
  });
}

/** Whether a task is at its end because of tasks that it depends on, not for something of its own. */
function endedThroughOthers({ task }: TaskView): boolean {
  return task.state === "blocked" || (task.state === "cancelled" && task.causes.length > 0);
}

/** Whether a task's rule can be met when the tasks in `open` are pending. */
function canStart(state: RunState, ordinal: number, open: ReadonlySet<number>): boolean {
  const { spec } = taskAt(state, ordinal);
  const sums = { terminal: 0, satisfied: 0, completed: 0 };
  const dependencies = state.index.graph.dependencies[ordinal] ?? [];
  for (const dependency of dependencies) {
    if (open.has(dependency)) continue;
    const { spec: other, task } = taskAt(state, dependency);
    addTo(sums, tallyOf(other, task, isReviewOf(spec, other.id)));
  }
  return readiness(spec.trigger_rule, dependencies.length, sums) !== "blocked";
}
