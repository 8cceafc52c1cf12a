/** Sections of GitLab's job log: collapsed at first, named by what they hold. */

import type { CiMarks } from "./marks.ts";

/** What a section's name may not hold. */
const NOT_IN_NAMES = /[^A-Za-z0-9_.-]+/g;
/** What would begin or end a section. */
const SECTION = /section_(?=start:|end:)/g;
/** Hides the mark from who reads the log. */
const ERASE_LINE = "\x1b[0K";

/** Marks for GitLab CI, which takes nothing that a job prints for a command but sections. */
export function createGitLabMarks(): CiMarks {
  const foreign = (line: string) => line.replaceAll(SECTION, "section ");
  const guarded = (lines: readonly string[]) => lines.map(foreign);
  return {
    section({ name, title, from, to }, lines) {
      const id = name.replaceAll(NOT_IN_NAMES, "_");
      return [
        `${ERASE_LINE}section_start:${seconds(from)}:${id}[collapsed=true]\r${ERASE_LINE}${title}`,
        ...guarded(lines),
        `${ERASE_LINE}section_end:${seconds(to)}:${id}\r${ERASE_LINE}`,
      ];
    },
    annotation: () => undefined,
    foreign,
    guarded,
  };
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
