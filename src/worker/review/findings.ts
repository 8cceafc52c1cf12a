/** What a reviewer found, from its answer. Pure: nothing is ever a pass by mistake. */

import { type ReviewFinding } from "../../log/kinds.ts";
import { FINDINGS_LISTED, LONGEST_FINDING, reviewFinding } from "../../log/payloads.ts";
import { redactText } from "../../log/redact.ts";

/** Findings, or why there are none that count. */
export type FindingsReading =
  | { readonly ok: true; readonly findings: readonly ReviewFinding[] }
  | { readonly ok: false; readonly problem: string };

/** So many objects that might be meant are looked at, the last one first. */
const CANDIDATES = 50;
/** And so many places before the word where each might begin. */
const BEGINNINGS = 50;

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

/**
 * The findings in the answer of a reviewer: the last JSON object with the code of this review. What it quotes, from
 * its prompt or from what it reviews, cannot hold that code with findings of its own.
 */
export function findingsIn(text: string, code: string): FindingsReading {
  let from = text.length;
  for (let tries = 0; tries < CANDIDATES; tries++) {
    const at = text.lastIndexOf(code, from - 1);
    if (at < 0) break;
    const found = objectAround(text, at);
    if (found?.["review"] === code) return readFindings(found);
    from = at;
    if (at === 0) break;
  }
  return invalid(`its answer holds no JSON object with "review": "${code}"`);
}

/** The innermost JSON object that reaches over a place of the text and has the fields of a review. */
function objectAround(text: string, at: number): Record<string, unknown> | undefined {
  let from = at;
  for (let tries = 0; tries < BEGINNINGS; tries++) {
    const begin = text.lastIndexOf("{", from - 1);
    if (begin < 0) return undefined;
    const end = endOfObject(text, begin);
    if (end !== undefined && end > at) {
      const value = parsed(text.slice(begin, end));
      if (isObject(value) && "review" in value) return value;
    }
    if (begin === 0) return undefined;
    from = begin;
  }
  return undefined;
}

/** Where the object that begins at a place ends; undefined where it does not. */
function endOfObject(text: string, begin: number): number | undefined {
  let depth = 0;
  let isText = false;
  for (let at = begin; at < text.length; at++) {
    const char = text[at];
    if (isText) {
      if (char === "\\") at += 1;
      else if (char === '"') isText = false;
    } else if (char === '"') isText = true;
    else if (char === "{") depth += 1;
    else if (char === "}") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // It only looked like one.
    return undefined;
  }
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

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
