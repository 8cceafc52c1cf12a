/** A text as JSON with comments: an object whose keys are all different, such as a plan. */

import { parse } from "@std/jsonc";
import { reasonOf } from "../errors.ts";
import { scanJson } from "./json_scan.ts";
import { type Finding, quote } from "./problem.ts";

/** How deep objects and lists may lie in each other; beyond it programs run out of stack. */
const DEEPEST = 100;

/** What parsing gave: where `ok` is false, there is nothing to check; where it is true, there may be findings too. */
export type ParsedPlan =
  | { readonly ok: true; readonly raw: object; readonly findings: readonly Finding[] }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** What a text is, for what is said about it. */
export interface TextSubject {
  /** With its article: `the plan`. */
  readonly name: string;
  /** What to do about a text without any value; absent: it counts as an object without fields. */
  readonly emptyHint?: string;
}

/** A plan's text. */
const PLAN: TextSubject = { name: "the plan", emptyHint: "omk init writes a first one" };

/** Parses a text, without its byte order mark. */
export async function parsePlanText(text: string, subject: TextSubject = PLAN): Promise<ParsedPlan> {
  const fail = (finding: Finding): ParsedPlan => ({ ok: false, findings: [finding] });
  const scan = scanJson(text, DEEPEST);
  if (scan.isBlank) {
    const hint = subject.emptyHint;
    if (hint === undefined) return { ok: true, raw: {}, findings: [] };
    return fail({ path: [], offset: 0, message: `${subject.name} is empty`, hint });
  }
  if (scan.tooDeepAt !== null) {
    return fail({ path: [], offset: scan.tooDeepAt, message: `the nesting is deeper than ${DEEPEST}` });
  }
  let raw: unknown;
  try {
    raw = parseJsonc(text);
  } catch (error) {
    const { findSyntaxError } = await import("./locate.ts");
    return fail({ path: [], ...(findSyntaxError(text) ?? { offset: 0, message: reasonOf(error) }) });
  }
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    return fail({ path: [], message: `${subject.name} must be an object: { … }` });
  }
  const findings: Finding[] = [
    ...scan.duplicates.map(({ key, offset }) => ({
      path: [],
      offset,
      message: `the field ${quote(key)} is given twice`,
    })),
    ...scan.forbidden.map(({ key, offset }) => ({
      path: [],
      offset,
      message: `a field cannot be named ${quote(key)}`,
    })),
  ];
  return { ok: true, raw, findings };
}

/** Large plans are made by programs, which write plain JSON: the engine's own parser is ten times as fast. */
function parseJsonc(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parse(text);
  }
}
