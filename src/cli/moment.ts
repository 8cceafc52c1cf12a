/** Moments as a person writes them: a time, or how long ago. */

import { UsageError } from "../errors.ts";
import { durationSecs } from "../plan/duration.ts";
import type { OptionSpec } from "./command.ts";

/** The options that choose by time. */
export const MOMENT_OPTIONS: readonly OptionSpec[] = [
  {
    name: "since",
    type: "string",
    placeholder: "TIME",
    description: "From this time on: 2026-11-20T23:50 (UTC), or 10m for ten minutes ago",
  },
  { name: "until", type: "string", placeholder: "TIME", description: "Up to this time" },
];

/**
 * A moment in milliseconds since 1970, from a time or from how long before `now` it was. A time without a zone is UTC.
 *
 * @throws {UsageError} for a text that is none; `option` is the option that holds it.
 */
export function momentOf(option: string, text: string, now: number): number {
  const ago = durationSecs(text);
  if (ago !== undefined) return now - ago * 1000;
  const hasTime = /^\d{4}-\d\d-\d\d[T ]/.test(text);
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text);
  const moment = Date.parse(hasTime && !hasZone ? `${text}Z` : text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(moment)) return moment;
  throw new UsageError({
    what: `Option --${option} needs a time`,
    why: `"${text}" is none`,
    fix: "give one such as 2026-11-20T23:50, 2026-11-20, or 10m for ten minutes ago",
  });
}
