/** What becomes of the tasks that a task proposes: each is answered by a fact with its reason. Pure. */

import { draft, type EventDraft, taskSubject } from "../log/event.ts";
import type { AttemptOutcome } from "../log/kinds.ts";
import { PROPOSALS_READ } from "../log/payloads.ts";
import { isTaskId } from "../plan/spec.ts";
import type { RunState } from "./run_state.ts";

/** Why a proposal is refused: what a run does is what its plan says, and no plan can say that tasks may add to it. */
export const PROPOSALS_REFUSED = "the plan does not allow proposals";

/** An attempt as its claim names it. */
interface AttemptRef {
  readonly task_id: string;
  readonly attempt: number;
  readonly token: number;
}

/** The answers to what a finished attempt proposed, in its order; what was too much to be read is refused as one. */
export function answerProposals(state: RunState, ref: AttemptRef, outcome: AttemptOutcome): EventDraft[] {
  const { proposals = [], more_proposals = 0 } = outcome.reported ?? {};
  const { task_id, attempt, token } = ref;
  const proposed_by = { task_id, attempt, token };
  const refuse = (id: unknown, reason: string) =>
    draft("task_rejected", taskSubject(task_id), `controller/${state.run.incarnation}`, {
      task_id: typeof id === "string" && isTaskId(id) ? id : task_id,
      proposed_by,
      reason,
    });
  const answers = proposals.map(({ id }) => refuse(id, PROPOSALS_REFUSED));
  if (more_proposals === 0) return answers;
  return [
    ...answers,
    refuse(
      undefined,
      `${more_proposals} more were not read: an attempt may make ${PROPOSALS_READ} proposals`,
    ),
  ];
}
