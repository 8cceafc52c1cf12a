/** The facts about reviews. */

import * as z from "zod";
import { attemptRef, reviewFinding, reviewRound } from "../payloads.ts";
import { syncedFact } from "./entry.ts";

/** See the module. */
export const reviewFacts = {
  /** What a review says of one attempt that it judged; what follows from that comes in the same commit. */
  task_reviewed: syncedFact({
    ...attemptRef,
    /** The attempt that judged it. */
    review: z.strictObject(attemptRef),
    round: reviewRound,
    /** `blocked`: there is a blocking finding among those that concern it. */
    verdict: z.enum(["passed", "blocked"]),
    /** Those that concern this attempt, as the reviewer gave them. */
    findings: z.array(reviewFinding),
  }),
};
