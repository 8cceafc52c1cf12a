/**
 * Whether a rule is about a request. Pure.
 *
 * A rule that allows must be sure: all that the request names fits it. A rule that denies or asks is about whatever may
 * fit it: one path of several, one command of a compound text, a command that its text does not tell. Such a rule is a
 * fence for honest agents; a program can do by itself what no rule has seen.
 */

import type { ApprovalRule } from "../../plan/approval.ts";
import { compileGlob } from "../../plan/glob.ts";
import { matchesAny, type PathOptions } from "../../plan/path_set.ts";
import { baseName, readShellText, type ShellWords } from "../../plan/shell_command.ts";
import { isInTree, type SeenPath } from "./real_path.ts";
import type { SeenRequest } from "./request.ts";

/** See the module. */
export function fits(rule: ApprovalRule, request: SeenRequest, options: PathOptions): boolean {
  const mustBeSure = rule.decision === "allow";
  if (rule.tools !== undefined && !rule.tools.includes(request.tool)) return false;
  return fitsCommand(rule, request, mustBeSure) && fitsPaths(rule, request, mustBeSure, options);
}

/** A rule in words, for reasons. */
export function textOfRule({ decision, tools, command, exact, paths }: ApprovalRule): string {
  const parts = [
    ...(tools === undefined ? [] : [tools.join(" or ")]),
    ...(command === undefined ? [] : [`commands that begin with "${command.join(" ")}"`]),
    ...(exact === undefined ? [] : [`the command "${exact}"`]),
    ...(paths === undefined ? [] : [`paths in ${paths.join(", ")}`]),
  ];
  return `${decision} ${parts.length === 0 ? "everything" : parts.join(", ")}`;
}

function fitsCommand(
  { command: prefix, exact }: ApprovalRule,
  request: SeenRequest,
  mustBeSure: boolean,
): boolean {
  const { command } = request;
  if (exact !== undefined && command?.trim() !== exact) return false;
  if (prefix === undefined) return true;
  // An agent that does not say what it runs may run anything.
  if (command === undefined) return !mustBeSure && request.tool === "execute";
  const { commands, isSimple, hidesCommands } = readShellText(command);
  if (mustBeSure) {
    return isSimple && prefix.every((word, at) => commands[0]?.[at] === word);
  }
  return hidesCommands || commands.some((words) => mayBegin(words, prefix));
}

/** Whether the words of a command may be those of a prefix; a program is known by its name in any directory. */
function mayBegin(words: ShellWords, prefix: readonly string[]): boolean {
  for (const [at, wanted] of prefix.entries()) {
    const word = words[at];
    // What the shell makes of a word may be several.
    if (word === null) return true;
    if (word === undefined) return false;
    if (word !== wanted && !(at === 0 && baseName(word) === baseName(wanted))) return false;
  }
  return true;
}

function fitsPaths(
  { paths: entries }: ApprovalRule,
  { paths }: SeenRequest,
  mustBeSure: boolean,
  options: PathOptions,
): boolean {
  if (entries === undefined) return true;
  if (mustBeSure) {
    return paths.length > 0 &&
      paths.every((path) => leadsInto(path, entries, options) && (path.inside === null || isInTree(path)));
  }
  return paths.some((path) => path.real === null || leadsInto(path, entries, options));
}

function leadsInto({ real, inside }: SeenPath, entries: readonly string[], options: PathOptions): boolean {
  return entries.some((entry) => {
    if (!entry.startsWith("/")) return inside !== null && matchesAny([entry], inside, options);
    return real !== null && matchesAbsolute(entry, real, options);
  });
}

function matchesAbsolute(entry: string, real: string, { caseSensitive }: PathOptions): boolean {
  const fold = (text: string) =>
    caseSensitive === false ? text.normalize("NFC").toLowerCase() : text.normalize("NFC");
  return compileGlob(fold(entry), { orBelow: true })(fold(real));
}
