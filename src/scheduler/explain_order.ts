/** Which ready task has the next turn, and why it comes before another: told with the scheduler's own ranks. Pure. */

import { PickSet } from "./pick_set.ts";
import type { Rank } from "./ready_queue.ts";
import { type RunState, taskAt, type TaskView } from "./run_state.ts";
import { freePlaces, LOCAL_WORKER } from "./workers.ts";

/** The task that would be claimed next if a worker were free at `now`; undefined where none could start. */
export function nextInLine(state: RunState, now: number): TaskView | undefined {
  const { index } = state;
  index.dispatch.promoteDelayed(now);
  const places = freePlaces(state);
  // Where no place is free, whichever it is may be the controller's.
  const own = places.length === 0 ? 1 : places.filter((worker) => worker === LOCAL_WORKER).length;
  const picks = new PickSet(state, own);
  try {
    for (;;) {
      const cls = index.dispatch.ready.best();
      const best = cls?.ready.peek();
      if (cls === undefined || best === undefined) return undefined;
      const obstacle = picks.obstacleOf(best.ordinal);
      if (obstacle === null) return taskAt(state, best.ordinal);
      index.dispatch.ready.park(cls, obstacle);
    }
  } finally {
    picks.putBack();
  }
}

/** Why the task of rank `first` comes before another one that is ready. */
export function precedenceOver(state: RunState, first: Rank, other: TaskView): string {
  const rival = state.index.ranks.of(other.ordinal);
  const { id, priority } = other.spec;
  const own = taskAt(state, first.ordinal).spec.priority;
  if (first.urgency !== rival.urgency) {
    return own > priority
      ? `its priority of ${own} is higher than that of ${id}, ${priority}`
      : `it had been ready for longer than ${id}, which counts as priority`;
  }
  if (first.path_ms !== rival.path_ms) {
    return `the longest chain that begins with it takes ${secondsText(first.path_ms)}, ` +
      `that of ${id} ${secondsText(rival.path_ms)}`;
  }
  return `it stands before ${id} in the plan`;
}

/** `4.2 s`. */
export function secondsText(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
