/** The story of a task for people. Pure. */

import type { StoryPoint } from "../../run/task_story.ts";
import type { Keeping } from "../../scheduler/explain.ts";
import type { CauseLink } from "../../scheduler/explain_cause.ts";
import type { TaskView } from "../../scheduler/run_state.ts";
import type { Style } from "../output.ts";
import { taskStateText } from "./show_run.ts";
import { alignColumns, oneLine } from "./text.ts";

/** What is told. */
export interface Explained {
  readonly view: TaskView;
  readonly points: readonly StoryPoint[];
  /** From what it was blocked by, or cancelled with, back to what ended by itself. */
  readonly because: readonly CauseLink[];
  /** What it waits for now. */
  readonly keeping: readonly Keeping[];
  readonly runId: string;
  /** Whether the run is finished. */
  readonly isOver: boolean;
  /** Whether a process conducts the run. */
  readonly isControlled: boolean;
}

const ENDED: Readonly<Partial<Record<CauseLink["state"], string>>> = {
  failed: "failed",
  blocked: "was blocked",
  cancelled: "was cancelled",
};

/** The lines of the story, the tasks through which it ended, and what it waits for now. */
export function explainLines(explained: Explained, style: Style, columns: number): readonly string[] {
  const { view, points, because, runId } = explained;
  const { task } = view;
  const rows = points.map(({ ts, text }) => [`  ${style.dim(ts.slice(11, 23))}`, text]);
  const links = because.map((link) => [
    `  ${style.yellow("because")}`,
    `${link.task_id} ${ENDED[link.state] ?? `is ${link.state}`}${
      link.reason === null ? "" : `: ${link.reason}`
    }`,
  ]);
  return [
    `task ${style.bold(task.id)} of run ${runId}: ${taskStateText(task.state, style)}`,
    ...alignColumns(rows, columns),
    ...alignColumns(links, columns),
    ...waitingLines(explained, style),
  ];
}

function waitingLines(explained: Explained, style: Style): readonly string[] {
  const { keeping, isOver, isControlled, runId, view: { task } } = explained;
  const reasons = keeping.map(({ text }) => `  ${style.yellow("now")}  ${oneLine(text)}`);
  if (task.state === "waiting") {
    const way = task.waiting_on === "budget"
      ? `add to it with omk budget add ${runId} --task ${task.id}`
      : `answer it with omk answer ${runId} ${task.id} TEXT`;
    return [...reasons, `  ${way}`];
  }
  if (keeping.some(({ code }) => code === "approval")) {
    return [...reasons, `  answer it with omk approve ${runId}`];
  }
  const isOpen = task.state === "pending" || task.state === "claimed" || task.state === "running" ||
    task.state === "finished";
  if (isOpen && !isOver && !isControlled) {
    return [`  nobody conducts the run: go on with omk resume ${runId}`, ...reasons];
  }
  if (task.state !== "pending") return reasons;
  if (isOver) return ["  the run ended before it could start", ...reasons];
  return reasons.length === 0 ? ["  nothing keeps it: it starts with the next decision"] : reasons;
}
