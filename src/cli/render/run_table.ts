/** The runs of a place, one line each. Pure. */

import type { RunGlance } from "../glance.ts";
import type { Style } from "../output.ts";
import { formatDuration } from "./duration.ts";
import { styledStanding } from "./standing.ts";
import { alignColumns } from "./text.ts";

/** The lines of the table, without a heading where there is nothing under it. */
export function runTable(
  runs: readonly RunGlance[],
  style: Style,
  columns: number,
  now: number,
): readonly string[] {
  if (runs.length === 0) return [];
  const heading = ["RUN", "STATUS", "DONE", "AGE", "TOOK", "NAME"];
  const rows = runs.map((run) => [
    style.bold(run.run_id),
    styledStanding(run.standing, style) + (run.merged ? ", merged" : ""),
    run.error === null ? `${run.tasks_completed}/${run.tasks_total}` : "-",
    run.started_at === null ? "-" : formatAge(now - Date.parse(run.started_at)),
    run.started_at === null || run.standing === "interrupted" ? "-" : formatDuration(run.duration_ms),
    run.name,
  ]);
  const [first = "", ...rest] = alignColumns([heading, ...rows], columns);
  return [style.dim(first), ...rest];
}

/** How long ago something began, in one unit: `now`, `12m`, `5h`, `3d`. */
export function formatAge(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}
