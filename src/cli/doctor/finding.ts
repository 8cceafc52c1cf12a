/** What `omk doctor` finds. */

import { OmkError, reasonOf } from "../../errors.ts";

/**
 * How much a finding matters: `problem`: omk does not work here; `warning`: it works in part, or will not for long;
 * `note`: good to know.
 */
export type Level = "ok" | "note" | "warning" | "problem";

/** One thing that was looked at. */
export interface Finding {
  readonly check: string;
  readonly level: Level;
  /** What was found. */
  readonly found: string;
  /** What to do about it; null where there is nothing to do. */
  readonly fix: string | null;
}

/** A finding. */
export function finding(check: string, level: Level, found: string, fix: string | null = null): Finding {
  return { check, level, found, fix };
}

/** An error as a finding, with what the error itself says about what to do. */
export function findingOf(check: string, level: Level, error: unknown): Finding {
  if (!(error instanceof OmkError)) return finding(check, level, reasonOf(error));
  const { what, where, why, fix } = error.detail;
  const place = where === undefined ? "" : ` (${where})`;
  return finding(check, level, `${what}${place}${why === undefined ? "" : `: ${why}`}`, fix ?? null);
}
