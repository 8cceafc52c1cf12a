/**
 * The closed table of event kinds: who may append each, whether `batch` durability syncs it, and
 * the schema of its payload. A kind outside the table cannot be appended to a run's log.
 */

import * as z from "zod";
import {
  artifact,
  attemptNumber,
  attemptOutcome,
  attemptRef,
  changedPaths,
  controllerIdentity,
  eventIndex,
  fencingToken,
  gateEvidence,
  gateRun,
  iterationNumber,
  mark,
  milliseconds,
  objectId,
  processIdentity,
  requester,
  reusableAttempt,
  reusedFrom,
  runStatus,
  runTime,
  sha256Hex,
  storedOutput,
  taskId,
} from "./payloads.ts";

/** Who appends a kind: the controller, any process, or whoever holds the log's lock. */
export type KindClass = "fact" | "request" | "record";

interface KindEntry<S extends z.ZodType> {
  readonly class: KindClass;
  /** Synced under `batch` durability before its effect is visible (the kinds marked S). */
  readonly synced: boolean;
  readonly payload: S;
}

type Shape = Readonly<Record<string, z.ZodType>>;

function fact<const S extends Shape>(shape: S): KindEntry<z.ZodObject<S, z.core.$strict>> {
  return { class: "fact", synced: false, payload: z.strictObject(shape) };
}

function syncedFact<const S extends Shape>(shape: S): KindEntry<z.ZodObject<S, z.core.$strict>> {
  return { class: "fact", synced: true, payload: z.strictObject(shape) };
}

function request<const S extends Shape>(
  shape: S,
): KindEntry<z.ZodObject<S & typeof requester, z.core.$strict>> {
  return { class: "request", synced: false, payload: z.strictObject({ ...shape, ...requester }) };
}

function record<const S extends Shape>(shape: S): KindEntry<z.ZodObject<S, z.core.$strict>> {
  return { class: "record", synced: false, payload: z.strictObject(shape) };
}

/** The request that a fact answers, where it answers one. */
const answers = { request: eventIndex.optional() };
/** The attempt is one of an earlier run, whose work is taken over; its number and token are those of that run. */
const reuse = { reused: reusedFrom.optional() };
/** The iteration of a loop that is kept; absent for what the attempt leaves in the end. */
const iterated = { iteration: iterationNumber.optional() };
const reason = z.string();
/** SHA-256 of the public key that signed a person's verdict, and of the statement that it signed; absent unsigned. */
const signedVerdict = { signed_by: sha256Hex.optional(), statement: sha256Hex.optional() };
const budgetName = z.enum(["time", "attempts", "tokens", "usd"]);
const logHead = z.strictObject({ index: eventIndex, sum: sha256Hex });

