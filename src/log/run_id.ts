/** Ids of runs: `YYYYMMDD-HHMMSS-xxxx`, the time in UTC and four characters of Crockford's base 32. */

const RUN_ID = /^\d{8}-\d{6}-(?:[0-9a-hjkmnp-tv-z]{4}|[0-9A-HJKMNP-TV-Z]{4})$/;

/** Whether a text is the id of a run. */
export function isRunId(text: string): boolean {
  return RUN_ID.test(text);
}
