/** What a reviewer found, from its answer. Pure: nothing is ever a pass by mistake. */

import type { ReviewFinding } from "../../log/kinds.ts";
import { FINDINGS_LISTED, LONGEST_FINDING, reviewFinding } from "../../log/payloads.ts";
import { redactText } from "../../log/redact.ts";
import { answerIn, isObject, noAnswer } from "./coded_answer.ts";

/** Findings, or why there are none that count. */
export type FindingsReading =
  | { readonly ok: true; readonly findings: readonly ReviewFinding[] }
  | { readonly ok: false; readonly problem: string };

/**
 * The findings in a value: `{"findings": […]}`. A single finding that cannot be read makes all of them invalid: it may be
 * the one that blocks. Fields that nobody knows are left out.
 */
export function readFindings(value: unknown): FindingsReading {
  const list = isObject(value) ? value["findings"] : undefined;
  if (!Array.isArray(list)) return invalid('there is no list "findings"');
  if (list.length > FINDINGS_LISTED) {
    return invalid(`there are ${list.length} findings, more than ${FINDINGS_LISTED}`);
  }
  const findings: ReviewFinding[] = [];
  for (const [at, each] of list.entries()) {
    const parsed = reviewFinding.safeParse(knownFields(each));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return invalid(
        `finding ${at + 1}: ${issue?.path.join(".") || "it"}: ${issue?.message ?? "cannot be read"}`,
      );
    }
    findings.push(parsed.data);
  }
  return { ok: true, findings };
}

/** The findings in the answer of a reviewer. */
export function findingsIn(text: string, code: string): FindingsReading {
  const found = answerIn(text, code);
  return found === undefined ? invalid(noAnswer(code)) : readFindings(found);
}

/** What a finding says, without what it leaves open and what nobody asked for. */
function knownFields(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { severity, message, path, line, task } = value;
  const text = typeof message === "string" ? redactText(message).trim().slice(0, LONGEST_FINDING) : message;
  const known = { severity, message: text, path, line, task };
  return Object.fromEntries(
    Object.entries(known).filter(([, each]) => each !== null && each !== undefined && each !== ""),
  );
}

function invalid(problem: string): FindingsReading {
  return { ok: false, problem };
}
