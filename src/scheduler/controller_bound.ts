/** Which tasks no extra worker may run. Pure. */

import type { TaskSpec } from "../plan/spec.ts";

/**
 * Whether only the controller's own process runs it: it keeps and judges each iteration of a loop, and answers the agent
 * of a prompt or a review.
 */
export function staysWithController({ loop, prompt, review }: BodyOf): boolean {
  return loop !== undefined || prompt !== undefined || review !== undefined;
}

type BodyOf = Pick<TaskSpec, "loop" | "prompt" | "review">;
