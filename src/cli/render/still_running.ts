/** The line that says what is at work, so that a run that prints nothing is not taken for a dead one. Pure. */

import { type RunState, taskAt } from "../../scheduler/run_state.ts";
import type { TaskState } from "../../scheduler/task_state.ts";
import { formatDuration } from "./duration.ts";
import { counted, judgedText } from "./text.ts";

/** How many silent tasks are named. */
const SILENT_NAMED = 3;

/**
 * The line at `now` on the run clock; undefined where the run neither works nor waits. `lastOutput` gives the moment
 * at which a task's attempt last printed something.
 */
export function stillRunningLine(
  state: RunState,
  now: number,
  lastOutput: (taskId: string) => number | undefined,
): string | undefined {
  const tasks = [...state.index.active].map((ordinal) => taskAt(state, ordinal).task)
    .sort((a, b) => startOf(a, now) - startOf(b, now));
  const gates = state.run.gates.filter((gate) => gate.result === "running").map((gate) =>
    `gate ${gate.gate}${gate.merges === undefined ? "" : judgedText(gate)}`
  );
  const merges = state.run.merge === null ? [] : [`merge of ${state.run.merge.task_id}`];
  const atWork = [
    ...tasksText(tasks, now),
    ...silentText(state, tasks, now, lastOutput),
    ...gates,
    ...merges,
  ];
  const done = `${state.index.count("completed")} of ${state.index.selectedCount} done`;
  if (atWork.length > 0) return `  still running: ${atWork.join(", ")}; ${done}`;
  const waits = waitText(state, now);
  return waits === undefined ? undefined : `  still waiting: ${waits}; ${done}`;
}

function tasksText(tasks: readonly TaskState[], now: number): readonly string[] {
  const [oldest] = tasks;
  if (oldest === undefined) return [];
  const age = formatDuration(Math.max(0, now - startOf(oldest, now)));
  return [
    tasks.length === 1
      ? `${oldest.id} (${age})`
      : `${counted(tasks.length, "task")}, oldest ${oldest.id} (${age})`,
  ];
}

/** Who has printed nothing for as long as the watchdog of the plan allows. */
function silentText(
  state: RunState,
  tasks: readonly TaskState[],
  now: number,
  lastOutput: (taskId: string) => number | undefined,
): readonly string[] {
  const allowed = state.plan.watchdog.heartbeat_stale_secs * 1000;
  const silent = tasks.map((task) => ({ id: task.id, ms: now - (lastOutput(task.id) ?? startOf(task, now)) }))
    .filter(({ ms }) => ms >= allowed)
    .sort((a, b) => b.ms - a.ms);
  if (silent.length === 0) return [];
  const named = silent.slice(0, SILENT_NAMED).map(({ id, ms }) => `${id} (${formatDuration(ms)})`);
  const more = silent.length > SILENT_NAMED ? ` and ${silent.length - SILENT_NAMED} more` : "";
  return [`silent ${named.join(", ")}${more}`];
}

function waitText({ run, index }: RunState, now: number): string | undefined {
  if (run.paused) return "the run is paused, omk unpause goes on";
  const next = index.dispatch.nextDelayEnd;
  if (next === undefined) return undefined;
  const retries = counted(index.dispatch.delayedCount, "task");
  return `${retries} to be tried again, next in ${formatDuration(Math.max(0, next - now))}`;
}

function startOf(task: TaskState, now: number): number {
  return task.started_at ?? now;
}
