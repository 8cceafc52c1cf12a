/** Which candidate a reviewer picks, from its answer. Pure: nothing is ever a pick by mistake (P8). */

import type { AttemptOutcome } from "../../log/kinds.ts";
import { LONGEST_FINDING } from "../../log/payloads.ts";
import { redactText } from "../../log/redact.ts";
import { quote } from "../../plan/problem.ts";
import { answerIn, noAnswer } from "./coded_answer.ts";

/** A pick, or why there is none that counts. */
export type PickReading =
  | { readonly ok: true; readonly pick: NonNullable<AttemptOutcome["pick"]> }
  | { readonly ok: false; readonly problem: string };

/** The pick in the answer of a reviewer: `{"review": CODE, "pick": ID, "why": TEXT}`, one of `candidates` with a reason. */
export function pickIn(text: string, code: string, candidates: readonly string[]): PickReading {
  const found = answerIn(text, code);
  if (found === undefined) return { ok: false, problem: noAnswer(code) };
  const { pick, why } = found;
  if (typeof pick !== "string" || !candidates.includes(pick)) {
    const given = typeof pick === "string" ? `is ${quote(pick)}` : "is no text";
    return { ok: false, problem: `"pick" ${given}, not one of ${candidates.map(quote).join(", ")}` };
  }
  const reason = typeof why === "string" ? oneLine(redactText(why)).slice(0, LONGEST_FINDING) : "";
  if (reason === "") return { ok: false, problem: '"why" gives no reason' };
  return { ok: true, pick: { task_id: pick, why: reason } };
}

/** It stands in events, and in lines of the proof. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/** From what a reviewer answered to the outcome of its attempt. An outcome that is no success stays as it is. */
export function pickOutcome(
  outcome: AttemptOutcome,
  reply: string,
  code: string,
  candidates: readonly string[],
): AttemptOutcome {
  if (outcome.result !== "success") return outcome;
  const reading = pickIn(reply, code, candidates);
  return reading.ok
    ? { ...outcome, pick: reading.pick }
    : { ...outcome, result: "pick_invalid", detail: reading.problem };
}
