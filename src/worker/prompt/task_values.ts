/** What a task puts into the template of prompts. Pure. */

import type { GateSpec, TaskSpec } from "../../plan/spec.ts";
import { type EarlierAttempt, earlierText, quoted } from "./earlier.ts";
import type { TemplateValues } from "./template.ts";

/** What a prompt tells beside the task itself. */
export interface PromptCircumstances {
  readonly runId: string;
  /** From 1. */
  readonly attempt: number;
  /** The first one first. */
  readonly earlier: readonly EarlierAttempt[];
  /** What a person answered to the latest question; absent where none did. */
  readonly answer?: string;
  /** The iteration of its loop, from 1; absent where it is none. */
  readonly iteration?: number;
  /** What the gate of the loop said of the iteration before; "" in the first. */
  readonly check?: string;
}

/** See the module. `prompt` is the body of the task: its own, or that of its loop. */
export function taskValues(
  spec: TaskSpec,
  prompt: string,
  circumstances: PromptCircumstances,
): TemplateValues {
  const { runId, attempt, earlier, answer, iteration, check } = circumstances;
  return {
    task_id: spec.id,
    task_name: spec.name,
    description: spec.description ?? "",
    prompt: prompt.trim(),
    acceptance_criteria: list(spec.acceptance_criteria),
    write_set: spec.write_set === null
      ? ""
      : spec.write_set.length === 0
      ? "- none at all"
      : list(spec.write_set),
    read_set: list(spec.read_set),
    outputs: list(spec.outputs),
    gates: list([...spec.gates, ...(spec.loop === undefined ? [] : [spec.loop.until])].map(gateText)),
    iteration: iteration === undefined ? "" : String(iteration),
    check: check ?? "",
    attempt: String(attempt),
    earlier_attempts: earlierText(earlier),
    answer: answer ?? "",
    run_id: runId,
  };
}

/** What the gate of a loop, which did not pass, said of an iteration. */
export function checkText({ name }: GateSpec, output: string): string {
  if (output.trim() === "") return `The check "${name}" did not pass, and printed nothing.`;
  return quoted({ what: `output of the check "${name}", which did not pass`, text: output });
}

function gateText({ name, command }: GateSpec): string {
  return `${name}: ${typeof command === "string" ? command : command.join(" ")}`;
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join("\n");
}
