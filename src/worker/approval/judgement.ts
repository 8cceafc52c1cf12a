/** What becomes of a request for permission, and why. */

import type { RuleDecision } from "../../plan/approval.ts";

/** See the module. `ask`: a person decides. */
export interface Judgement {
  readonly decision: RuleDecision;
  /** One clause. */
  readonly reason: string;
}

/** A yes. */
export function allow(reason: string): Judgement {
  return { decision: "allow", reason };
}

/** A no. */
export function deny(reason: string): Judgement {
  return { decision: "deny", reason };
}
