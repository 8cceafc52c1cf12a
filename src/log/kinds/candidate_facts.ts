/** The facts about several candidates for one task. */

import * as z from "zod";
import { attemptRef, taskId } from "../payloads.ts";
import { syncedFact } from "./entry.ts";
import { reason } from "./parts.ts";

/** See the module. */
export const candidateFacts = {
  /** From here on only this candidate is merged; the others are cancelled. */
  candidate_picked: syncedFact({
    /** The task that they compete for. */
    task_id: taskId,
    picked: z.strictObject(attemptRef),
    reason,
    /** The review that named it; absent where none had to. */
    review: z.strictObject(attemptRef).optional(),
  }),
};
