/** Making run ids; `log/run_id.ts` knows their form. */

const CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz";

/** A run id for a moment (milliseconds since 1970) and four random bytes. */
export function makeRunId(wall: number, random: Uint8Array): string {
  const [date, time] = new Date(wall).toISOString().split("T");
  const suffix = [...random.subarray(0, 4)].map((byte) => CROCKFORD[byte % 32]).join("");
  return `${date?.replaceAll("-", "")}-${time?.slice(0, 8).replaceAll(":", "")}-${suffix}`;
}
