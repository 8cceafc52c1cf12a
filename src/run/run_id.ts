/** Making run ids; `log/run_id.ts` knows their form. */

const CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz";
/** How many suffixes there are in one second. */
const SUFFIXES = CROCKFORD.length ** 4;
/** How far apart the suffixes of two runs of one second may be: far, so that short beginnings tell them apart. */
const STEP = CROCKFORD.length ** 3;
/** How far ahead of the clock the newest run may be for ids to go on from it: clocks are set back by a little. */
const AHEAD_MS = 60_000;

/**
 * A run id for a moment (milliseconds since 1970) and four random bytes. It is greater than `newest`, the greatest
 * id up to now, although both may be of the same second: the newest run is the one with the greatest id.
 */
export function makeRunId(wall: number, random: Uint8Array, newest?: string): string {
  const value = [...random.subarray(0, 4)].reduce((sum, byte) => sum * 32 + byte % 32, 0);
  const id = `${timeText(wall)}-${suffixText(value)}`;
  if (newest === undefined || id > newest || newest > `${timeText(wall + AHEAD_MS)}-`) return id;
  const later = suffixOf(newest) + 1 + value % STEP;
  if (later < SUFFIXES) return `${newest.slice(0, -4)}${suffixText(later)}`;
  return `${timeText(timeOf(newest) + 1_000)}-${suffixText(value)}`;
}

function timeText(wall: number): string {
  const [date, time] = new Date(wall).toISOString().split("T");
  return `${date?.replaceAll("-", "")}-${time?.slice(0, 8).replaceAll(":", "")}`;
}

/** The second that an id names, milliseconds since 1970. */
function timeOf(id: string): number {
  const [year, month, day, hours, minutes, seconds] = /^(....)(..)(..)-(..)(..)(..)/.exec(id)?.slice(1) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`);
}

function suffixText(value: number): string {
  let text = "";
  for (let rest = value; text.length < 4; rest = Math.floor(rest / 32)) text = CROCKFORD[rest % 32] + text;
  return text;
}

function suffixOf(id: string): number {
  return [...id.slice(-4).toLowerCase()].reduce((sum, digit) => sum * 32 + CROCKFORD.indexOf(digit), 0);
}
