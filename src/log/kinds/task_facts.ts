/** The facts about tasks and their attempts. */

import * as z from "zod";
import {
  artifact,
  attemptNumber,
  attemptOutcome,
  attemptRef,
  batchNumber,
  changedPaths,
  fencingToken,
  milliseconds,
  objectId,
  processIdentity,
  runTime,
  storedOutput,
  taskId,
} from "../payloads.ts";
import { fact, syncedFact } from "./entry.ts";
import { answers, iterated, reason, reuse } from "./parts.ts";

/** The proposal that is answered. */
const proposalRef = {
  /** The attempt that proposed it. */
  proposed_by: z.strictObject(attemptRef).optional(),
  /** Its place among the proposals of that attempt's outcome; absent where a request proposed it. */
  proposal: z.int().min(0).optional(),
};

/** See the module. */
export const taskFacts = {
  task_claimed: syncedFact({
    task_id: taskId,
    attempt: attemptNumber,
    worker: z.string(),
    lease_expires: runTime,
    /** The run's head at this moment; null under `isolation: none`. */
    base: objectId.nullable(),
  }),
  lease_renewed: fact({ ...attemptRef, lease_expires: runTime }),
  task_started: fact({
    ...attemptRef,
    process: processIdentity,
    /** Name of the slot; null under `isolation: none`. */
    slot: z.string().nullable(),
    /** Path of the output artifact, relative to the run directory. */
    output: z.string(),
  }),
  /** Intent: the body is over, its work will now be pinned with this date. */
  attempt_pinning: fact({
    ...attemptRef,
    slot: z.string(),
    base: objectId,
    date: runTime,
    outcome: attemptOutcome,
    ...iterated,
  }),
  attempt_pinned: syncedFact({
    ...attemptRef,
    /** Null where the tree equals the base's. */
    ref: z.string().nullable(),
    commit: objectId.nullable(),
    tree: objectId,
    changed: changedPaths,
    by_products: z.array(z.strictObject({ top: z.string(), files: z.int().min(0), bytes: z.int().min(0) })),
    /** There were more by-products than were counted. */
    by_products_capped: z.boolean(),
    /** Size of its patch; absent where nobody compares it with others. */
    patch_bytes: z.int().min(0).optional(),
    unpinned: z.array(z.strictObject({ path: z.string(), reason: z.string() })),
    set_aside: z.boolean(),
    /** Paths whose content has the shape of a secret; they stop `omk merge` (P12). */
    secrets: z.array(z.string()),
    ...iterated,
    /** How much of the task's time this and the earlier iterations have taken. */
    spent_ms: milliseconds.optional(),
  }),
  task_finished: syncedFact({ ...attemptRef, outcome: attemptOutcome, outputs: z.array(storedOutput) }),
  /** Intent: the pin will now be merged on this head with this date. */
  merge_started: syncedFact({
    ...attemptRef,
    ...reuse,
    head: objectId,
    base: objectId,
    pin: objectId,
    date: runTime,
  }),
  /** The merge is made; gates judge it before it gets into the head. */
  merge_staged: fact({ ...attemptRef, ...reuse, head: objectId, commit: objectId, tree: objectId }),
  /** The merge waits again: what is staged before it is judged first, or nothing is judged any more. */
  merge_deferred: fact({
    ...attemptRef,
    ...reuse,
    head: objectId,
    /** The paths in which it does not fit on what is staged; absent where that is not the reason. */
    paths: z.array(z.string()).optional(),
  }),
  /** Intent: gates will now judge what is staged, up to this commit. */
  merge_judging: fact({
    batch: batchNumber,
    head: objectId,
    commit: objectId,
    tree: objectId,
    tasks: z.array(taskId),
  }),
  merge_conflicted: fact({
    ...attemptRef,
    ...reuse,
    head: objectId,
    paths: z.array(z.string()),
    detail: z.string(),
    /** What was merged since its base and what it changed itself, in these paths; absent where nothing was kept. */
    diffs: artifact.optional(),
  }),
  task_completed: syncedFact({
    ...attemptRef,
    ...reuse,
    /** The new head of the run; null where the task changed nothing, or works in place. */
    commit: objectId.nullable(),
    tree: objectId.nullable(),
    /** The candidate that completes the task, which was not run itself; attempt and token are the candidate's. */
    picked: taskId.optional(),
  }),
  task_failed: syncedFact({ ...attemptRef, outcome: attemptOutcome, reason }),
  retry_scheduled: fact({
    ...answers,
    ...attemptRef,
    outcome: attemptOutcome,
    /** `retry` counts against max_attempts; `recovery` and `conflict` have limits of their own. */
    class: z.enum(["retry", "recovery", "conflict", "review"]),
    not_before: runTime,
    reason,
  }),
  task_blocked: fact({ task_id: taskId, causes: z.array(taskId), reason }),
  task_waiting: fact({
    ...attemptRef,
    outcome: attemptOutcome,
    on: z.enum(["human", "external"]),
    question: z.string(),
  }),
  task_cancelled: syncedFact({
    ...answers,
    task_id: taskId,
    /** The attempt that was ended for it, where one ran. */
    attempt: attemptNumber.nullable(),
    token: fencingToken.nullable(),
    outcome: attemptOutcome.nullable(),
    reason,
    /** The cancelled tasks that it depends on, where it was cancelled with them. */
    causes: z.array(taskId).optional(),
  }),
  task_reopened: fact({
    ...answers,
    task_id: taskId,
    reason,
    /** What a person answered to the question of the task that waited. */
    answer: z.string().optional(),
  }),
  result_refused: fact({ ...answers, ...attemptRef, reason }),
  /** A proposed task has become one of the run; all that folding needs of it is here. */
  task_accepted: fact({
    ...answers,
    task_id: taskId,
    reason,
    ...proposalRef,
    /** The task in the form of plan.json; what accepts nothing has none. */
    spec: z.record(z.string(), z.unknown()).optional(),
  }),
  task_rejected: fact({
    ...answers,
    /** The id that the proposed task was to have; that of the task that proposed it where it gave none. */
    task_id: taskId,
    ...proposalRef,
    reason,
  }),
  usage_recorded: fact({
    ...attemptRef,
    metric: z.string(),
    amount: z.number().min(0),
    quality: z.enum(["measured", "estimated", "unknown"]),
    /** The model that was used; absent where the agent does not say. */
    model: z.string().optional(),
    /** Who tells the figure: the agent, or the prices of the plan; absent for one that is unknown. */
    source: z.enum(["agent", "prices"]).optional(),
  }),
  approval_requested: fact({
    ...attemptRef,
    approval: z.string(),
    tool: z.string(),
    detail: z.string(),
    /** The shell text that would be run; absent where there is none. */
    command: z.string().optional(),
    /** The paths that would be touched, as the agent says them; absent where it names none. */
    paths: z.array(z.string()).optional(),
    /** Until when a person may answer; absent where the policy decides. */
    expires: runTime.optional(),
  }),
  approval_decided: fact({
    ...answers,
    ...attemptRef,
    approval: z.string(),
    decision: z.enum(["allow", "deny"]),
    reason,
    /** Who decided; `timeout`: nobody did in time. */
    by: z.enum(["policy", "person", "timeout"]).optional(),
  }),
};
