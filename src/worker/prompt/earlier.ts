/** What earlier attempts of a task failed with, as a prompt tells it. Pure. */

/** A text that shows what went wrong. */
export interface Evidence {
  /** Such as `output of the gate "test"`. */
  readonly what: string;
  readonly text: string;
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
/** Of one piece of evidence, so many characters are kept: its end, where the reason mostly stands. */
const LONGEST_EVIDENCE = 8_000;

/** The attempts in words; "" where there is none. The evidence of the latest is quoted, of the others only the reason. */
export function earlierText(attempts: readonly EarlierAttempt[]): string {
  const told = attempts.slice(-ATTEMPTS_TOLD);
  return told.map((each, at) => {
    const evidence = at === told.length - 1 ? each.evidence : [];
    return [`Attempt ${each.attempt} ${each.reason}.`, ...evidence.map(quoted)].join("\n\n");
  }).join("\n\n");
}

function quoted({ what, text }: Evidence): string {
  const cut = text.length > LONGEST_EVIDENCE;
  const kept = cut ? text.slice(-LONGEST_EVIDENCE) : text;
  // Nothing that stands in it can end the quotation.
  const longest = Math.max(2, ...[...kept.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `The ${what}${
    cut ? `, its last ${LONGEST_EVIDENCE} characters` : ""
  }:\n${fence}\n${kept.trimEnd()}\n${fence}`;
}
