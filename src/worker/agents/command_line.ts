/** How the program of an agent is called, and how the prompt reaches it. */

import type { Command } from "../../plan/spec.ts";
import type { AgentJob } from "./port.ts";

/** The variable that names the file with the prompt. */
export const PROMPT_FILE_VARIABLE = "OMK_PROMPT_FILE";

/** A call of the agent's program. */
export interface AgentCall {
  readonly command: Command;
  /** What is written to its standard input, which then ends. */
  readonly stdin: string;
  /** Whether the prompt is to be in the job's `promptFile`. */
  readonly needsFile: boolean;
}

/** The call of a program that gets its prompt once. */
export function callOf({ spec, prompt, promptFile }: AgentJob): AgentCall {
  const { command } = spec;
  const stdin = spec.prompt === "stdin" ? prompt : "";
  if (typeof command === "string") {
    return {
      // The text sees the prompt as "$1".
      command: spec.prompt === "argument" ? ["/bin/sh", "-c", command, "sh", prompt] : command,
      stdin,
      needsFile: spec.prompt === "file",
    };
  }
  const isNamed = command.some((word) => word.includes("{prompt}"));
  const filled = command.map((word) =>
    // A function, since a prompt may hold what a replacement would read as a pattern.
    word.replaceAll(/\{prompt(_file)?\}/g, (_, isFile) => isFile === undefined ? prompt : promptFile)
  );
  return {
    command: spec.prompt === "argument" && !isNamed ? [...filled, prompt] : filled,
    stdin,
    needsFile: spec.prompt === "file" || command.some((word) => word.includes("{prompt_file}")),
  };
}
