/** Sections of GitLab's job log: collapsed at first, named by what they hold. */

import type { CiMarks } from "./marks.ts";

/** What a section's name may not hold. */
const NOT_IN_NAMES = /[^A-Za-z0-9_.-]+/g;
/** A line that would begin or end a section. */
const SECTION = /section_(?=start:|end:)/g;

/** Marks for GitLab CI, which takes nothing that a job prints for a command but sections. */
export function createGitLabMarks(): CiMarks {
  const foreign = (line: string) => line.replaceAll(SECTION, "section ");
  const guarded = (lines: readonly string[]) => lines.map(foreign);
  return {
    section(id, title, lines, now) {
      const name = id.replaceAll(NOT_IN_NAMES, "_");
      const seconds = Math.floor(now / 1000);
      return [
        `\x1b[0Ksection_start:${seconds}:${name}[collapsed=true]\r\x1b[0K${title}`,
        ...guarded(lines),
        `\x1b[0Ksection_end:${seconds}:${name}\r\x1b[0K`,
      ];
    },
    annotation: () => undefined,
    foreign,
    guarded,
  };
}
