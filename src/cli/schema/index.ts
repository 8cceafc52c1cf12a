/** The schema of what `omk index --json` prints. */

import * as z from "zod";

const count = z.int().min(0);

/** See the module. */
export const indexSchema = z.strictObject({
  schema_version: z.literal(1),
  path: z.string().describe("The SQLite database"),
  rebuilt: z.boolean(),
  runs: count.describe("In the index now"),
  events: count.describe("In the index now"),
  bytes: count.describe("Size of the database"),
  runs_read: count.describe("Runs whose logs had something new"),
  events_read: count.describe("Events that were added"),
  runs_removed: count.describe("Runs that were forgotten, since they are not there any more"),
  duration_ms: count,
  problems: z.array(z.strictObject({ run_id: z.string(), why: z.string() })).describe(
    "Logs that could not be read to their end; what stands before the problem is in the index",
  ),
}).describe("How the index of all runs stands");
