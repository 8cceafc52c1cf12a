/** A text as JSON with comments: an object whose keys are all different, such as a plan. */

import { parse } from "@std/jsonc";
import { reasonOf } from "../errors.ts";
import { scanJson } from "./json_scan.ts";
import { type Finding, quote } from "./problem.ts";
import type { SyntaxFault } from "./syntax/tokens.ts";

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
const PLAN: TextSubject = { name: "the plan", emptyHint: "omk init --print shows a first one" };

/** Parses a text, without its byte order mark. */
export async function parsePlanText(text: string, subject: TextSubject = PLAN): Promise<ParsedPlan> {
  const fail = (finding: Finding): ParsedPlan => ({ ok: false, findings: [finding] });
  const scan = scanJson(text, DEEPEST);
  if (scan.isBlank) {
    const hint = subject.emptyHint;
    if (hint === undefined) return { ok: true, raw: {}, findings: [] };
    return fail({ code: "empty", path: [], offset: 0, message: `${subject.name} is empty`, hint });
  }
  if (scan.tooDeepAt !== null) {
    const message = `objects and lists lie in each other more than ${DEEPEST} deep`;
    return fail({ code: "too_deep", path: [], offset: scan.tooDeepAt, message });
  }
  let raw: unknown;
  try {
    raw = parseJsonc(text);
  } catch (error) {
    const { findFault } = await import("./syntax/find_fault.ts");
    const fault = findFault(text, subject.name) ?? { offset: 0, length: 1, message: reasonOf(error) };
    const { related, ...rest }: SyntaxFault = fault;
    return fail({
      code: "syntax",
      path: [],
      ...rest,
      ...(related === undefined ? {} : { related: { what: related.what, at: related.offset } }),
    });
  }
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    return fail({ code: "not_an_object", path: [], message: `${subject.name} must be an object: { … }` });
  }
  const findings: Finding[] = [
    ...scan.duplicates.map(({ key, firstOffset, ...place }): Finding => ({
      code: "duplicate_field",
      path: [],
      ...place,
      message: `the field ${quote(key)} is given twice`,
      hint: "keep one of the two",
      related: { what: "the first one is", at: firstOffset },
    })),
    ...scan.forbidden.map(({ key, ...place }): Finding => ({
      code: "forbidden_field",
      path: [],
      ...place,
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
