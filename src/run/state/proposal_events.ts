/** The fold of proposals: what attempts propose waits for its answer, and what is accepted becomes part of the run. */

import type { EventOf } from "../../log/event.ts";
import { PROPOSALS_READ } from "../../log/payloads.ts";
import { readStoredTask } from "../../plan/stored_task.ts";
import { misfitOf, policyObstacle, proposalDepth } from "../../scheduler/proposals.ts";
import type { OpenProposal } from "../../scheduler/run_record.ts";
import { addTask, findTask, type RunState } from "../../scheduler/run_state.ts";
import { closeRequest, type HandlersOf, timeOf } from "./handler.ts";

/** See the module. */
export const proposalHandlers: HandlersOf<"task_accepted" | "task_rejected"> = {
  task_accepted(state, event) {
    const { spec: written, proposed_by, task_id } = event.payload;
    if (written === undefined || proposed_by === undefined) return void close(state, event.payload);
    const proposer = findTask(state, proposed_by.task_id);
    if (proposer === undefined) return `the plan has no task "${proposed_by.task_id}"`;
    const read = readStoredTask(written);
    if ("problem" in read) return `it accepts what is no task: ${read.problem}`;
    if (read.spec.id !== task_id) return `it accepts task "${task_id}" and names "${read.spec.id}"`;
    const broken = policyObstacle(state, proposer) ?? misfitOf(state, read.spec);
    if (broken !== null) return broken;
    close(state, event.payload);
    addTask(state, read.spec, { ...proposed_by, depth: proposalDepth(proposer) + 1 }, timeOf(event));
    return undefined;
  },

  task_rejected: (state, { payload }) => void close(state, payload),
};

/** What a finished attempt proposes waits for its answers. */
export function openProposals(state: RunState, { payload }: EventOf<"task_finished">): void {
  const { task_id, attempt, token, outcome } = payload;
  const { proposals = [], more_proposals = 0 } = outcome.reported ?? {};
  if (proposals.length + more_proposals === 0) return;
  const proposed_by = { task_id, attempt, token };
  const read = proposals.map((content, proposal): OpenProposal => ({ proposed_by, proposal, content }));
  const rest: OpenProposal = { proposed_by, proposal: PROPOSALS_READ, content: more_proposals };
  state.run.open_proposals = [
    ...state.run.open_proposals ?? [],
    ...read,
    ...(more_proposals === 0 ? [] : [rest]),
  ];
}

type Answer = Pick<EventOf<"task_rejected">["payload"], "request" | "proposed_by" | "proposal">;

/** Answers that name no place come in the order of the proposals. */
function close(state: RunState, answer: Answer): void {
  closeRequest(state, answer);
  const { run } = state;
  const { request, proposed_by, proposal } = answer;
  if (request !== undefined || run.open_proposals === undefined) return;
  const answered = run.open_proposals.find((each) =>
    each.proposed_by.token === proposed_by?.token && (proposal === undefined || each.proposal === proposal)
  );
  const open = run.open_proposals.filter((each) => each !== answered);
  if (open.length > 0) run.open_proposals = open;
  else delete run.open_proposals;
}
