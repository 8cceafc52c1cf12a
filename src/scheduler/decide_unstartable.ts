/** Tasks that can never start: blocked by what failed, or cancelled with what was cancelled. */

import { draft, type EventDraft, taskSubject } from "../log/event.ts";
import { addTo, failsDependent, isReviewOf, tallyOf } from "./readiness.ts";
import { findTask, type RunState, taskAt } from "./run_state.ts";
import type { TaskStatus } from "./task_state.ts";

/** How many of the tasks that block another are named. */
const CAUSES_LISTED = 20;

/**
 * The ends of all tasks that can no longer start, and of all that cannot because of these, however long the chain:
 * one decision, not one for each link.
 */
export function decideUnstartable(state: RunState): EventDraft[] {
  if (state.index.unstartable.size === 0) return [];
  const ends = new Map<number, TaskStatus>();
  const drafts: EventDraft[] = [];
  const open = [...state.index.unstartable].sort((a, b) => a - b);
  // The loop also visits what it appends to the list.
  for (const ordinal of open) {
    if (ends.has(ordinal)) continue;
    const end = endOf(state, ordinal, ends);
    ends.set(ordinal, end.kind === "task_blocked" ? "blocked" : "cancelled");
    drafts.push(end);
    for (const dependent of state.index.graph.dependents[ordinal] ?? []) {
      if (!ends.has(dependent) && becomesUnstartable(state, dependent, ends)) open.push(dependent);
    }
  }
  return drafts;
}

function becomesUnstartable(
  state: RunState,
  ordinal: number,
  ends: ReadonlyMap<number, TaskStatus>,
): boolean {
  const { spec: dependent, task } = taskAt(state, ordinal);
  if (task.state !== "pending" || !state.index.isSelected(ordinal)) return false;
  const change = { terminal: 0, satisfied: 0, completed: 0 };
  for (const dependency of state.index.graph.dependencies[ordinal] ?? []) {
    const end = ends.get(dependency);
    if (end === undefined) continue;
    const { spec } = taskAt(state, dependency);
    addTo(change, tallyOf(spec, { state: end }, isReviewOf(dependent, spec.id)));
  }
  return state.index.readinessOf(ordinal, change) === "blocked";
}

function endOf(state: RunState, ordinal: number, ends: ReadonlyMap<number, TaskStatus>): EventDraft {
  const { spec } = taskAt(state, ordinal);
  const statusOf = (id: string): TaskStatus | undefined => {
    const view = findTask(state, id);
    return view === undefined ? undefined : ends.get(view.ordinal) ?? view.task.state;
  };
  const causes = spec.dependencies.filter((id) => {
    const status = statusOf(id);
    const view = findTask(state, id);
    return status !== undefined && view !== undefined &&
      failsDependent(spec, view.spec, { state: status });
  });
  const actor = `controller/${state.run.incarnation}`;
  const told = causes.slice(0, CAUSES_LISTED).map((id) => `"${id}", which ${endText(statusOf(id))}`).join(
    "; ",
  );
  if (causes.every((id) => statusOf(id) === "cancelled")) {
    return draft("task_cancelled", taskSubject(spec.id), actor, {
      task_id: spec.id,
      attempt: null,
      token: null,
      outcome: null,
      reason: `depends on ${told}`,
      causes: causes.slice(0, CAUSES_LISTED),
    });
  }
  return draft("task_blocked", taskSubject(spec.id), actor, {
    task_id: spec.id,
    causes: causes.slice(0, CAUSES_LISTED),
    reason: `depends on ${told}`,
  });
}

function endText(status: TaskStatus | undefined): string {
  return status === "failed" ? "failed" : `is ${status}`;
}
