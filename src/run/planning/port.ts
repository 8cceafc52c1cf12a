/** The plan reader: how the answer of a lead agent becomes a plan. */

import type { Artifact } from "../../log/kinds.ts";
import type { AttemptRef } from "../../scheduler/task_state.ts";

/** What the answer of a lead agent came to. */
export type PlanReading =
  /** A plan that can be run, kept with the attempt. */
  | { readonly kind: "plan"; readonly plan: Artifact }
  /** It cannot plan before a person has answered. */
  | { readonly kind: "question"; readonly question: string }
  /** The problems are kept for its next attempt; `summary`: in one clause. */
  | { readonly kind: "invalid"; readonly summary: string; readonly problems: Artifact };

/** See the module. */
export interface PlanReader {
  /** Reads what the agent of this attempt said. Rejects where the disk refuses. */
  read(ref: AttemptRef, reply: Artifact): Promise<PlanReading>;
}
