/** The story of a task for people. Pure. */

import type { StoryPoint } from "../../run/task_story.ts";
import type { Keeping } from "../../scheduler/explain.ts";
import type { TaskView } from "../../scheduler/run_state.ts";
import type { Style } from "../output.ts";
import { taskStateText } from "./show_run.ts";
import { alignColumns } from "./text.ts";

/** What is told. */
export interface Explained {
  readonly view: TaskView;
  readonly points: readonly StoryPoint[];
  /** What keeps it from starting now. */
  readonly keeping: readonly Keeping[];
  readonly runId: string;
  /** Whether the run is finished. */
  readonly isOver: boolean;
  /** Whether a process conducts the run. */
  readonly isControlled: boolean;
}

/** The lines of the story, and what keeps the task now. */
export function explainLines(explained: Explained, style: Style, columns: number): readonly string[] {
  const { view, points, runId } = explained;
  const { task } = view;
  const rows = points.map(({ ts, text }) => [`  ${style.dim(ts.slice(11, 23))}`, text]);
  return [
    `task ${style.bold(task.id)} of run ${runId}: ${taskStateText(task.state, style)}`,
    ...alignColumns(rows, columns),
    ...(task.state === "pending" ? pendingLines(explained, style) : []),
  ];
}

function pendingLines({ keeping, isOver, isControlled, runId }: Explained, style: Style): readonly string[] {
  const reasons = keeping.map(({ text }) => `  ${style.yellow("waits")}  ${text}`);
  if (isOver) return ["  the run ended before it could start", ...reasons];
  if (!isControlled) return [`  nobody conducts the run: go on with omk resume ${runId}`, ...reasons];
  return reasons.length === 0 ? ["  nothing keeps it: it starts with the next decision"] : reasons;
}
