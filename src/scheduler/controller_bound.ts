/** Which tasks no extra worker may run. Pure. */

import type { TaskSpec } from "../plan/spec.ts";
import { type RunState, taskAt } from "./run_state.ts";
import { isTerminal } from "./task_state.ts";

/**
 * Whether only the controller's own process runs it. It pins and judges each iteration of a loop while the attempt holds
 * its slot; and what an agent asks leave for, and the answer, are facts, which no other process may append.
 */
export function staysWithController({ loop, prompt, review }: BodyOf): boolean {
  return loop !== undefined || prompt !== undefined || review !== undefined;
}

/** Whether a run has work left, all of which stays with the controller: an extra worker would get none of it. */
export function keepsAllWork(state: RunState): boolean {
  const left = state.tasks.map((_, ordinal) => taskAt(state, ordinal))
    .filter(({ ordinal, task }) => state.index.isSelected(ordinal) && !isTerminal(task.state));
  return left.length > 0 && left.every(({ spec }) => staysWithController(spec));
}

type BodyOf = Pick<TaskSpec, "loop" | "prompt" | "review">;
