/** The fold of the events about candidates and the task that they compete for. */

import type { EventOf } from "../../log/event.ts";
import { type RunState, taskAt } from "../../scheduler/run_state.ts";
import { isActive } from "../../scheduler/task_state.ts";
import { attemptOf, type HandlersOf, move, NO_ATTEMPT, taskOf, timeOf } from "./handler.ts";

/** See the module. */
export const candidateHandlers: HandlersOf<"candidate_picked"> = {
  candidate_picked(state, { index, payload }) {
    const choice = taskOf(state, payload.task_id);
    if (typeof choice === "string") return choice;
    const { picked } = payload;
    const winner = attemptOf(state, picked, "finished");
    if (typeof winner === "string") return winner;
    if (winner.spec.candidate_of !== choice.spec.id) {
      return `task "${picked.task_id}" is no candidate for "${choice.spec.id}"`;
    }
    if (choice.task.state !== "pending" || choice.task.picked !== undefined) {
      return `the best candidate for "${choice.spec.id}" is picked already`;
    }
    choice.task.picked = { task_id: picked.task_id, token: picked.token };
    for (const ordinal of state.index.candidates.candidatesOf(choice.ordinal)) {
      const { task } = taskAt(state, ordinal);
      if (task.id === picked.task_id || !isActive(task.state) || task.cancel_request !== null) continue;
      task.cancel_request = index;
      task.cancel_reason = `candidate "${picked.task_id}" was picked`;
    }
    return undefined;
  },
};

/** A task is completed with the candidate that was picked for it, without a run of its own. */
export function completeByPick(state: RunState, event: EventOf<"task_completed">): string | undefined {
  const { payload } = event;
  const choice = taskOf(state, payload.task_id);
  if (typeof choice === "string") return choice;
  const winner = taskOf(state, payload.picked ?? "");
  if (typeof winner === "string") return winner;
  const { task } = winner;
  if (choice.task.picked?.task_id !== task.id) return `candidate "${task.id}" was not picked`;
  if (task.state !== "completed" || task.token !== payload.token) {
    return `candidate "${task.id}" is not completed`;
  }
  return move(state, choice, "completed", timeOf(event), {
    ...NO_ATTEMPT,
    outputs: task.outputs,
    commit: task.commit,
    completed_at: timeOf(event),
    reason: `candidate "${task.id}" was picked`,
  });
}
