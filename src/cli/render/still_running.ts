/** The line that says what is at work where nothing else is printed: a quiet run is not taken for a dead one. Pure. */

import { type RunState, taskAt } from "../../scheduler/run_state.ts";
import { formatDuration } from "./duration.ts";
import { counted } from "./text.ts";

/** How many tasks are named. */
const NAMED = 5;

/**
 * The line at `now` on the run clock; undefined where nothing is at work. `silentSince` gives the moment of the last
 * output of a task's attempt.
 */
export function stillRunningLine(
  state: RunState,
  now: number,
  silentSince: (taskId: string) => number | undefined,
): string | undefined {
  const staleMs = state.plan.watchdog.heartbeat_stale_secs * 1000;
  const tasks = [...state.index.active].map((ordinal) => taskAt(state, ordinal).task)
    .sort((a, b) => (a.started_at ?? now) - (b.started_at ?? now));
  const gates = state.run.gates.filter((gate) => gate.result === "running").map((gate) =>
    `gate ${gate.gate}`
  );
  if (tasks.length === 0) return gates.length === 0 ? undefined : `  still running: ${gates.join(", ")}`;
  const named = tasks.slice(0, NAMED).map((task) => {
    const since = silentSince(task.id) ?? task.started_at ?? now;
    const silence = now - since >= staleMs ? `, no output for ${formatDuration(now - since)}` : "";
    return `${task.id} (${formatDuration(Math.max(0, now - (task.started_at ?? now)))}${silence})`;
  });
  const more = tasks.length > NAMED ? [`${tasks.length - NAMED} more`] : [];
  const done = state.index.count("completed");
  return `  still running: ${[...named, ...more, ...gates].join(", ")}; ` +
    `${done} of ${counted(state.index.selectedCount, "task")} done`;
}
