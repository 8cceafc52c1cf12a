/**
 * Workflow commands of GitHub Actions. A task could print such a command itself (set an output, add a path, hide text),
 * so what tasks print stands between `stop-commands` and its token, which nobody can guess.
 */

import type { CiMarks } from "./marks.ts";

/** A line that is a command. The runner splits lines at a bare carriage return too. */
const COMMAND = /((?:^|\r)\s*)::/g;
/** The older form of commands, which counts anywhere in a line. */
const OLD_COMMAND = /##(?=\[)/g;

/** Marks for GitHub Actions. `makeToken` gives a new text that no task can know: logs may be read while a job runs. */
export function createGitHubMarks(makeToken: () => string): CiMarks {
  const guarded = (lines: readonly string[]) => {
    if (lines.length === 0) return [];
    const token = makeToken();
    return [`::stop-commands::${token}`, ...lines, `::${token}::`];
  };
  return {
    section: ({ title }, lines) => [`::group::${data(title)}`, ...guarded(lines), "::endgroup::"],
    annotation: ({ level, title, message }) => `::${level} title=${property(title)}::${data(message)}`,
    foreign: (line) => line.replaceAll(COMMAND, "$1: :").replaceAll(OLD_COMMAND, "# #"),
    guarded,
  };
}

/** The text of a command: what would end it is written as the runner reads it back. */
function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/** A value among the properties of a command. */
function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
