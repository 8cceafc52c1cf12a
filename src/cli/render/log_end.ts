/** What is whole of a log, and the head that it ends with: said alike by the commands that verify, repair and salvage. */

import type { LogHead } from "../../log/port.ts";
import { counted, formatBytes } from "./text.ts";

/** The whole part of a log. */
export interface LogEnd {
  readonly events: number;
  readonly commits: number;
  readonly head: LogHead;
}

/**
 * Two indented lines.
 *
 * @param bytes of its files; undefined where it is only the whole part of a log
 */
export function logEndLines({ events, commits, head }: LogEnd, bytes: number | undefined): readonly string[] {
  const counts = `${counted(events, "event")} in ${counted(commits, "commit")}`;
  return [
    bytes === undefined ? `  whole: ${counts}` : `  ${counts}, ${formatBytes(bytes)}`,
    `  head ${head.index} ${head.sum}`,
  ];
}

/** Where in a log something is, in words; `segment` is the name of the file where it is not the log's own. */
export function placeText(
  { line, offset, segment }: { readonly line: number; readonly offset: number; readonly segment?: string },
): string {
  return `${segment === undefined ? "" : `${segment}, `}line ${line}, at byte ${offset}`;
}
