/** The schemas of what the commands print that ask a run for something, or change what is there. */

import * as z from "zod";
import { attemptRef, runTime } from "../../log/payloads.ts";

const runId = z.string().describe("Id of the run");
const answered = z.boolean().describe("Whether the run has answered; if not, the request stands in its log");
const version = z.literal(1);

const openApproval = z.strictObject({
  ...attemptRef,
  approval: z.string().describe("Its name in the run"),
  tool: z.string().describe("What the agent wants to do"),
  detail: z.string().describe("In the words of the agent"),
  command: z.string().optional(),
  paths: z.array(z.string()).optional(),
  since: runTime,
  expires: runTime.describe("When the answer is no, milliseconds since 1970"),
});

/** `omk answer --json`. */
export const answerSchema = z.strictObject({
  schema_version: version,
  run_id: runId,
  task_id: z.string(),
  answered,
}).describe("What became of an answer");

/** `omk approve --json`: an answer, or without an id all that waits. */
export const approveSchema = z.union([
  z.strictObject({
    schema_version: version,
    run_id: runId,
    approval: z.string().describe("Its name in the run"),
    decision: z.enum(["allow", "deny"]),
    answered,
  }),
  z.strictObject({
    schema_version: version,
    run_id: runId,
    open: z.array(openApproval).describe("What waits for an answer"),
  }),
]).describe("What became of an approval, or what waits for one");

/** `omk budget add --json`. */
export const budgetAddSchema = z.strictObject({
  schema_version: version,
  run_id: runId,
  budget: z.enum(["time", "attempts", "tokens", "usd"]),
  by: z.number().positive().describe("Seconds, attempts, tokens or US dollars"),
  task_id: z.string().optional().describe("The task whose own budget it is; absent: that of the run"),
  answered,
}).describe("What became of an addition to a budget");

/** `omk cancel --json`. */
export const cancelSchema = z.strictObject({
  schema_version: version,
  run_id: runId,
  task_id: z.string().nullable().describe("Null: the whole run"),
  cancelled: z.boolean().describe("False where it has not ended within 30 s; it goes on ending"),
}).describe("What became of a cancellation by another process; where nobody conducts the run, its events");

/** `omk pause --json` and `omk unpause --json`. */
export const pauseSchema = z.strictObject({
  schema_version: version,
  run_id: runId,
  request: z.enum(["pause", "unpause"]),
  answered,
}).describe("What became of a pause or its end");

/** `omk retry --json` where the run goes on; where it has ended, its events are printed. */
export const retrySchema = z.strictObject({
  schema_version: version,
  run_id: runId,
  tasks: z.array(z.string()).describe("Empty: every task that failed"),
  answered,
}).describe("What became of a retry in a run that goes on; in one that has ended, its events");

/** `omk run --detach --json` and `omk resume --detach --json`. */
export const detachSchema = z.strictObject({
  schema_version: version,
  run_id: runId,
  pid: z.int().describe("The omk process that conducts the run"),
  output: z.string().describe("The file with what it prints"),
  next: z.array(z.string()).describe("Commands to go on with"),
}).describe("A run that goes on in the background");

/** `omk init --json`. */
export const initSchema = z.strictObject({
  schema_version: version,
  path: z.string().describe("The plan that was written"),
  gates: z.array(z.string()).describe("Names of the gates in it"),
  notes: z.array(z.string()),
  next: z.array(z.string()).describe("Commands to go on with"),
}).describe("What omk init wrote");

/** `omk merge --json`. */
export const mergeSchema = z.strictObject({
  schema_version: version,
  run_id: runId,
  branch: z.string().describe("Full name of the branch that was delivered to"),
  from: z.string().describe("The commit that it was at"),
  to: z.string().describe("The commit that it is at now"),
  checkout: z.string().nullable().describe("The checkout whose files were updated"),
  merged: z.boolean().describe("Whether the branch had moved, so that it was merged with and checked again"),
  unchanged: z.boolean().describe("Whether the branch held the run already"),
}).describe("What was delivered");

const loses = z.string().nullable().describe("What is nowhere else");

/** `omk clean --json`. */
export const cleanSchema = z.strictObject({
  schema_version: version,
  dry_run: z.boolean().describe("Whether nothing was removed"),
  runs: z.array(z.strictObject({
    run_id: runId,
    standing: z.string(),
    ended_at: z.iso.datetime().nullable(),
    loses,
  })).describe("Runs to remove"),
  slots: z.array(z.strictObject({
    directory: z.string(),
    name: z.string(),
    state: z.enum(["free", "held", "set_aside"]),
    run_id: z.string().nullable(),
    loses,
  })).describe("Worktrees to remove"),
  leftovers: z.array(z.string()),
  kept: z.array(z.strictObject({ kind: z.enum(["run", "worktree"]), name: z.string(), why: z.string() })),
  removals: z.array(z.strictObject({
    kind: z.string(),
    name: z.string(),
    removed: z.boolean(),
    detail: z.string().nullable(),
  })),
}).describe("What omk clean removes and what it keeps");
