/** The schema of what `omk status --json` prints. */

import * as z from "zod";
import {
  attemptOutcome,
  attemptRef,
  eventIndex,
  fencingToken,
  objectId,
  reusedFrom,
  runStatus,
  runTime,
  storedOutput,
  taskId,
} from "../../log/payloads.ts";
import { taskStatus } from "../../proof/schema.ts";
import { STATUS_VERSION } from "../render/status_document.ts";

const count = z.int().min(0);
const milliseconds = z.int().min(0);

/** A task as the log folds it. */
export const taskState = z.strictObject({
  id: taskId,
  state: taskStatus,
  attempt: count.describe("Number of the latest attempt; 0 before the first"),
  owner: z.string().nullable(),
  token: fencingToken.nullable(),
  lease_expires: runTime.nullable(),
  not_before: runTime.nullable(),
  retry_count: count,
  recovery_count: count,
  conflict_count: count,
  base: objectId.nullable(),
  pin: objectId.nullable(),
  commit: objectId.nullable(),
  created_at: runTime,
  started_at: runTime.nullable(),
  completed_at: runTime.nullable(),
  ready_since: runTime.nullable(),
  reason: z.string().nullable().describe("Why it is in this state, for people"),
  waiting_on: z.enum(["human", "external", "budget"]).nullable(),
  causes: z.array(taskId).describe("The tasks that block it"),
  outputs: z.array(storedOutput),
  outcome: attemptOutcome.nullable().describe("Evidence of the latest attempt that ended"),
  stage: z.enum(["body", "pinning", "pinned"]).nullable(),
  pin_date: runTime.nullable(),
  slot: z.string().nullable(),
  process: z.looseObject({ pid: z.int(), pgid: z.int() }).nullable(),
  cancel_request: eventIndex.nullable(),
  cancel_reason: z.string().optional().describe("Why it is to be cancelled while it is at work"),
  stalled: z.strictObject({ since: runTime, reason: z.string() }).optional()
    .describe("Since when the current attempt makes no progress; absent while it does"),
  lost_by: z.string().optional()
    .describe("The worker that lost its latest attempt, until the next one is claimed"),
  conflict: z.strictObject({ head: objectId, paths: z.array(z.string()), diffs: z.string() }).optional()
    .describe(
      "The latest conflict of its work: the head that it did not fit on, and the file with both sides' changes",
    ),
  picked: z.strictObject({ task_id: taskId, token: fencingToken }).optional()
    .describe("The candidate that was picked for it; absent while none is, and where there are none"),
  patch_bytes: count.optional().describe(
    "Size of the patch of its latest attempt, where that is compared with others",
  ),
  passed_reviews: z.array(z.strictObject({ review: taskId, token: fencingToken })).optional()
    .describe("The reviews that have passed its attempts, with the token of the attempt"),
  review_count: count.optional().describe("How often reviews have sent it back; absent: never"),
  reused: reusedFrom.optional().describe("The attempt of an earlier run whose work was taken over"),
  proposed_by: z.strictObject({ ...attemptRef, depth: z.int().min(1) }).optional()
    .describe("The attempt that proposed the task; absent where the plan holds it"),
  answer: z.string().optional().describe("The latest answer to a question of the task"),
  usage: z.record(z.string(), z.number()).optional().describe("What its attempts have used, by metric"),
  budget_added: z.record(z.string(), z.number()).optional().describe("What was added to its own budget"),
  loop: z.strictObject({
    iteration: z.int().min(1),
    base: objectId.nullable(),
    since: runTime,
    pin: objectId.nullable(),
    tree: objectId.nullable(),
    spent_ms: milliseconds,
    verdict: z.enum(["passed", "failed"]).nullable(),
    gate_output: z.string().nullable(),
  }).optional().describe("The iteration of its loop that was kept last"),
});

/** A run as its log folds it. */
export const runRecord = z.looseObject({
  run_id: z.string(),
  next_index: count.describe("How many events the log has"),
  last_ts: runTime,
  phase: z.enum(["new", "active", "finished"]),
  incarnation: count.describe("How many omk processes have worked on the run, one after the other"),
  name: z.string(),
  plan_digest: z.string(),
  directory: z.string().describe("What the plan's paths are relative to"),
  base: z.looseObject({
    commit: objectId,
    tree: objectId,
    branch: z.string().nullable(),
    snapshot: z.boolean(),
  })
    .nullable(),
  head: z.looseObject({ commit: objectId, tree: objectId }).nullable(),
  selected: z.array(taskId).nullable(),
  paused: z.boolean(),
  violations: z.array(z.strictObject({ index: eventIndex, why: z.string() })),
});

const activeTask = z.strictObject({
  task_id: taskId,
  state: taskStatus,
  attempt: z.int().min(1),
  worker: z.string().nullable().describe("The extra worker that does it; null: the run's own omk process"),
  iteration: z.int().min(1).optional().describe("Of its loop"),
  started_at: z.iso.datetime().nullable(),
  elapsed_ms: milliseconds,
  slot: z.string().nullable(),
  last_line: z.string().nullable().describe("The last line that it printed"),
});

const verdict = z.enum(["healthy", "stalled", "dead", "unknown"]);

const workerStanding = z.strictObject({
  worker: z.string(),
  verdict: z.enum([...verdict.options, "stopped"]),
  reason: z.string().nullable().describe("Why, for people; null where it is healthy"),
  pid: z.int(),
  slots: z.int().min(1).describe("How many attempts it takes at once"),
  heartbeat_at: z.iso.datetime().nullable(),
  tasks: z.array(z.strictObject({
    task_id: taskId,
    attempt: z.int().min(1),
    verdict,
    reason: z.string().nullable(),
    stalled_since: z.iso.datetime().nullable().describe("Null where it makes progress"),
    output_bytes: count,
    cpu_ms: z.number().min(0).nullable().describe("Null where it could not be measured"),
    last_line: z.string().nullable().describe("The last line that it printed, finished or not"),
  })).describe("The attempts in its hands, as its heartbeat tells of them"),
});

const gateStanding = z.strictObject({
  gate: z.string(),
  required: z.boolean(),
  result: z.enum(["running", "passed", "failed", "skipped", "not_run"]),
  reason: z.string().nullable(),
});

/** See the module. */
export const statusSchema = z.strictObject({
  schema_version: z.literal(STATUS_VERSION),
  run_id: z.string(),
  name: z.string(),
  standing: z.enum(["running", "paused", "interrupted", ...runStatus.options])
    .describe("The status of a finished run; `interrupted`: not finished, and its omk process is gone"),
  status: runStatus.nullable().describe("Null while the run is not finished"),
  exit_code: z.int().nullable(),
  controlled: z.boolean().describe("Whether a living omk process works on the run"),
  directory: z.string().describe("The files of the run"),
  started_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
  elapsed_ms: milliseconds.describe("Until now, the end, or the last event of an interrupted run"),
  counts: z.strictObject({
    selected: count,
    pending: count,
    claimed: count,
    running: count,
    finished: count,
    completed: count,
    failed: count,
    cancelled: count,
    blocked: count,
    waiting: count,
  }).describe("Selected tasks, and how many of them are in each state"),
  active: z.array(activeTask),
  workers: z.array(workerStanding).describe(
    "Signs of life, by the latest heartbeats; empty for a finished run",
  ),
  gates: z.array(gateStanding).describe("Gates of the run on the tree that would be delivered now"),
  next: z.array(z.string()).describe("Commands that go on from here"),
  run: runRecord.describe("The run as its log folds it"),
  tasks: z.array(taskState).describe("The tasks as the log folds them, in the order of the plan"),
}).describe("How a run stands");