const runFacts = {
  run_started: syncedFact({
    incarnation: z.literal(1),
    controller: controllerIdentity,
    name: z.string(),
    plan_digest: sha256Hex,
    /** Null outside a repository. */
    base: z.strictObject({
      commit: objectId,
      tree: objectId,
      /** Full ref name; null where HEAD was detached. */
      branch: z.string().nullable(),
      /** The dirty checkout was committed as the base (`--base dirty`). */
      snapshot: z.boolean(),
    }).nullable(),
    /** Where the plan's paths are relative to: the checkout's root, or the directory outside a repository. */
    directory: z.string(),
    /** `--worktree-dir`; null: the default of the repository. */
    worktree_directory: z.string().nullable(),
    seed: z.string(),
    /** Ids that `--only` or `--from` chose, dependencies included; null: all. */
    selected: z.array(taskId).nullable(),
    settings: z.strictObject({
      workers: z.int().min(1),
      on_failure: z.enum(["continue", "no-new", "kill"]),
      durability: z.enum(["strict", "batch", "none"]),
      gates_detected: z.boolean(),
    }),
    /** Durations of the same tasks in earlier runs, for the order of dispatch. */
    durations: z.array(z.strictObject({ task_id: taskId, ms: milliseconds })),
    containment: z.enum(["cgroup", "pidns", "mark", "group"]),
    /** Whose memory a limit of memory limits: that of all processes of a task, or of each. Absent: there is no limit. */
    memory_limit: z.enum(["task", "process"]).optional(),
    versions: z.strictObject({
      omk: z.string(),
      runtime: z.string(),
      git: z.string().nullable(),
      os: z.string(),
    }),
    /** Author of omk's commits; null outside a repository. */
    identity: z.strictObject({ name: z.string(), email: z.string() }).nullable(),
    case_sensitive: z.boolean(),
    file_system: z.string().nullable(),
    known_gaps: z.array(z.string()),
    /** Entries of a path set: what attempts may change only where their write set names that very path. */
    protected: z.array(z.string()).optional(),
    /** What is taken over of an earlier run, before any task is claimed; each comes after what it depends on. */
    reuse: z.strictObject({
      /** Its outputs are kept with this run. */
      run: z.string(),
      tasks: z.array(reusableAttempt),
    }).optional(),
  }),
  run_resumed: syncedFact({
    incarnation: z.int().min(2),
    controller: controllerIdentity,
    /** The command that took the run over: `resume`, `cancel`, `merge`. */
    by: z.string(),
    containment: z.enum(["cgroup", "pidns", "mark", "group"]).optional(),
    /** A merge of the run's head with a branch that has moved meanwhile; it is the head from now on. */
    onto: z.strictObject({
      branch: z.string(),
      /** The branch's commit and the head that were merged. */
      parents: z.tuple([objectId, objectId]),
      commit: objectId,
      tree: objectId,
    }).nullable(),
  }),
  run_paused: fact({ ...answers, reason }),
  run_unpaused: fact({ ...answers }),
  run_finished: syncedFact({ status: runStatus, exit_code: z.int() }),
  run_accepted: syncedFact({ by: z.string(), reason, ...signedVerdict }),
  run_rejected: syncedFact({ by: z.string(), reason, ...signedVerdict }),
  run_merged: syncedFact({
    branch: z.string(),
    from: objectId.nullable(),
    commit: objectId,
    /** `--anyway`: delivered although the run is not `ready`. */
    anyway: z.boolean(),
  }),
  run_cancelled: syncedFact({ ...answers, reason }),
  run_failed: syncedFact({ reason, detail: z.string() }),
  log_tampered: syncedFact({ at: eventIndex }),
  request_refused: fact({ request: eventIndex, reason }),
  clock_jumped: fact({ wall: z.int().min(0), run: runTime }),
  budget_checkpoint: fact({ budget: budgetName, used: z.number().min(0), limit: z.number().min(0) }),
  budget_exhausted: fact({ budget: budgetName, used: z.number().min(0), limit: z.number().min(0) }),
  budget_extended: fact({ ...answers, budget: budgetName, by: z.number().positive() }),
};

const workerFacts = {
  /** A process has given its first sign of life under this name. */
  worker_started: fact({
    ...answers,
    worker: z.string(),
    process: processIdentity,
    slots: z.int().min(1),
    /** The element that its process adds to OMK_MARK: it finds what an extra worker has started. */
    mark: mark.optional(),
  }),
  worker_stalled: fact({
    worker: z.string(),
    ...attemptRef,
    /** The last sign of progress. */
    since: runTime,
    reason: reason.optional(),
  }),
  worker_dead: fact({ worker: z.string(), reason }),
  worker_recovered: fact({
    worker: z.string(),
    /** The attempt that makes progress again; absent where the worker itself is alive again. */
    attempt: z.strictObject(attemptRef).optional(),
  }),
  worker_stopped: fact({ ...answers, worker: z.string(), reason }),
};

/** The proposal that is answered. */
const proposalRef = {
  /** The attempt that proposed it. */
  proposed_by: z.strictObject(attemptRef).optional(),
  /** Its place among the proposals of that attempt's outcome; absent where a request proposed it. */
  proposal: z.int().min(0).optional(),
};

const taskFacts = {
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
  merge_conflicted: fact({
    ...attemptRef,
    ...reuse,
    head: objectId,
    paths: z.array(z.string()),
    detail: z.string(),
  }),
  task_completed: syncedFact({
    ...attemptRef,
    ...reuse,
    /** The new head of the run; null where the task changed nothing, or works in place. */
    commit: objectId.nullable(),
    tree: objectId.nullable(),
  }),
  task_failed: syncedFact({ ...attemptRef, outcome: attemptOutcome, reason }),
  retry_scheduled: fact({
    ...answers,
    ...attemptRef,
    outcome: attemptOutcome,
    /** `retry` counts against max_attempts; `recovery` and `conflict` have limits of their own. */
    class: z.enum(["retry", "recovery", "conflict"]),
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
  }),
  approval_requested: fact({ ...attemptRef, approval: z.string(), tool: z.string(), detail: z.string() }),
  approval_decided: fact({
    ...answers,
    ...attemptRef,
    approval: z.string(),
    decision: z.enum(["allow", "deny"]),
    reason,
  }),
};

