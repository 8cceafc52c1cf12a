/** Lengths of time as a person writes them: a number of seconds, or `2h`, `90m`, `1h30m`, `1.5h`, `2d`. */

/** The texts that name a length of time. */
export const DURATION_PATTERN =
  /^(?=\d)(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?$/;

/** Seconds of a day, an hour, a minute and a second: the groups of the pattern. */
const UNIT_SECS = [86_400, 3_600, 60, 1] as const;

/** The length in seconds; undefined for a text that names none. */
export function durationSecs(value: number | string): number | undefined {
  if (typeof value === "number") return value;
  const groups = DURATION_PATTERN.exec(value)?.slice(1);
  if (groups === undefined) return undefined;
  return UNIT_SECS.reduce((sum, unit, at) => sum + unit * Number(groups[at] ?? 0), 0);
}
