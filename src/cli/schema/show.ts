/** The schema of what `omk show --json` prints: of a run, or of one task. */

import * as z from "zod";
import { KINDS } from "../../log/kinds.ts";
import { attemptOutcome, fencingToken, objectId, taskId } from "../../log/payloads.ts";
import { runRecord, taskState } from "./status.ts";

const gateRuns = z.array(z.discriminatedUnion("result", [
  KINDS.gate_passed.payload.extend({ result: z.literal("passed") }),
  KINDS.gate_failed.payload.extend({ result: z.literal("failed") }),
]));

const attempt = z.strictObject({
  task_id: taskId,
  attempt: z.int().min(1),
  token: fencingToken,
  worker: z.string(),
  base: objectId.nullable().describe("The commit that it began on"),
  claimed_at: z.iso.datetime(),
  started_at: z.iso.datetime().nullable(),
  ended_at: z.iso.datetime().nullable(),
  slot: z.string().nullable(),
  pid: z.int().nullable(),
  output: z.string().nullable().describe("Path of the output, relative to the run's directory"),
  outcome: attemptOutcome.nullable().describe("Evidence of the body's end"),
  pin: KINDS.attempt_pinned.payload.nullable().describe("What was kept of its work"),
  iterations: z.array(KINDS.attempt_pinned.payload).describe(
    "What each iteration of a loop left, oldest first",
  ),
  end: z.strictObject({
    result: z.enum(["completed", "failed", "repeated", "waiting", "cancelled"])
      .describe("`repeated`: another attempt follows"),
    reason: z.string().nullable(),
  }).nullable(),
  commit: objectId.nullable().describe("The head of the run that first held its work"),
  conflicts: z.array(z.strictObject({
    head: objectId,
    paths: z.array(z.string()),
    diffs: z.string().optional().describe(
      "File with both sides' changes of these paths, relative to the run's directory",
    ),
  })),
  gates: gateRuns,
  reviews: z.array(KINDS.task_reviewed.payload.omit({ task_id: true, attempt: true, token: true })).describe(
    "What reviews said of it, in the order of the log",
  ),
});

const identity = {
  schema_version: z.literal(1),
  run_id: z.string(),
  standing: z.string().describe("The status of a finished run, or running, paused or interrupted"),
};

/** See the module. */
export const showSchema = z.union([
  z.strictObject({
    ...identity,
    directory: z.string().describe("The files of the run"),
    started: KINDS.run_started.payload.nullable().describe("Payload of run_started"),
    run: runRecord.describe("The run as its log folds it"),
    plan: z.looseObject({ name: z.string(), tasks: z.array(z.looseObject({ id: taskId })) })
      .describe("The plan as it was pinned, with every default"),
    tasks: z.array(taskState.extend({ attempts: z.array(attempt) })),
    gates: gateRuns.describe("Runs of gates of scope `run`"),
  }),
  z.strictObject({
    ...identity,
    spec: z.looseObject({ id: taskId }).describe("The task as the plan has it, with every default"),
    task: taskState.describe("The task as the log folds it"),
    attempts: z.array(attempt).describe("The first one first"),
  }),
]).describe("All about a run or a task");
