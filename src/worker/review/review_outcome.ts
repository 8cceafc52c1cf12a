/** From what a reviewer answered to the outcome of its attempt: without findings it is none that counts (P8). Pure. */

import type { AttemptOutcome } from "../../log/kinds.ts";
import { findingsIn } from "./findings.ts";

/** See the module; `code` is what its answer must repeat. An outcome that is no success stays as it is. */
export function reviewOutcome(outcome: AttemptOutcome, reply: string, code: string): AttemptOutcome {
  if (outcome.result !== "success") return outcome;
  const reading = findingsIn(reply, code);
  return reading.ok
    ? { ...outcome, findings: [...reading.findings] }
    : { ...outcome, result: "findings_invalid", detail: reading.problem };
}
