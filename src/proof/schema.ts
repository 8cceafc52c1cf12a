/** The formats `proof.json` and `failure.json`, version 1. */

import * as z from "zod";
import {
  attemptNumber,
  eventIndex,
  fencingToken,
  lostTest,
  milliseconds,
  objectId,
  outcomeResult,
  planLock,
  reviewFinding,
  reviewRound,
  runStatus,
  sha256Hex,
  taskId,
} from "../log/payloads.ts";

/** The version of both formats that this omk writes. */
export const PROOF_VERSION = 1;

const status = runStatus.describe(
  "What the run has come to. Only `ready` is proved: all tasks completed, and every required gate passed on exactly the tree that is delivered",
);

const digestedFile = z.strictObject({
  path: z.string().describe("Relative to the run's directory"),
  bytes: z.int().min(0),
  sha256: sha256Hex,
});

const failedItem = z.strictObject({
  kind: z.enum(["task", "gate"]),
  name: z.string(),
  required: z.boolean().describe("Whether it keeps the run from `ready`"),
  reason: z.string(),
});

const openItem = z.strictObject({ what: z.string(), reason: z.string() });

const personItem = z.strictObject({
  task_id: taskId.nullable(),
  what: z.string().describe("The question, or what is to be looked at"),
});

const change = z.enum(["added", "modified", "deleted"]);

const changed = z.strictObject({
  paths: z.array(z.strictObject({
    path: z.string(),
    change,
    tasks: z.array(taskId).describe("The tasks that changed it, in the order of their merges"),
  })).describe("What the merged tasks changed, compared with the base; sorted by path"),
  complete: z.boolean().describe("False where a task changed more paths than its events list"),
});

const tests = z.strictObject({
  base: objectId.describe("The tree that the run started from"),
  head: objectId.describe("The tree whose tests were compared with those of the base"),
  reports: z.array(z.strictObject({
    gate: z.string(),
    base: z.string().describe("The tests that the gate reported of the base, among the artifacts"),
    head: z.string().describe("The tests that the gate reported of the head, among the artifacts"),
    from: z.string().nullable().describe("The earlier run that ran the gate at the base; null: this one"),
  })).describe("Where a gate reported its tests of both trees; elsewhere the patch is looked at"),
  lost: z.array(lostTest).describe("Tests that were deleted or are not run any more; at most 200 are listed"),
  lost_count: z.int().min(0),
  accepted_by: z.string().nullable().describe("Who accepted that they are lost"),
});

const review = z.strictObject({
  task_id: taskId.describe("The task that was reviewed"),
  attempt: attemptNumber,
  review: taskId.describe("The review"),
  review_attempt: attemptNumber,
  round: reviewRound,
  verdict: z.enum(["passed", "blocked"]).describe("`blocked`: the attempt was not merged"),
  findings: z.array(reviewFinding),
});

const gateEntry = z.strictObject({
  name: z.string(),
  scope: z.enum(["run", "task"]),
  task_id: taskId.nullable(),
  required: z.boolean(),
  allow_fail: z.boolean(),
  definition: sha256Hex.describe("SHA-256 of the canonical JSON of the gate's definition in the plan"),
  result: z.enum(["passed", "failed", "skipped", "not_run"])
    .describe("Of the latest run; for gates of scope `run`, of the latest on the delivered tree"),
  reason: z.string().nullable(),
  tree: objectId.nullable(),
  commit: objectId.nullable(),
  runs: z.int().min(0).describe("How often it ran, on whatever tree"),
  flaky: z.literal(true).optional().describe("It passed on a tree on which it had failed before"),
  run_number: z.int().min(1).nullable(),
  exit_code: z.int().nullable(),
  timed_out: z.boolean(),
  duration_ms: milliseconds.nullable(),
  output: z.string().nullable().describe("Its log, among the artifacts"),
  untracked: z.array(z.string()).describe("What it left beside the tree; removed afterwards"),
  counts: z.strictObject({ tests: z.int().min(0), failures: z.int().min(0), skipped: z.int().min(0) })
    .nullable(),
  tests: z.string().optional().describe("The tests that its JUnit reports list, among the artifacts"),
  reports: z.array(z.string()).optional().describe("The SARIF logs that it wrote, among the artifacts"),
});

/** Where a task can stand. */
export const taskStatus = z.enum([
  "pending",
  "claimed",
  "running",
  "finished",
  "completed",
  "failed",
  "cancelled",
  "blocked",
  "waiting",
]);

const taskEntry = z.strictObject({
  id: taskId,
  state: taskStatus,
  selected: z.boolean(),
  isolation: z.enum(["worktree", "none"]),
  attempts: z.int().min(0),
  commit: objectId.nullable().describe("The head of the run that first held its work"),
  duration_ms: milliseconds.nullable().describe("Of all its attempts; null where there was none"),
  reason: z.string().nullable(),
});

