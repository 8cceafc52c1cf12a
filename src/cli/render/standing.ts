/** How a run stands, in its colour. */

import type { Style } from "../output.ts";

const GREEN: ReadonlySet<string> = new Set(["ready", "passed"]);
const BLUE: ReadonlySet<string> = new Set(["running"]);
const RED: ReadonlySet<string> = new Set(["not_ready", "failed_infra", "unreadable"]);

/** The word for a run's standing, coloured: good, at work, bad, or waiting for somebody. */
export function styledStanding(standing: string, style: Style): string {
  if (GREEN.has(standing)) return style.green(standing);
  if (BLUE.has(standing)) return style.blue(standing);
  return RED.has(standing) ? style.red(standing) : style.yellow(standing);
}
