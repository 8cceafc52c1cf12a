/** UUID version 7 (RFC 9562): ids of events, in the order in which one process makes them. */

/** Makes the next id. */
export type IdSource = () => string;

/** The largest value of the 12-bit counter behind the version digit. */
const COUNTER_MAX = 0xfff;

/**
 * A source of ids that sort in the order of creation, also within a millisecond and when the clock goes back.
 *
 * @param now milliseconds since 1970
 * @param random a UUID version 4, whose random bits are used
 */
export function createUuid7(
  now: () => number = () => Date.now(),
  random: () => string = () => crypto.randomUUID(),
): IdSource {
  let last = -1;
  let time = "";
  let counter = 0;
  return () => {
    const bits = random();
    const ms = now();
    if (ms > last || counter === COUNTER_MAX) {
      last = Math.max(ms, last + 1);
      const hex = last.toString(16).padStart(12, "0");
      time = `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
      // The upper half stays free, so that a busy millisecond has room to count.
      counter = Number.parseInt(bits.slice(15, 18), 16) >> 1;
    } else {
      counter++;
    }
    return time + counter.toString(16).padStart(3, "0") + bits.slice(18);
  };
}
