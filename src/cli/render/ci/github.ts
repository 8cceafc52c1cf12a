/**
 * Workflow commands of GitHub Actions. A task could print such a command itself (set an output, add a path, hide text),
 * so what tasks print stands between `stop-commands` and its token, which nobody can guess.
 */

import type { CiMarks } from "./marks.ts";

/** What a line of the older form of commands holds anywhere in it. */
const OLD_FORM = /##(?=\[)/g;

/** Marks for GitHub Actions; `token` is a text that no task can know. */
export function createGitHubMarks(token: string): CiMarks {
  const guarded = (lines: readonly string[]) =>
    lines.length === 0 ? [] : [`::stop-commands::${token}`, ...lines, `::${token}::`];
  return {
    section: (_id, title, lines) => [`::group::${data(title)}`, ...guarded(lines), "::endgroup::"],
    annotation: (level, title, message) => `::${level} title=${property(title)}::${data(message)}`,
    foreign: (line) => line.replace(/^(\s*)::/, "$1: :").replaceAll(OLD_FORM, "# #"),
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
