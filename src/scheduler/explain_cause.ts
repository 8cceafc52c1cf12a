/** Through which tasks one ended that never ran itself: from it back to the one that failed or was cancelled. Pure. */

import { describeOutcome } from "./retry.ts";
import { findTask, type RunState, type TaskView } from "./run_state.ts";
import type { TaskStatus } from "./task_state.ts";

/** One task on the way. */
export interface CauseLink {
  readonly task_id: string;
  readonly state: TaskStatus;
  /** Why it is in this state, for people; null where the log says nothing. */
  readonly reason: string | null;
}

/**
 * The shortest way from what directly blocked a task, or was cancelled before it, to a task that ended by itself;
 * empty for a task that ended by itself or has not ended.
 */
export function causeChain(state: RunState, view: TaskView): readonly CauseLink[] {
  const cameFrom = new Map<string, string | null>([[view.spec.id, null]]);
  // The loop also visits what it adds, so the first root that it meets is a nearest one.
  for (const id of cameFrom.keys()) {
    const task = findTask(state, id)?.task;
    if (task === undefined) continue;
    if (task.causes.length === 0) return wayBack(state, cameFrom, id);
    for (const cause of task.causes) if (!cameFrom.has(cause)) cameFrom.set(cause, id);
  }
  return [];
}

function wayBack(
  state: RunState,
  cameFrom: ReadonlyMap<string, string | null>,
  root: string,
): readonly CauseLink[] {
  const links: CauseLink[] = [];
  for (let id = root;;) {
    const before = cameFrom.get(id) ?? null;
    if (before === null) return links;
    const task = findTask(state, id)?.task;
    if (task === undefined) return links;
    const reason = task.reason ?? (task.outcome === null ? null : describeOutcome(task.outcome));
    links.unshift({ task_id: id, state: task.state, reason });
    id = before;
  }
}
