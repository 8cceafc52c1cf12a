/** The messages of the commits that omk makes; the trailers lead from a commit back to its run. */

import type { TaskSpec } from "../plan/spec.ts";

/**
 * The message of the commit on the run's head that brings a task's work. `reusedRun` is the earlier run whose attempt
 * it is, where it was taken over.
 */
export function taskCommitMessage(
  runId: string,
  spec: TaskSpec,
  attempt: number,
  reusedRun?: string,
): string {
  const subject = oneLine(spec.name);
  const body = spec.description === undefined ? "" : `${spec.description.trim()}\n\n`;
  const origin = reusedRun === undefined ? "" : `Omk-Reused-Run: ${reusedRun}\n`;
  return `${subject}\n\n${body}${trailers(runId, spec.id, attempt)}${origin}`;
}

/** The message of a pin. */
export function pinMessage(runId: string, spec: TaskSpec, attempt: number): string {
  return `Pin of task ${spec.id}, attempt ${attempt}\n\n${trailers(runId, spec.id, attempt)}`;
}

function trailers(runId: string, taskId: string, attempt: number): string {
  return `Omk-Run: ${runId}\nOmk-Task: ${taskId}\nOmk-Attempt: ${attempt}\n`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
