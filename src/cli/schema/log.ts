/** The schemas of what the commands on log files print: `omk log append`, and `verify` and `stats` with `--json`. */

import * as z from "zod";
import { sha256Hex } from "../../log/payloads.ts";
import { LOG_EXIT_CODES } from "../log_exit_code.ts";

const count = z.int().min(0);

/** An answer of `omk log append`: one for each line that is not empty, in their order. */
export const logAppendSchema = z.union([
  z.strictObject({ index: count, id: z.uuid() }).describe("The line was appended as this event"),
  z.strictObject({
    line: z.int().min(1).describe("Number of the line on stdin"),
    error: z.string().describe("Why it was not appended"),
  }),
]).describe("What became of one line: one line on stdout, in the order of stdin");

/** What `omk log verify --json` prints. */
export const logVerifySchema = z.strictObject({
  schema_version: z.literal(1),
  path: z.string(),
  verdict: z.enum(["verified", "torn", "corrupt", "poisoned", "unreadable"]),
  events: count.describe("Of whole commits that are vouched for, from the beginning of the log on"),
  commits: count,
  head: z.strictObject({ index: z.int().min(-1), sum: sha256Hex }).describe("The end of these commits"),
  at: z.strictObject({
    line: z.int().min(1),
    offset: count.describe("In bytes"),
    why: z.string(),
  }).nullable().describe("What is wrong and where; null if the log is verified"),
  exit_code: z.union(Object.values(LOG_EXIT_CODES).map((code) => z.literal(code))),
}).describe("Whether a log is as its writers wrote it");

const place = z.strictObject({ index: count, ts: z.iso.datetime() });

/** What `omk log stats --json` prints. */
export const logStatsSchema = z.strictObject({
  schema_version: z.literal(1),
  path: z.string(),
  format: z.enum(["omk", "omk-0.5", "omne", "harn", "harn-topic"]).describe("Which system wrote the log"),
  bytes: count,
  total_lines: count,
  valid_events: count,
  parse_failures: count.describe("Lines that are no events"),
  empty_lines: count,
  uncommitted_lines: count.describe("Events of a commit without an end: a writer died, or is at it"),
  first: place.nullable(),
  last: place.nullable(),
  runs: count.describe("How many runs (of other systems: sessions) the events belong to"),
  kinds: z.record(z.string(), count).describe("Events of each kind"),
}).describe("What is in a log, in numbers");
