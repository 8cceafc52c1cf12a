/** What is wrong with a plan, and where. */

import { UsageError } from "../errors.ts";

/** The way to a value in the plan: keys and places in lists. */
export type PlanPath = readonly (string | number)[];

/** What kind of problem it is: names for programs, which stay what they are. */
export type ProblemCode =
  | "encoding"
  | "syntax"
  | "empty"
  | "not_an_object"
  | "too_deep"
  | "duplicate_field"
  | "forbidden_field"
  | "unknown_field"
  | "missing_field"
  | "wrong_type"
  | "wrong_choice"
  | "wrong_form"
  | "out_of_range"
  | "duplicate_name"
  | "unknown_name"
  | "self_dependency"
  | "cycle"
  | "conflict"
  | "wrong_path"
  | "reserved_variable"
  | "unset_variable"
  | "broken_text"
  | "secret"
  | "unsupported"
  | "unused";

/** A rule that a plan breaks, before its place in the text is known. */
export interface Finding {
  readonly code: ProblemCode;
  /** What it is about. Of a field that is missing, where it would be: what should hold it is then shown. */
  readonly path: PlanPath;
  /** Whether the key or the value is at fault. Default: the value. */
  readonly target?: "key" | "value";
  /** Place in the text, in UTF-16 units, where it is known already. */
  readonly offset?: number;
  /** With `offset`: how long what is at fault is, in UTF-16 units. Default: 1. */
  readonly length?: number | undefined;
  /** What is wrong: one clause, without the place and without a full stop. */
  readonly message: string;
  /** What to do about it. Default: to write what is suggested. */
  readonly hint?: string | undefined;
  /** The name that was probably meant. */
  readonly suggestion?: string | undefined;
  /** Another place that it is about. */
  readonly related?: RelatedFinding | undefined;
}

/** Another place that a problem is about. */
export interface RelatedFinding {
  /** What is there, as in `the first one is` with the place behind it. */
  readonly what: string;
  /** The place as a path, or in UTF-16 units. */
  readonly at: PlanPath | number;
}

/** The line of a text that a problem is in. */
export interface Excerpt {
  /** The line without its end; of a very long one, the part around the fault. */
  readonly line: string;
  /** Whether the line has begun before. */
  readonly isCutBefore?: boolean;
  /** Where in it the fault begins, and how long it is, in UTF-16 units. */
  readonly start: number;
  readonly length: number;
}

/** A rule that a plan breaks, with its place. */
export interface PlanProblem {
  readonly code: ProblemCode;
  /** The file, as the caller named it. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  /** The place as a JSON Pointer (RFC 6901). */
  readonly pointer: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly suggestion?: string | undefined;
  readonly related?: RelatedPlace | undefined;
  /** Absent where the line holds a secret. */
  readonly excerpt?: Excerpt | undefined;
  /** The field that it is about, or that was meant; absent where it is about none. */
  readonly field?: FieldMeaning | undefined;
}

/** Another place that a problem is about. Line and column count from 1. */
export interface RelatedPlace {
  readonly what: string;
  readonly line: number;
  readonly column: number;
}

/** What a field is for. */
export interface FieldMeaning {
  readonly name: string;
  readonly meaning: string;
}

/** How many problems the text of an error lists; the error holds them all. */
const MOST_LISTED = 100;

/** A text that cannot be used, with all its problems. */
export class ProblemsError extends UsageError {
  override readonly name: string = "ProblemsError";
  readonly problems: readonly PlanProblem[];

  /**
   * Takes at least one problem.
   *
   * @param what such as `Cannot use the plan`
   */
  constructor(what: string, problems: readonly PlanProblem[]) {
    const listed = problems.slice(0, MOST_LISTED).map((problem) => `\n  ${formatProblem(problem)}`);
    const more = problems.length - listed.length;
    if (more > 0) listed.push(`\n  and ${more} more`);
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super({ what, where: problems[0]?.path, why: count + listed.join("") });
    this.problems = problems;
  }
}

/** A plan that cannot be used, with all its problems. */
export class PlanError extends ProblemsError {
  override readonly name = "PlanError";

  /** Takes at least one problem. */
  constructor(problems: readonly PlanProblem[]) {
    super("Cannot use the plan", problems);
  }
}

/** A problem as one line: `path:line:column: message; hint`. */
export function formatProblem(problem: PlanProblem): string {
  const hint = problem.hint === undefined ? "" : `; ${problem.hint}`;
  return `${problem.path}:${problem.line}:${problem.column}: ${problem.message}${hint}`;
}

/** The problem without secrets: a value that one message quotes may be a secret by another. */
export function redactProblem(
  { excerpt, ...problem }: PlanProblem,
  redact: (text: string) => string,
): PlanProblem {
  return {
    ...problem,
    ...(excerpt === undefined || redact(excerpt.line) !== excerpt.line ? {} : { excerpt }),
    pointer: redact(problem.pointer),
    message: redact(problem.message),
    ...(problem.hint === undefined ? {} : { hint: redact(problem.hint) }),
    ...(problem.suggestion === undefined ? {} : { suggestion: redact(problem.suggestion) }),
  };
}

/** Longer values are not repeated in a message. */
const LONGEST_QUOTED = 200;

/** A value of the plan in a message: as JSON writes it, on one line and without control characters. */
export function quote(text: string): string {
  // Not a part of it either: redaction may not know half a secret.
  return text.length > LONGEST_QUOTED ? `a text of ${text.length} characters` : JSON.stringify(text);
}

/** A JSON Pointer (RFC 6901). */
export function jsonPointer(path: PlanPath): string {
  return path.map((each) => `/${String(each).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
