/** Commands of a plan: a text for `sh -c`, or a program with its arguments. */

import type { Command } from "./spec.ts";

/** What keeps a command from being run; the end of a sentence. Undefined where nothing does. */
export function commandProblem(command: Command): string | undefined {
  const parts = typeof command === "string" ? [command] : command;
  if ((parts[0] ?? "").trim() === "") return typeof command === "string" ? "is empty" : "names no program";
  return parts.some((part) => part.includes("\0")) ? "holds a NUL character" : undefined;
}
