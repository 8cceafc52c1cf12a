/** The schemas of what `omk gates status` and `omk gates reset` print. */

import * as z from "zod";
import { objectId, taskId } from "../../log/payloads.ts";

const version = z.literal(1);
const runId = z.string().describe("Id of the run");

/** `omk gates status --json`. */
export const gatesStatusSchema = z.strictObject({
  schema_version: version,
  run_id: runId,
  gates: z.array(z.strictObject({
    gate: z.string(),
    scope: z.enum(["run", "task"]),
    required: z.boolean(),
    breaker: z.enum(["closed", "open", "half_open"])
      .describe("open: the gate waits; half_open: one run of it decides"),
    infra_failures: z.int().min(0).describe(
      "Failures of the machine in a row: time-outs, and commands that do not start",
    ),
    half_open_at: z.string().nullable().describe(
      "When an open breaker lets one run through, on the run clock",
    ),
    runs: z.int().min(0),
    latest: z.strictObject({
      result: z.enum(["running", "passed", "failed", "skipped"]),
      reason: z.string().nullable(),
      task_id: taskId.nullable(),
      tree: objectId.nullable(),
    }).nullable().describe("Null where it has not run"),
  })).describe("The gates of the run, then those that tasks define, in the order of the plan"),
}).describe("How the gates of a run and their circuit breakers stand");

/** `omk gates reset --json`. */
export const gatesResetSchema = z.strictObject({
  schema_version: version,
  run_id: runId,
  gate: z.string().nullable().describe("Null: every gate"),
  answered: z.boolean().describe("False where the controller has not answered within 30 s"),
}).describe("What became of closing breakers");
