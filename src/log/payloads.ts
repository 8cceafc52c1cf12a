/** The building blocks of event payloads that several kinds share. */

import * as z from "zod";

// A compiled validator pays off after thousands of events; most commands read some hundreds and end.
z.config({ jitless: true });

/** Index of an event in its log, from 0. */
export const eventIndex = z.int().min(0);
/** Milliseconds since 1970 on the run clock. */
export const runTime = z.int().min(0);
/** A length of time in milliseconds. */
export const milliseconds = z.int().min(0);
/** SHA-256 as lower-case hex. */
export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
/** Commit, tree or blob id of git, SHA-1 or SHA-256. */
export const objectId = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);
/** Task id as in the plan. */
export const taskId = z.string().min(1).max(64);
/** Number of an attempt, from 1. */
export const attemptNumber = z.int().min(1);
/** Fencing token: the index of the `task_claimed` event of the attempt. */
export const fencingToken = eventIndex;
/** Number of an iteration of a loop, from 1. */
export const iterationNumber = z.int().min(1);
/** Number of a batch of merges that gates judge together, from 1. */
export const batchNumber = z.int().min(1);

/** The three fields that say which attempt an event is about. */
export const attemptRef = { task_id: taskId, attempt: attemptNumber, token: fencingToken };

/** What identifies a process beyond the reuse of its pid. */
export const processIdentity = z.strictObject({
  pid: z.int(),
  pgid: z.int(),
  start_time: z.string().nullable(),
  boot_id: z.string().nullable(),
});

/** The element that an omk process adds to OMK_MARK: it finds what that process started. */
export const mark = z.string().min(1);

/** The omk process behind an incarnation. */
export const controllerIdentity = z.strictObject({ ...processIdentity.shape, mark });

/** An artifact: a file of the run directory with its digest. */
export const artifact = z.strictObject({
  /** Relative to the run directory. */
  path: z.string(),
  /** Bytes that the process wrote. */
  bytes: z.int().min(0),
  /** Bytes of the file, after redaction and cut. */
  kept_bytes: z.int().min(0),
  truncated: z.boolean(),
  sha256: sha256Hex,
});

/** Why an attempt ended as it did; `success` is the only good one. */
export const outcomeResult = z.enum([
  "success",
  "exit",
  "signal",
  "timeout",
  "stalled",
  "spawn_error",
  "out_of_memory",
  "setup_failed",
  "workspace_error",
  "write_set_violated",
  "protected_changed",
  "outputs_missing",
  "gate_failed",
  "iterations_exhausted",
  "reported_failed",
  "reported_partial",
  "blocked_on_human",
  "blocked_on_external",
  "cancelled",
  "lost",
  "empty_diff",
  "permission_denied",
  "wrote_outside",
  "refused",
  "model_unreachable",
  "out_of_credit",
  "login_required",
  "agent_died",
  "protocol_error",
  "plan_invalid",
  "findings_invalid",
  "pick_invalid",
]);

/** How many findings a review may have: a longer list is none that anybody works through. */
export const FINDINGS_LISTED = 100;
/** How long a message may be, characters. */
export const LONGEST_FINDING = 4_000;
/** How long a path may be, characters. */
const LONGEST_PATH = 1_000;
/** Counts how often an attempt's task was reviewed, from 1. */
export const reviewRound = z.int().min(1);

/** One finding of a review. */
export const reviewFinding = z.strictObject({
  /** `blocking` sends what it concerns back; the others are told and change nothing. */
  severity: z.enum(["blocking", "warning", "note"]),
  message: z.string().min(1).max(LONGEST_FINDING),
  /** The file that it is about; absent where it is about no single one. */
  path: z.string().min(1).max(LONGEST_PATH).exactOptional(),
  line: z.int().min(1).exactOptional(),
  /** The task that it concerns, as the reviewer says; absent where that follows from the path. */
  task: taskId.exactOptional(),
});

/** The best of several candidates, as a reviewer sees it. */
export const reviewPick = z.strictObject({
  task_id: taskId,
  why: z.string().min(1).max(LONGEST_FINDING),
});