const usage = z.strictObject({
  metric: z.string().describe("`run_ms`, `task_ms`, `gate_ms`, or what an agent reported"),
  amount: z.number().min(0).nullable().describe("Null where it is unknown"),
  quality: z.enum(["measured", "estimated", "unknown"]),
});

/** The schema of `proof.json`. */
export const proofSchema = z.strictObject({
  version: z.literal(PROOF_VERSION),
  run_id: z.string(),
  name: z.string(),
  status,
  summary: z.string(),
  merge: z.strictObject({ allowed: z.boolean(), reason: z.string() })
    .describe("Whether `omk merge` delivers the head without `--anyway`"),
  attempted: z.array(taskId),
  changed,
  passed: z.strictObject({ tasks: z.array(taskId), gates: z.array(z.string()) }),
  failed: z.array(failedItem),
  not_tested: z.array(openItem),
  needs_a_person: z.array(personItem),
  retries: z.array(z.strictObject({
    task_id: taskId,
    attempt: attemptNumber,
    class: z.enum(["retry", "recovery", "conflict", "review"]),
    result: outcomeResult,
    reason: z.string(),
  })),
  reviews: z.array(review).optional().describe(
    "What reviews found, in the order of the log; absent where none was made",
  ),
  picks: z.array(z.strictObject({
    task_id: taskId.describe("The task that candidates competed for"),
    picked: taskId.describe("The candidate that was merged"),
    attempt: attemptNumber,
    reason: z.string(),
  })).optional().describe("Which candidates were picked; absent where there were none"),
  refused_results: z.array(z.strictObject({
    task_id: taskId,
    attempt: attemptNumber,
    token: fencingToken,
    reason: z.string(),
  })).describe("Results with a token that was no longer valid; they changed nothing"),
  known_gaps: z.array(z.string()),
  git: z.strictObject({
    base: objectId,
    base_tree: objectId,
    branch: z.string().nullable().describe(
      "The branch that HEAD named at the start; null where it was detached",
    ),
    snapshot: z.boolean().describe("The base holds uncommitted changes of the checkout"),
    head: objectId,
    tree: objectId.describe("The tree of the head: what is delivered"),
  }).nullable().describe("Null outside a repository, and where no task worked in one"),
  log: z.strictObject({ index: eventIndex, sum: sha256Hex })
    .describe("The log head: index and sum of the commit that ends with `proof_writing`"),
  plan: digestedFile.omit({ bytes: true }).extend({
    additions: z.strictObject({
      sha256: sha256Hex.describe(
        "SHA-256 of the canonical JSON of the list of these tasks, as the log has them",
      ),
      tasks: z.array(z.strictObject({ id: taskId, proposed_by: taskId, attempt: attemptNumber })),
    }).optional().describe("The tasks that other tasks have added to the plan; absent where none has"),
  }),
  gates: z.array(gateEntry),
  tests: tests.optional().describe("Absent where the tests of base and head were not compared"),
  tasks: z.array(taskEntry),
  artifacts: z.array(digestedFile).describe(
    "Task and gate logs, lists of tests, the diffs of conflicts, and the delivered patch; sorted by path",
  ),
  outputs: z.array(digestedFile.extend({ task_id: taskId }))
    .describe("Files that completed tasks made for others and for gates; not part of the tree"),
  usage: z.array(usage),
  times: z.strictObject({ started_at: z.string(), finished_at: z.string() }).describe("On the run clock"),
  versions: z.strictObject({
    omk: z.string(),
    runtime: z.string(),
    git: z.string().nullable(),
    os: z.string(),
  }),
  containment: z.enum(["cgroup", "pidns", "mark", "group"]).describe(
    "How far stray processes of tasks were found",
  ),
  plan_lock: planLock.optional().describe(
    "With which agents and checks the run was started; absent where it starts no agent",
  ),
}).describe("What a run attempted, what came of it, and the digests of everything that shows it");

/** The schema of `failure.json`: what keeps a run from being delivered, beside its proof. */
export const failureSchema = z.strictObject({
  version: z.literal(PROOF_VERSION),
  run_id: z.string(),
  status,
  summary: z.string(),
  proof: z.string().describe("The proof beside it"),
  failed: z.array(failedItem),
  not_tested: z.array(openItem),
  needs_a_person: z.array(personItem),
  known_gaps: z.array(z.string()),
}).describe("What keeps a run from being delivered; removed once it is ready or passed");

/** A proof. */
export type Proof = z.infer<typeof proofSchema>;

/** What keeps a run from being delivered. */
export type Failure = z.infer<typeof failureSchema>;
