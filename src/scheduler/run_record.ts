/** What the log says about a run as a whole; field names are those of the formats on disk. */

import type { Artifact, LostTest, PayloadOf, RunStatus } from "../log/kinds.ts";
import type { TaskSpec } from "../plan/spec.ts";
import type { GateTrouble } from "./breaker.ts";
import type { AttemptRef } from "./task_state.ts";

/** The commit that a run starts from. */
export type RepositoryBase = NonNullable<PayloadOf<"run_started">["base"]>;

/** What a run can be limited in. */
export type BudgetName = PayloadOf<"budget_exhausted">["budget"];

/** A request that no fact has answered yet. */
export type RequestPayload =
  | { readonly kind: "cancel_requested"; readonly payload: PayloadOf<"cancel_requested"> }
  | { readonly kind: "retry_requested"; readonly payload: PayloadOf<"retry_requested"> }
  | { readonly kind: "pause_requested"; readonly payload: PayloadOf<"pause_requested"> }
  | { readonly kind: "unpause_requested"; readonly payload: PayloadOf<"unpause_requested"> }
  | { readonly kind: "gate_reset_requested"; readonly payload: PayloadOf<"gate_reset_requested"> }
  | { readonly kind: "answer_given"; readonly payload: PayloadOf<"answer_given"> }
  | { readonly kind: "approval_given"; readonly payload: PayloadOf<"approval_given"> }
  | { readonly kind: "budget_add_requested"; readonly payload: PayloadOf<"budget_add_requested"> }
  | { readonly kind: "worker_joined"; readonly payload: PayloadOf<"worker_joined"> }
  | { readonly kind: "worker_left"; readonly payload: PayloadOf<"worker_left"> }
  | { readonly kind: "attempt_started"; readonly payload: PayloadOf<"attempt_started"> }
  | { readonly kind: "attempt_reported"; readonly payload: PayloadOf<"attempt_reported"> }
  | { readonly kind: "task_proposed"; readonly payload: PayloadOf<"task_proposed"> };

/** A request with its place in the log. */
export type OpenRequest = RequestPayload & { readonly index: number };

/** A request for permission that waits for a person. */
export type OpenApproval = PayloadOf<"approval_requested"> & {
  /** Run clock, milliseconds. */
  readonly since: number;
  /** When the answer is no, run clock, milliseconds. */
  readonly expires: number;
};

/** The requests for permission of a run. */
export interface Approvals {
  /** How many there were, and so the name of the latest. */
  readonly count: number;
  readonly open: readonly OpenApproval[];
}

/** What a finished attempt proposes. */
export interface OpenProposal {
  readonly proposed_by: AttemptRef;
  /** Its place among the proposals of the attempt. */
  readonly proposal: number;
  /** The task as it was written, or how many more there were than are read. */
  readonly content: Readonly<Record<string, unknown>> | number;
}

/** One run of a gate, as far as it has come. */
export interface GateRecord {
  readonly gate: string;
  readonly scope: "run" | "task";
  readonly run_number: number;
  readonly required: boolean;
  readonly tree: string | null;
  readonly commit: string | null;
  readonly task_id: string | null;
  result: "running" | "passed" | "failed" | "skipped";
  exit_code: number | null;
  timed_out: boolean;
  duration_ms: number;
  reason: string | null;
  /** It ran at the base of the run, to tell which tests there were. */
  readonly at_base?: true;
  /** The merges that it judges before they are in the head; absent where it judges something else. */
  readonly merges?: PayloadOf<"gate_started">["merges"];
  /** The tests that its reports list; absent where they list none. */
  tests?: Artifact;
  /** The pool of which it takes a place while it runs; absent: none. */
  readonly pool?: string;
  /** It was ended as nobody waited for its verdict any more, so it is none; absent elsewhere. */
  ended?: true;
  /** Its output, relative to the run's directory; only where it fails merges, and whose merge that was is told. */
  output?: string;
}

/** The tests of the base and of the run's head, compared. */
export interface TestsComparison {
  readonly base: string;
  /** The tree whose tests were compared; a merge with a branch that had moved takes its place. */
  readonly head: string;
  /** Null while they are being compared. */
  readonly lost: readonly LostTest[] | null;
  readonly lost_count: number;
  /** Who accepted that they are lost; absent where nobody did. */
  readonly accepted_by?: string;
}

/** An attempt of an earlier run whose work can be taken over. */
export type ReusableAttempt = NonNullable<PayloadOf<"run_started">["reuse"]>["tasks"][number];

/** The attempt of an earlier run that a task's work comes from. */
export type ReusedFrom = ReusableAttempt["from"];

/** A worker process, as far as the log tells of it. */
export interface WorkerRecord {
  readonly worker: string;
  readonly process: PayloadOf<"worker_started">["process"];
  /** How many attempts it takes at once. */
  readonly slots: number;
  /** What finds the processes that it started; absent for the controller's own, and where it gave none. */
  readonly mark?: string;
  readonly state: "started" | "dead" | "stopped";
  /** Since when it is in this state; run clock, milliseconds. */
  readonly since: number;
  /** Why it is dead or has stopped; null while it is neither. */
  readonly reason: string | null;
}

