/** The schemas of what the commands on log files print: `omk log append`, and `verify` and `stats` with `--json`. */

import * as z from "zod";
import { sha256Hex } from "../../log/payloads.ts";
import { LOG_EXIT_CODES } from "../log_exit_code.ts";

const count = z.int().min(0);
const head = z.strictObject({ index: z.int().min(-1), sum: sha256Hex });
const damage = z.strictObject({
  line: z.int().min(1),
  offset: count.describe("In bytes"),
  why: z.string(),
  segment: z.string().optional().describe(
    "Name of the file of line and offset, where it is not the log's own",
  ),
});

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
  head: head.describe("The end of these commits"),
  at: damage.nullable().describe("What is wrong and where; null if the log is verified"),
  exit_code: z.union(Object.values(LOG_EXIT_CODES).map((code) => z.literal(code))),
}).describe("Whether a log is as its writers wrote it");

/** What `omk log repair --json` prints. */
export const logRepairSchema = z.strictObject({
  schema_version: z.literal(1),
  path: z.string(),
  repaired: z.boolean().describe("False if there was nothing to do, or there is damage"),
  poisoned: z.string().nullable().describe("Why it refused appends; null if it did not, or is damaged"),
  events: count.describe("Of the log as it is now; of a damaged one, those that are whole"),
  commits: count,
  head: head.describe("The end of these commits"),
  removed: z.strictObject({
    offset: count.describe("Where it stood, in bytes"),
    bytes: count,
    copy: z.string().describe("The file beside the log that keeps it"),
  }).nullable().describe("What did not verify, and was cut off"),
  damage: damage.nullable().describe("What is left as it was, as no failed write explains it"),
  exit_code: z.union([z.literal(LOG_EXIT_CODES.verified), z.literal(LOG_EXIT_CODES.corrupt)]),
}).describe("What the repair of a log has done");

/** What `omk log salvage --json` prints. */
export const logSalvageSchema = z.strictObject({
  schema_version: z.literal(1),
  path: z.string(),
  copy: z.string().describe("The file that was written"),
  bytes: count,
  events: count,
  commits: count,
  head: head.describe("The end of the copy"),
  stopped: z.strictObject({
    verdict: z.enum(["torn", "corrupt"]),
    path: z.string().describe("The log, or the segment of it"),
    line: z.int().min(1),
    offset: count.describe("In bytes"),
    why: z.string(),
  }).nullable().describe("Where the copy ends before the log does; null if all of the log is in it"),
  exit_code: z.union(
    [LOG_EXIT_CODES.verified, LOG_EXIT_CODES.torn, LOG_EXIT_CODES.corrupt].map((code) => z.literal(code)),
  ),
}).describe("What was salvaged of a log");

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
