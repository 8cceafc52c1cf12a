/** The end of what a task or a gate printed, among the lines of omk's own. */

import type { Style } from "../output.ts";
import { readTail } from "./tail.ts";
import { colouredLine } from "./text.ts";

/** How many lines are shown. */
const TAIL_LINES = 10;
/** A longer line is cut: it is data, not a message. In UTF-16 units. */
const LINE_LENGTH = 500;

/** The last lines of a file; where it has more, a first line that names the command `whole`, which shows all of it. */
export async function tailLines(path: string, whole: string, style: Style): Promise<readonly string[]> {
  const tail = await readTail(path, TAIL_LINES + 1);
  const bar = `  ${style.dim("|")}`;
  const before = tail.length > TAIL_LINES ? [`${bar} ${style.dim(`[more before this: ${whole}]`)}`] : [];
  return [
    ...before,
    ...tail.slice(-TAIL_LINES).map((line) => `${bar} ${colouredLine(shortened(line))}`.trimEnd()),
  ];
}

function shortened(line: string): string {
  return line.length <= LINE_LENGTH ? line : `${line.slice(0, LINE_LENGTH - 1)}…`;
}
