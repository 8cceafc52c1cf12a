/** The schema of what `omk list --json` prints. */

import * as z from "zod";

/** See the module. */
export const listSchema = z.strictObject({
  schema_version: z.literal(1),
  home: z.string().describe("omk's own directory for this repository or directory"),
  runs: z.array(z.strictObject({
    run_id: z.string(),
    name: z.string(),
    standing: z.string().describe(
      "Status of a finished run; else `running`, `paused`, `interrupted`, `unreadable`",
    ),
    started_at: z.iso.datetime().nullable(),
    finished_at: z.iso.datetime().nullable(),
    duration_ms: z.int().min(0),
    tasks_completed: z.int().min(0),
    tasks_total: z.int().min(0).describe("Of those that were selected"),
    merged: z.boolean().describe("Whether `omk merge` has delivered it"),
    error: z.string().nullable().describe("Why the run cannot be read"),
  })).describe("The newest first"),
}).describe("The runs of a repository or directory");
