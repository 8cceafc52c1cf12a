/** What any process may ask of the controller. */

import * as z from "zod";
import { attemptOutcome, attemptRef, mark, processIdentity, taskId } from "../payloads.ts";
import { request } from "./entry.ts";
import { budgetName, reason } from "./parts.ts";

/** See the module. */
export const requests = {
  /** `task_id` null cancels the run. */
  cancel_requested: request({ task_id: taskId.nullable(), reason }),
  /** `task_id` null: every task that failed. */
  retry_requested: request({ task_id: taskId.nullable(), reason }),
  pause_requested: request({ reason }),
  unpause_requested: request({}),
  /** Closes the breaker of a gate; null: every one that is not closed. */
  gate_reset_requested: request({ gate: z.string().min(1).nullable(), reason }),
  answer_given: request({ task_id: taskId, answer: z.string() }),
  approval_given: request({ approval: z.string(), decision: z.enum(["allow", "deny"]), reason }),
  budget_add_requested: request({
    budget: budgetName,
    by: z.number().positive(),
    /** The task whose own budget it is; absent: that of the run. */
    task_id: taskId.optional(),
  }),
  worker_joined: request({ worker: z.string(), slots: z.int().min(1), mark: mark.optional() }),
  worker_left: request({ worker: z.string(), reason }),
  /** Answered by `task_started`. */
  attempt_started: request({
    ...attemptRef,
    worker: z.string(),
    body: processIdentity,
    /** Name of the slot; null under `isolation: none`. */
    slot: z.string().nullable().optional(),
  }),
  /** The attempt's processes are dead. Answered by `attempt_pinning`, or by the end of the attempt. */
  attempt_reported: request({ ...attemptRef, worker: z.string(), outcome: attemptOutcome }),
  task_proposed: request({ ...attemptRef, proposal: z.record(z.string(), z.unknown()) }),
};