const gateFacts = {
  gate_started: fact(gateRun),
  gate_passed: syncedFact(gateEvidence),
  gate_failed: syncedFact({
    ...gateEvidence,
    reason,
    /** The machine failed, not the gate's judgement: spawn error or time-out. */
    infrastructure: z.boolean(),
  }),
  gate_skipped: fact({
    gate: z.string().min(1),
    scope: z.enum(["run", "task"]),
    required: z.boolean(),
    tree: objectId.nullable(),
    commit: objectId.nullable(),
    task_id: taskId.nullable(),
    reason,
  }),
  /** Intent, and the log head of the proof: its commit ends with this event. */
  proof_writing: fact({ status: runStatus, commit: objectId.nullable(), tree: objectId.nullable() }),
  proof_written: syncedFact({
    status: runStatus,
    head: logHead,
    proof: artifact,
    failure: artifact.nullable(),
    patch: artifact.nullable(),
    /** SHA-256 of the public key that the statements about the proof are signed with; absent where they are not. */
    signed_by: sha256Hex.optional(),
  }),
  proof_attached: fact({ ref: z.string(), commit: objectId }),
};

const requests = {
  /** `task_id` null cancels the run. */
  cancel_requested: request({ task_id: taskId.nullable(), reason }),
  /** `task_id` null: every task that failed. */
  retry_requested: request({ task_id: taskId.nullable(), reason }),
  pause_requested: request({ reason }),
  unpause_requested: request({}),
  answer_given: request({ task_id: taskId, answer: z.string() }),
  approval_given: request({ approval: z.string(), decision: z.enum(["allow", "deny"]), reason }),
  budget_add_requested: request({ budget: budgetName, by: z.number().positive() }),
  worker_joined: request({ worker: z.string(), slots: z.int().min(1), mark: mark.optional() }),
  worker_left: request({ worker: z.string(), reason }),
  /** Answered by `task_started`. */
  attempt_started: request({
    ...attemptRef,
    worker: z.string(),
    body: processIdentity,
    /** Name of the slot; null under `isolation: none`. */
    slot: z.string().nullable().optional(),
  }),
  /** The attempt's processes are dead. Answered by `attempt_pinning`, or by the end of the attempt. */
  attempt_reported: request({ ...attemptRef, worker: z.string(), outcome: attemptOutcome }),
  task_proposed: request({ ...attemptRef, proposal: z.record(z.string(), z.unknown()) }),
};

const records = {
  segment_started: record({ previous: z.string(), sum: sha256Hex }),
  log_repaired: record({
    /** Byte offset of what was removed. */
    offset: z.int().min(0),
    bytes: z.int().min(0),
    sha256: sha256Hex,
    /** File that keeps the removed bytes, beside the log; empty where none were removed. */
    copy: z.string(),
    reason,
  }),
};

/** Every kind of a run's log. */
export const KINDS = { ...runFacts, ...workerFacts, ...taskFacts, ...gateFacts, ...requests, ...records };

/** Name of a kind. */
export type Kind = keyof typeof KINDS;

/** Payload of a kind. */
export type PayloadOf<K extends Kind> = z.infer<typeof KINDS[K]["payload"]>;

/** How an attempt ended, from evidence. */
export type AttemptOutcome = z.infer<typeof attemptOutcome>;

/** Why an attempt ended as it did. */
export type OutcomeResult = AttemptOutcome["result"];

/** The status of a run. */
export type RunStatus = z.infer<typeof runStatus>;

/** A file of the run directory with its digest. */
export type Artifact = z.infer<typeof artifact>;

/** A file that a task made for its dependents. */
export type StoredOutput = z.infer<typeof storedOutput>;

/** Whether a text names a kind of the table. */
export function isKind(text: string): text is Kind {
  return Object.hasOwn(KINDS, text);
}

/** The facts that may follow the last `proof_written`; all else is work that needs a new proof. */
export const ALLOWED_AFTER_PROOF: ReadonlySet<Kind> = new Set([
  "request_refused",
  "result_refused",
  "run_finished",
  "run_accepted",
  "run_rejected",
  "run_merged",
  "proof_attached",
  "run_resumed",
]);
