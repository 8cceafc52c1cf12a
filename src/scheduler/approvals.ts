/** Requests for permission that wait for a person: what answers them. Pure. */

import { draft, type DraftOf, type EventDraft, taskSubject } from "../log/event.ts";
import type { OpenApproval } from "./run_record.ts";
import type { RunState } from "./run_state.ts";

/** The request for permission of this name that waits for a person. */
export function findApproval(state: RunState, approval: string): OpenApproval | undefined {
  return state.run.approvals?.open.find((each) => each.approval === approval);
}

/** The name of the next request for permission. */
export function nextApproval({ run }: RunState): string {
  return String((run.approvals?.count ?? 0) + 1);
}

/** A decision over a request that waits. */
export function decideApproval(
  state: RunState,
  { task_id, attempt, token, approval }: OpenApproval,
  how: Pick<DraftOf<"approval_decided">["payload"], "decision" | "reason" | "by" | "request">,
): DraftOf<"approval_decided"> {
  const actor = `controller/${state.run.incarnation}`;
  return draft("approval_decided", taskSubject(task_id), actor, {
    ...how,
    task_id,
    attempt,
    token,
    approval,
  });
}

/** What nobody has answered in time is denied (P9). */
export function decideOverdue(state: RunState, now: number): EventDraft[] {
  return (state.run.approvals?.open ?? []).filter(({ expires }) => expires <= now).map((each) => {
    const seconds = Math.round((each.expires - each.since) / 1000);
    const reason = `nobody answered within ${seconds} s`;
    return decideApproval(state, each, { decision: "deny", reason, by: "timeout" });
  });
}
