/** What earlier attempts of a task failed with, as a prompt tells it. Pure. */

import { fenced } from "./fenced.ts";

/** A text that shows what went wrong. */
export interface Evidence {
  /** Such as `output of the gate "test"`. */
  readonly what: string;
  readonly text: string;
  /** How many characters of its end are kept. Default: 8000, since the reason mostly stands there. */
  readonly limit?: number;
}

/** An attempt that did not succeed. */
export interface EarlierAttempt {
  readonly attempt: number;
  /** Why it did not, in one clause. */
  readonly reason: string;
  readonly evidence: readonly Evidence[];
}

/** So many of the latest attempts are told; of the others only the last one's evidence would help, and it is the newest. */
const ATTEMPTS_TOLD = 3;
/** See `Evidence.limit`. */
const LONGEST_EVIDENCE = 8_000;

/** The attempts in words; "" where there is none. The evidence of the latest is quoted, of the others only the reason. */
export function earlierText(attempts: readonly EarlierAttempt[]): string {
  const told = attempts.slice(-ATTEMPTS_TOLD);
  return told.map((each, at) => {
    const evidence = at === told.length - 1 ? each.evidence : [];
    return [`Attempt ${each.attempt} ${each.reason}.`, ...evidence.map(quoted)].join("\n\n");
  }).join("\n\n");
}

/** Evidence in a prompt, cut to its limit. */
export function quoted({ what, text, limit = LONGEST_EVIDENCE }: Evidence): string {
  const cut = text.length > limit;
  const kept = cut ? text.slice(-limit) : text;
  return `The ${what}${cut ? `, its last ${limit} characters` : ""}:\n${fenced(kept)}`;
}
