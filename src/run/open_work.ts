/** Whether a run that has ended has something to go on with: what somebody asked for since. Pure. */

import type { RequestPayload } from "../scheduler/run_record.ts";
import type { RunState } from "../scheduler/run_state.ts";

/** The requests that bring work back. */
const REOPENING: ReadonlySet<RequestPayload["kind"]> = new Set([
  "answer_given",
  "retry_requested",
  "budget_add_requested",
]);

/** See the module. */
export function hasOpenWork(state: RunState): boolean {
  return state.run.open_requests.some((request) => REOPENING.has(request.kind));
}
