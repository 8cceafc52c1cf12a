/**
 * What the policy `safe` allows, and nothing else:
 * - `read`, `edit`, `delete` and `move` where every path that the request names, and at least one, leads into the
 *   worktree and not into its `.git`; what is changed must lie in the task's write set, where it has one
 * - `search` in the same places; without a path it is one in the worktree
 * - `think`
 * - `execute` of one plain command of `cat`, `echo`, `head`, `ls`, `pwd`, `tail` or `wc`, with short options only, whose
 *   other words, but for those of `echo`, lead into the worktree in the same way
 *
 * Pure: paths are followed before.
 */

import { matchesAny, type PathOptions } from "../../plan/path_set.ts";
import { readShellText } from "../../plan/shell_command.ts";
import { isInTree, type SeenPath } from "./real_path.ts";
import type { SeenRequest } from "./request.ts";
import { allow, deny, type Judgement } from "./judgement.ts";

/** The programs that `safe` lets run: they only print, and no short option of theirs writes or runs anything. */
export const SAFE_PROGRAMS: readonly string[] = ["cat", "echo", "head", "ls", "pwd", "tail", "wc"];

/** What a task is allowed to change. */
export interface WriteLimit extends PathOptions {
  /** Null: anything in its worktree. */
  readonly writeSet: readonly string[] | null;
}

/** Decides as `safe` does. */
export function judgeSafely(request: SeenRequest, limit: WriteLimit): Judgement {
  switch (request.tool) {
    case "think":
      return allow("the policy safe allows it to think");
    case "search":
      return inWorktree(request, limit, false) ?? allow("the policy safe allows searches in the worktree");
    case "read":
      return needPath(request) ?? inWorktree(request, limit, false) ??
        allow("the policy safe allows reading in the worktree");
    case "edit":
    case "delete":
    case "move":
      return needPath(request) ?? inWorktree(request, limit, true) ??
        allow("the policy safe allows changes in the worktree");
    case "execute":
      return judgeCommand(request);
    case "fetch":
      return deny("the policy safe allows nothing from the network");
    case "other":
      return deny("the policy safe allows nothing of a kind that it does not know");
  }
}

function needPath({ paths }: SeenRequest): Judgement | undefined {
  return paths.length > 0 ? undefined : deny("it names no path, and the policy safe goes by paths");
}

function inWorktree({ paths }: SeenRequest, limit: WriteLimit, isChange: boolean): Judgement | undefined {
  const outside = paths.find((path) => !isInTree(path));
  if (outside !== undefined) return deny(`${named(outside)} is no file of the worktree`);
  const { writeSet } = limit;
  if (!isChange || writeSet === null) return undefined;
  const excess = paths.find(({ inside }) => inside !== null && !matchesAny(writeSet, inside, limit));
  return excess === undefined ? undefined : deny(`${named(excess)} is not in the task's write set`);
}

function judgeCommand({ command, words }: SeenRequest): Judgement {
  if (command === undefined) return deny("it does not say which command it runs");
  const { commands, isSimple } = readShellText(command);
  const [program, ...rest] = commands[0] ?? [];
  if (!isSimple || typeof program !== "string") return deny("the policy safe allows plain commands only");
  if (!SAFE_PROGRAMS.includes(program)) {
    return deny(`the policy safe runs ${SAFE_PROGRAMS.join(", ")}, and nothing else`);
  }
  if (rest.some((word) => word === null || (word.startsWith("-") && !/^-[A-Za-z0-9]+$/.test(word)))) {
    return deny("the policy safe allows short options only");
  }
  const outside = program === "echo" ? undefined : words.find((word) => !isInTree(word));
  return outside === undefined
    ? allow(`the policy safe allows ${program} in the worktree`)
    : deny(`${named(outside)} is no file of the worktree`);
}

/** A path as it was said, with where it leads. */
export function named({ given, real }: SeenPath): string {
  return real === null || real === given ? `"${given}"` : `"${given}" (${real})`;
}
