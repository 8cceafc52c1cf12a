/** From the answer of a lead agent to the outcome of its attempt: only a plan that can be run is a success (P8). */

import { reasonOf } from "../../errors.ts";
import type { AttemptOutcome } from "../../log/kinds.ts";
import type { AttemptRef } from "../../scheduler/task_state.ts";
import { ControllerFault } from "../controller_handle.ts";
import { worsen } from "../pin_verdict.ts";
import type { PlanReader } from "./port.ts";

/** The outcome of an attempt whose agent has answered in good order. */
export async function judgePlanReply(
  reader: PlanReader | undefined,
  ref: AttemptRef,
  outcome: AttemptOutcome,
): Promise<AttemptOutcome> {
  const { reply } = outcome;
  if (reader === undefined) {
    throw new ControllerFault({
      what: `Cannot read the plan of task "${ref.task_id}"`,
      why: "nobody reads it",
    });
  }
  if (reply === undefined) return worsen(outcome, "workspace_error", "what its agent said was not kept");
  try {
    const reading = await reader.read(ref, reply);
    switch (reading.kind) {
      case "plan":
        return { ...outcome, planning: { plan: reading.plan } };
      case "question":
        return {
          ...worsen(outcome, "blocked_on_human", reading.question),
          reported: { ...outcome.reported, status: "blocked_on_human", question: reading.question },
        };
      case "invalid":
        return {
          ...worsen(outcome, "plan_invalid", reading.summary),
          planning: { problems: reading.problems },
        };
    }
  } catch (error) {
    return worsen(outcome, "workspace_error", `its answer could not be read: ${reasonOf(error)}`);
  }
}
