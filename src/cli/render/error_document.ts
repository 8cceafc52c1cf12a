/** An error as machines get it on stderr under `--json`. */

import { OmkError, reasonOf } from "../../errors.ts";
import { type PlanProblem, ProblemsError } from "../../plan/problem.ts";

/** The shape of the document. */
export interface ErrorDocument {
  readonly error: {
    /** Name of the error's class, such as `PlanError`. */
    readonly code: string;
    readonly message: string;
    readonly what: string;
    readonly where: string | null;
    readonly why: string | null;
    readonly fix: string | null;
    readonly exit_code: number;
    /** What is wrong with the plan or the configuration, where that is the error. */
    readonly problems?: readonly ErrorProblem[];
  };
}

/** One problem of a text. Lines and columns count from 1. */
export interface ErrorProblem {
  /** What kind of problem it is, such as `unknown_field`. */
  readonly code: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** JSON Pointer (RFC 6901) of the place in the plan. */
  readonly pointer: string;
  readonly message: string;
  /** What to do about it. */
  readonly hint: string | null;
  /** The name that was probably meant. */
  readonly suggestion: string | null;
  /** The field that it is about, or that was meant. */
  readonly field: string | null;
  /** What the field is for. */
  readonly meaning: string | null;
  /** Another place that it is about. */
  readonly related: { readonly what: string; readonly line: number; readonly column: number } | null;
}

/** The document for whatever was thrown. */
export function errorDocument(error: unknown, exitCode: number): ErrorDocument {
  const detail = error instanceof OmkError ? error.detail : { what: reasonOf(error) };
  return {
    error: {
      code: error instanceof Error ? error.name : "Error",
      message: reasonOf(error),
      what: detail.what,
      where: detail.where ?? null,
      why: detail.why ?? null,
      fix: detail.fix ?? null,
      exit_code: exitCode,
      ...(error instanceof ProblemsError ? { problems: error.problems.map(problemDocument) } : {}),
    },
  };
}

function problemDocument(problem: PlanProblem): ErrorProblem {
  const { code, path, line, column, pointer, message, hint, suggestion, field, related } = problem;
  return {
    code,
    file: path,
    line,
    column,
    pointer,
    message,
    hint: hint ?? null,
    suggestion: suggestion ?? null,
    field: field?.name ?? null,
    meaning: field?.meaning ?? null,
    related: related ?? null,
  };
}
