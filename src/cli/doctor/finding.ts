/** What `omk doctor` finds. */

import { OmkError, reasonOf } from "../../errors.ts";

/**
 * How much a finding matters: `error`: runs cannot start; `warning`: they can, but in part, or not for long, or with a
 * promise less; `note`: good to know.
 */
export type Level = "ok" | "note" | "warning" | "error";

/** One thing that was looked at. */
export interface Finding {
  readonly check: string;
  readonly level: Level;
  /** What was found. */
  readonly found: string;
  /** Why it matters; null where all is well, or `found` says it. */
  readonly why: string | null;
  /** What to do about it; null where there is nothing to do. */
  readonly fix: string | null;
}

/** The findings about one part of the surroundings. */
export interface Area {
  /** `Machine`, `Git`, … */
  readonly title: string;
  readonly findings: readonly Finding[];
}

/** Why a finding matters, and what to do about it. */
export interface Advice {
  readonly why?: string;
  readonly fix?: string;
}

/** A finding. */
export function finding(check: string, level: Level, found: string, { why, fix }: Advice = {}): Finding {
  return { check, level, found, why: why ?? null, fix: fix ?? null };
}

/** An error as a finding, with what the error itself says about what to do. */
export function findingOf(check: string, level: Level, error: unknown): Finding {
  if (!(error instanceof OmkError)) return finding(check, level, reasonOf(error));
  const { what, where, why, fix } = error.detail;
  const place = where === undefined ? "" : ` (${where})`;
  return {
    check,
    level,
    found: `${what}${place}${why === undefined ? "" : `: ${why}`}`,
    why: null,
    fix: fix ?? null,
  };
}
