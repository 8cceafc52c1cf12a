/** How long a run will still take, from how long its tasks took before. Pure. */

import { type RunState, taskAt } from "../../../scheduler/run_state.ts";
import { isTerminal } from "../../../scheduler/task_state.ts";

/** An estimate needs to know the durations of at least this share of what is left. */
const KNOWN_SHARE = 0.5;

/**
 * Milliseconds from `now` until every task is at its end: what is left, shared by the workers, but no less than the
 * longest of what is left. Undefined where too few of the tasks have been timed, in this run or an earlier one.
 */
export function remainingMs(state: RunState, now: number): number | undefined {
  const { tasks, index, run } = state;
  const unknown: number[] = [];
  let timed = 0;
  let timedMs = 0;
  let left = 0;
  let leftMs = 0;
  let longest = 0;
  for (let ordinal = 0; ordinal < tasks.length; ordinal++) {
    if (!index.isSelected(ordinal)) continue;
    const { task } = taskAt(state, ordinal);
    const before = index.ranks.earlierDurationMs(ordinal);
    const took = task.state === "completed" ? task.outcome?.duration_ms : undefined;
    const duration = took ?? before;
    if (duration !== undefined) {
      timed += 1;
      timedMs += duration;
    }
    if (isTerminal(task.state)) continue;
    left += 1;
    const elapsed = task.started_at === null || task.state === "pending"
      ? 0
      : Math.max(0, now - task.started_at);
    if (before === undefined) unknown.push(elapsed);
    else {
      leftMs += Math.max(0, before - elapsed);
      longest = Math.max(longest, before - elapsed);
    }
  }
  if (left === 0 || timed === 0 || unknown.length > left * (1 - KNOWN_SHARE)) return undefined;
  const usual = timedMs / timed;
  for (const elapsed of unknown) leftMs += Math.max(0, usual - elapsed);
  return Math.max(leftMs / Math.max(1, run.settings?.workers ?? 1), longest);
}