/** What an agent says that it has used in an attempt; a figure that it does not tell is absent. */
export const attemptUsage = z.strictObject({
  model: z.string().optional(),
  /** What the model read, from its cache too. */
  input_tokens: z.int().min(0).optional(),
  /** Of these, what came from its cache. */
  cached_tokens: z.int().min(0).optional(),
  /** What the model wrote, its thoughts included. */
  output_tokens: z.int().min(0).optional(),
  /** US dollars. */
  usd: z.number().min(0).optional(),
  /** Of the tokens: counted by the agent, worked out from a part, or not known. */
  quality: z.enum(["measured", "estimated", "unknown"]),
});

/** With which agents and checks a plan was made, or is run. */
export const planLock = z.strictObject({
  schema_version: z.literal(1),
  /** The run in which an agent made the plan; null where nobody knows of one. */
  planned_by: z.string().nullable(),
  /** Digest of the tasks, and of what they run in. */
  work: sha256Hex,
  agents: z.array(z.strictObject({
    name: z.string(),
    driver: z.enum(["acp", "stream", "command"]),
    /** The model that is asked for; null: the agent chooses. */
    model: z.string().nullable(),
    /** Absolute path; null where it is a text for a shell, or not there. */
    program: z.string().nullable(),
    version: z.string().nullable(),
    /** Of all that says how it is started. */
    sha256: sha256Hex,
  })),
  gates: z.array(z.strictObject({ name: z.string(), sha256: sha256Hex })),
  /** Null: that of omk. */
  prompt_template: sha256Hex.nullable(),
});

/** What is known of the agent behind an attempt. */
export const agentRecord = z.strictObject({
  /** Its name in the plan. */
  name: z.string(),
  driver: z.enum(["acp", "stream", "command"]),
  /** How the conversation with it ended: its own word. */
  end: z.enum([
    "ended",
    "limit",
    "refused",
    "cancelled",
    "timeout",
    "model_unreachable",
    "out_of_credit",
    "login_required",
    "died",
    "protocol_error",
    "failed",
  ]),
  /** The version that it tells of itself. */
  version: z.string().exactOptional(),
  /** What its last words make likely where nothing came of its work. */
  doubt: z.enum(["model_unreachable", "out_of_credit", "login_required"]).exactOptional(),
  /** How many permissions it was denied; absent: none. */
  denied: z.int().min(1).exactOptional(),
});

/** The outcome of an attempt, from evidence (P8). */
export const attemptOutcome = z.strictObject({
  result: outcomeResult,
  exit_code: z.int().nullable(),
  signal: z.string().nullable(),
  duration_ms: milliseconds,
  output: artifact.nullable(),
  /** Processes that had outlived the body and were ended. */
  strays_ended: z.int().min(0),
  /** False where something of the body may still be alive. */
  proven_dead: z.boolean(),
  /** How often the body of a loop has run; absent where it is no loop. */
  iterations: iterationNumber.optional(),
  /** The agent that did the work; absent where none did. */
  agent: agentRecord.optional(),
  /** What the agent of a task said whose result that is, thoughts and tools left out; absent elsewhere. */
  reply: artifact.optional(),
  /** What the answer of a lead agent came to; absent where nobody was asked for a plan. */
  planning: z.strictObject({
    /** The plan that can be run. */
    plan: artifact.optional(),
    /** The plan as it was read, and what is wrong with it. */
    problems: artifact.optional(),
  }).optional(),
  /** One sentence for people: the paths of a violation, the gate, the system's reason. */
  detail: z.string().optional(),
  /** Output of the gate that its work has failed, relative to the run's directory; absent where none is kept. */
  gate_output: z.string().optional(),
  /** What its agent says that it has used; absent where it says nothing, and where there is no agent. */
  usage: attemptUsage.optional(),
  /** What a review found; absent where the task is none, and where it gave nothing that can be read. */
  findings: z.array(reviewFinding).optional(),
  /** The candidate that a review names, and why; absent where it was asked for none, and where it gave nothing that can be read. */
  pick: reviewPick.optional(),
  /** The file in which the task reported; absent where it wrote none that can be read. */
  result_file: artifact.optional(),
  /** What the task itself reported through OMK_RESULT; it can lower the result, never raise it. */
  reported: z.strictObject({
    status: z.enum(["success", "partial", "failed", "blocked_on_human", "blocked_on_external"]),
    summary: z.string().optional(),
    question: z.string().optional(),
    artifacts: z.array(z.string()).optional(),
    /** Tasks that it proposes, as it wrote them; at most `PROPOSALS_READ`. */
    proposals: z.array(z.record(z.string(), z.unknown())).optional(),
    /** How many more it proposed; absent where that is all. */
    more_proposals: z.int().min(1).optional(),
  }).optional(),
});

