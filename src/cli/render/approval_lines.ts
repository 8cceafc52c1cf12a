/** Requests for permission that wait for a person, as people see them. Pure. */

import type { OpenApproval } from "../../scheduler/run_record.ts";
import { formatDuration } from "./duration.ts";
import { oneLine } from "./text.ts";

/** How many paths are shown. */
const SHOWN = 10;

/** What an agent wants to do, with all that it says of it; `now` is the run clock in milliseconds. */
export function approvalLines(open: OpenApproval, now: number): readonly string[] {
  const { approval, task_id, tool, expires } = open;
  const left = formatDuration(Math.max(0, expires - now));
  return [
    `${approval}  task ${task_id} wants to ${tool}: ${wantedOf(open)}`,
    `   no answer within ${left} is a no`,
  ];
}

/** What is wanted in one line: the command as it is, or the agent's words with the paths. */
export function wantedOf(
  { detail, command, paths = [] }: Pick<OpenApproval, "detail" | "command" | "paths">,
): string {
  if (command !== undefined) return visible(command);
  const more = paths.length > SHOWN ? ` and ${paths.length - SHOWN} more` : "";
  const where = paths.length === 0 ? "" : ` (${paths.slice(0, SHOWN).map(visible).join(", ")}${more})`;
  return `${oneLine(detail)}${where}`;
}

/** A text in which nothing is hidden: what a terminal would not show as it is, is written out. */
function visible(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (each) => each === "\n" ? "\\n" : `\\u{${(each.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
