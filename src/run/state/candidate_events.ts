/** The fold of the events about candidates and the task that they compete for. */

import type { EventOf } from "../../log/event.ts";
import type { PayloadOf } from "../../log/kinds.ts";
import { type RunState, taskAt, type TaskView } from "../../scheduler/run_state.ts";
import { isActive } from "../../scheduler/task_state.ts";
import { attemptOf, clearAttempt, type HandlersOf, move, taskOf, timeOf } from "./handler.ts";

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
    const unfounded = withoutReview(state, choice, payload);
    if (unfounded !== undefined) return unfounded;
    choice.task.picked = { task_id: picked.task_id, token: picked.token };
    const { candidates } = state.index;
    const others = [...candidates.candidatesOf(choice.ordinal), candidates.reviewOf(choice.ordinal)];
    for (const ordinal of others.filter((each) => each !== undefined)) {
      const { task } = taskAt(state, ordinal);
      if (task.id === picked.task_id || !isActive(task.state) || task.cancel_request !== null) continue;
      task.cancel_request = index;
      task.cancel_reason = `candidate "${picked.task_id}" was picked`;
    }
    return undefined;
  },
};

/** Why a pick is none that its review has made; undefined where it is, and where there was nothing to pick from. */
function withoutReview(
  state: RunState,
  { ordinal, spec }: TaskView,
  { picked, review }: PayloadOf<"candidate_picked">,
): string | undefined {
  const { candidates } = state.index;
  if (review === undefined) {
    const done = candidates.candidatesOf(ordinal).filter((each) =>
      taskAt(state, each).task.state === "finished"
    );
    return spec.attempts?.pick === "review" && done.length > 1
      ? `no review has picked among the candidates for "${spec.id}"`
      : undefined;
  }
  const judge = attemptOf(state, review, "finished");
  if (typeof judge === "string") return judge;
  if (judge.ordinal !== candidates.reviewOf(ordinal)) {
    return `task "${review.task_id}" does not pick for "${spec.id}"`;
  }
  const named = judge.task.outcome?.pick?.task_id;
  return named === picked.task_id && review.token > picked.token
    ? undefined
    : `review "${review.task_id}" has not picked this attempt of "${picked.task_id}"`;
}

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
  return move(state, choice, "completed", timeOf(event), (chosen) => {
    clearAttempt(chosen);
    chosen.outputs = task.outputs;
    chosen.commit = task.commit;
    chosen.completed_at = timeOf(event);
    chosen.reason = `candidate "${task.id}" was picked`;
  });
}
