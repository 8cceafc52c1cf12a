/** What an agent is told of its task. Nothing secret is in it: secrets reach a task by its environment only (P12). */

import type { TaskSpec } from "../plan/spec.ts";

/** The text that an agent gets. */
export function taskPrompt(spec: TaskSpec): string {
  const { prompt = "", acceptance_criteria, write_set, gates } = spec;
  const parts = [
    prompt.trim(),
    section("This must be true in the end:", acceptance_criteria),
    section("You may change these files and directories only:", write_set ?? []),
    section(
      "Your work is judged by these commands:",
      gates.map(({ name, command }) =>
        `${name}: ${typeof command === "string" ? command : command.join(" ")}`
      ),
    ),
    "Work in the current directory only, and leave your changes there: they are taken from it when you are done. " +
    "Nobody reads along, so do not wait for answers. If you cannot do it, write " +
    '{"status": "blocked_on_human", "question": "..."} to the file that the environment variable OMK_RESULT names.',
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function section(title: string, items: readonly string[]): string {
  return items.length === 0 ? "" : [title, ...items.map((item) => `- ${item}`)].join("\n");
}