/** A merge that has begun. */
export interface MergeRecord {
  readonly task_id: string;
  readonly attempt: number;
  readonly token: number;
  readonly head: string;
  readonly base: string;
  readonly pin: string;
  readonly date: number;
  /** Present where the work is that of an earlier run. */
  readonly reused?: ReusedFrom;
}

/** A merge that is made and not in the head of the run: gates judge it first. */
export interface StagedMerge extends MergeRecord {
  readonly commit: string;
  readonly tree: string;
}

/** Merges that are judged together; each is made on the one before, the first on the head of the run. */
export interface MergeBatch {
  /** `closed`: the next work does not fit on these, so they are judged before it is merged. */
  readonly phase: "open" | "closed" | "judging";
  /** Never empty. */
  readonly staged: readonly StagedMerge[];
}

/** See the module. Times are milliseconds on the run clock. */
export interface RunRecord {
  run_id: string;
  /** How many events were folded. */
  next_index: number;
  last_ts: number;
  phase: "new" | "active" | "finished";
  incarnation: number;
  controller: PayloadOf<"run_started">["controller"] | null;
  name: string;
  plan_digest: string;
  seed: string;
  started_at: number;
  finished_at: number | null;
  base: RepositoryBase | null;
  /** The directory that the plan's paths are relative to. */
  directory: string;
  /** Where its slots lie, as `--worktree-dir` said; null: the default of the repository. */
  worktree_directory: string | null;
  /** Author of omk's commits; null outside a repository. */
  identity: PayloadOf<"run_started">["identity"];
  /** Whether the file system tells upper from lower case. */
  case_sensitive: boolean;
  /** The run's head: the base plus what was merged; null outside a repository. */
  head: { readonly commit: string; readonly tree: string } | null;
  settings: PayloadOf<"run_started">["settings"] | null;
  /** Ids chosen by `--only` or `--from` with their dependencies; null: all. */
  selected: readonly string[] | null;
  known_gaps: readonly string[];
  /** What attempts may change only where their write set names that very path; absent: nothing is protected. */
  protected?: readonly string[];
  paused: boolean;
  /** Since when the run is paused; absent while it is not. */
  paused_at?: number;
  /** How long the run has been paused before; absent where it never was. */
  paused_ms?: number;
  /** Who asked to cancel the run. */
  cancel: { readonly request: number; readonly reason: string } | null;
  /** `run_cancelled` is in the log. */
  cancelled: boolean;
  failure: { readonly reason: string; readonly detail: string } | null;
  /** Index of a fact that the controller did not write. */
  tampered_at: number | null;
  /** Events that break the rules of the fold; they changed nothing. */
  violations: { readonly index: number; readonly why: string }[];
  budget_exhausted: PayloadOf<"budget_exhausted"> | null;
  /** What was added to each budget; absent where nothing was. */
  budget_added?: Readonly<Partial<Record<BudgetName, number>>>;
  /** The budgets that were reported as nearly used up; absent where none was. */
  budget_reported?: readonly BudgetName[];
  /** What attempts have used, by metric; absent where nothing was recorded. */
  usage?: Record<string, number>;
  /** What agents have asked leave for; absent before the first time. */
  approvals?: Approvals;
  /** What may be taken over of an earlier run; those before `next` are settled. Absent where nothing is. */
  reuse?: { readonly run: string; readonly tasks: readonly ReusableAttempt[]; next: number };
  /** The workers, each with its latest process; absent before the first has given a sign of life. */
  workers?: readonly WorkerRecord[];
  /** What finished attempts have proposed and nobody has answered; absent where there is nothing. */
  open_proposals?: readonly OpenProposal[];
  /** The proposed tasks that are part of the run, first come first; absent where there are none. */
  accepted?: readonly TaskSpec[];
  merge: MergeRecord | null;
  /** The merges that gates are to judge; absent where there are none. */
  batch?: MergeBatch;
  /** How many batches of merges gates have begun to judge; absent before the first. */
  batches?: number;
  /** Ids of finished tasks whose work is not in the head, first come first merged. */
  merge_queue: string[];
  gates: GateRecord[];
  /** Gates that the machine has kept from a verdict since their last one; absent where there are none. */
  gate_troubles?: readonly GateTrouble[];
  /** Absent before the tests of a head were compared with those of the base. */
  tests?: TestsComparison;
  /** Index of the latest `proof_writing`; null before it, and again once its proof is written. */
  proof_writing: number | null;
  proof: PayloadOf<"proof_written"> | null;
  /** Something happened after the latest proof that a new one must tell. */
  work_since_proof: boolean;
  status: RunStatus | null;
  exit_code: number | null;
  deliveries: PayloadOf<"run_merged">[];
  verdict: { readonly accepted: boolean; readonly by: string; readonly reason: string } | null;
  open_requests: OpenRequest[];
}
