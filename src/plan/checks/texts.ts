/**
 * The values of a plan, whatever they mean: none that JSON cannot write down again, and no secret (P12). What
 * redaction would change could not run as it is written, or would be kept in plan.json.
 */

import { type Finding, type PlanPath, quote } from "../problem.ts";

const SECRET_HINT = 'pass it as an environment variable: "env": {"NAME": {"from": "NAME"}}';

/** Checks all keys, texts and numbers of what was parsed. */
export function checkTexts(raw: unknown, redact: (text: string) => string): Finding[] {
  const findings: Finding[] = [];
  const path: (string | number)[] = [];
  const visitText = (text: string, target: "key" | "value") => {
    const what = target === "key" ? "a field name" : fieldName(path);
    if (!text.isWellFormed()) {
      findings.push({
        code: "broken_text",
        path: [...path],
        target,
        message: `${what} holds half of a surrogate pair, which is no character`,
      });
    } else if (redact(text) !== text) {
      findings.push({
        code: "secret",
        path: [...path],
        target,
        message: `${what} holds what looks like a secret`,
        hint: SECRET_HINT,
      });
    }
  };
  const visit = (value: unknown) => {
    if (typeof value === "string") {
      visitText(value, "value");
    } else if (typeof value === "number") {
      if (!Number.isFinite(value)) {
        const message = `${fieldName(path)} is too large a number`;
        findings.push({ code: "out_of_range", path: [...path], message });
      }
    } else if (Array.isArray(value)) {
      for (let at = 0; at < value.length; at++) {
        path.push(at);
        visit(value[at]);
        path.pop();
      }
    } else if (typeof value === "object" && value !== null) {
      for (const [key, each] of Object.entries(value)) {
        path.push(key);
        visitText(key, "key");
        visit(each);
        path.pop();
      }
    }
  };
  visit(raw);
  return findings;
}

/** The last key on the way, in quotes; the value at fault is never printed. */
function fieldName(path: PlanPath): string {
  const key = path.findLast((each) => typeof each === "string");
  return key === undefined ? "the plan" : quote(key);
}