/** A file that a task made for its dependents, kept by digest. */
export const storedOutput = z.strictObject({
  path: z.string(),
  sha256: sha256Hex,
  bytes: z.int().min(0),
  executable: z.boolean(),
});

/** The paths that a commit changes; at most `CHANGED_PATHS_LISTED` of them are listed, all are counted. */
export const changedPaths = z.strictObject({
  count: z.int().min(0),
  paths: z.array(z.strictObject({ path: z.string(), change: z.enum(["added", "modified", "deleted"]) })),
});

/** How many proposals of one attempt are read. */
export const PROPOSALS_READ = 20;

/** How many changed paths an event lists; git holds the rest. */
export const CHANGED_PATHS_LISTED = 200;

/** The attempt of an earlier run whose work a task got instead of being run. */
export const reusedFrom = z.strictObject({ run: z.string(), attempt: attemptNumber });

/** An attempt of an earlier run whose work can be taken over. */
export const reusableAttempt = z.strictObject({
  task_id: taskId,
  from: reusedFrom,
  /** Fencing token of that attempt, in the log of its own run. */
  token: fencingToken,
  base: objectId,
  /** Null where it changed nothing. */
  pin: objectId.nullable(),
  changed: changedPaths,
  secrets: z.array(z.string()),
  outputs: z.array(storedOutput),
});

/** What a gate is run at and for. */
export const gateRun = {
  gate: z.string().min(1),
  scope: z.enum(["run", "task"]),
  /** Counts the runs of one gate within a run of omk, from 1. */
  run_number: z.int().min(1),
  required: z.boolean(),
  /** Null where there is no git tree (`isolation: none`). */
  tree: objectId.nullable(),
  commit: objectId.nullable(),
  task_id: taskId.nullable(),
  token: fencingToken.nullable(),
  /** The iteration that the gate of a loop judges; absent where it judges none. */
  iteration: iterationNumber.optional(),
  /** The gate runs at the base of the run, to tell which tests there were; absent elsewhere. */
  at_base: z.literal(true).optional(),
  /** The merges that are judged before they are in the head, with the number of their batch; absent where it judges none. */
  merges: z.strictObject({ batch: batchNumber, tasks: z.array(taskId) }).optional(),
};

/** A test that the run's work has deleted, or that is not run any more. */
export const lostTest = z.strictObject({
  /** Its name; where that is unknown the line that keeps tests from being run, or the file. */
  test: z.string(),
  change: z.enum(["deleted", "skipped"]),
  /** The file that tells so; null where a report does. */
  path: z.string().nullable(),
  /** The gate whose reports tell so; null where a file does. */
  gate: z.string().nullable(),
});

/** How many lost tests an event lists; all are counted. */
export const LOST_TESTS_LISTED = 200;

/** A commit with its tree. */
export const committedTree = z.strictObject({ commit: objectId, tree: objectId });

/** The evidence of a gate that has run. */
export const gateEvidence = {
  ...gateRun,
  /** SHA-256 of the canonical JSON of the gate's definition. */
  definition: sha256Hex,
  exit_code: z.int().nullable(),
  signal: z.string().nullable(),
  timed_out: z.boolean(),
  duration_ms: milliseconds,
  output: artifact.nullable(),
  /** Tracked paths that the gate changed: a change fails it. */
  changed: z.array(z.string()),
  /** What it left untracked, removed afterwards. */
  untracked: z.array(z.string()),
  /** Counts of a JUnit report, where the gate wrote one. */
  counts: z.strictObject({
    tests: z.int().min(0),
    failures: z.int().min(0),
    skipped: z.int().min(0),
  }).nullable(),
  /** The tests that its JUnit reports list, as they are kept; absent where they list none. */
  tests: artifact.optional(),
  /** The SARIF logs that the gate wrote, as they are kept; absent where it wrote none. */
  reports: z.array(artifact).optional(),
};

/** Every request says which process asks, and when by the wall clock. */
export const requester = {
  process: processIdentity,
  wall: z.int().min(0),
};

/** What a run has come to. */
export const runStatus = z.enum([
  "cancelled",
  "failed_infra",
  "needs_more_budget",
  "blocked_on_human",
  "blocked_on_external",
  "not_ready",
  "ready",
  "passed",
]);
