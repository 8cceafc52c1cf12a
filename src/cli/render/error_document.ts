/** An error as machines get it on stderr under `--json`. */

import { OmkError, reasonOf } from "../../errors.ts";

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
  };
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
    },
  };
}
