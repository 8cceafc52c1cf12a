/** The states of a task and the transitions between them. */

import type { AttemptOutcome, StoredOutput } from "../log/kinds.ts";
import type { BudgetName, ReusedFrom } from "./run_record.ts";

/** Where a task stands. */
export type TaskStatus =
  | "pending"
  | "claimed"
  | "running"
  | "finished"
  | "completed"
  | "failed"
  | "cancelled"
  | "blocked"
  | "waiting";

/** What the log says about one task; field names are those of the format on disk. */
export interface TaskState {
  readonly id: string;
  state: TaskStatus;
  /** Number of the latest attempt; 0 before the first. */
  attempt: number;
  /** Worker of the current attempt; null where none is current. */
  owner: string | null;
  /** Fencing token of the current attempt: the index of its `task_claimed`. */
  token: number | null;
  /** Run clock, milliseconds. */
  lease_expires: number | null;
  /** Run clock, milliseconds: no claim before this moment. */
  not_before: number | null;
  /** Retries that counted against `max_attempts`. */
  retry_count: number;
  /** Recoveries in a row; the third is quarantine. */
  recovery_count: number;
  /** Merge conflicts in a row; they have a limit of their own. */
  conflict_count: number;
  /** The commit that the current or latest attempt started from. */
  base: string | null;
  /** Pin of the latest attempt; null where it changed nothing. */
  pin: string | null;
  /** The run's head that first held the task's work. */
  commit: string | null;
  /** Run clock, milliseconds. */
  created_at: number;
  started_at: number | null;
  completed_at: number | null;
  /** Since when its dependencies allow it to start; null while they do not. */
  ready_since: number | null;
  /** Why it is in this state, for people; null where there is nothing to say. */
  reason: string | null;
  /** Whom a waiting task waits for; null otherwise. */
  waiting_on: "human" | "external" | "budget" | null;
  /** The tasks that block it. */
  causes: readonly string[];
  /** Files that the completed attempt made for its dependents. */
  outputs: readonly StoredOutput[];
  /** Evidence of the latest attempt that ended. */
  outcome: AttemptOutcome | null;
  /** How far the end of the current attempt has come. */
  stage: "body" | "pinning" | "pinned" | null;
  /** Date of the pin that is being made, from its intent; null where none is. */
  pin_date: number | null;
  /** Name of the slot of the current attempt. */
  slot: string | null;
  /** Leader of the current attempt's process group. */
  process: ProcessRecord | null;
  /** Index of the request that asks to cancel the task while it is at work. */
  cancel_request: number | null;
  /** Why it is to be cancelled; absent while nobody asks for that. */
  cancel_reason?: string;
  /** Since when the current attempt makes no progress, and what tells so; absent while it does. */
  stalled?: Stall;
  /** The worker that lost its latest attempt, until the next one is claimed; absent where none did. */
  lost_by?: string;
  /** Where its work was taken over from; absent where it was run. */
  reused?: ReusedFrom;
  /** The attempt that proposed it; absent where the plan holds it. */
  proposed_by?: ProposedBy;
  /** The latest answer to a question of the task; absent where none was given. */
  answer?: string;
  /** The latest conflict of its work; absent where there is none to be told of. */
  conflict?: ConflictRecord;
  /**
   * Output of the gate that its work has failed, relative to the run's directory: the next attempt is told. Absent where
   * there is none.
   */
  gate_output?: string;
  /** What its attempts have used, by metric; absent where nothing was recorded. */
  usage?: Record<string, number>;
  /** What was added to its own budget; absent where nothing was. */
  budget_added?: Readonly<Partial<Record<BudgetName, number>>>;
  /** The candidate that was picked for it; absent while none is, and where there are none. */
  picked?: { readonly task_id: string; readonly token: number };
  /** Size of the patch of its latest attempt, bytes; absent where nobody compares it with others. */
  patch_bytes?: number;
  /** The reviews that have passed its attempt; absent where none has. */
  passed_reviews?: readonly PassedReview[];
  /** How often reviews have sent it back; absent: never. */
  review_count?: number;
  /** How far its loop has come; absent before the first iteration is kept, and where it is no loop. */
  loop?: LoopState;
}

/** What the work of an attempt conflicted with: the next attempt is told. */
export interface ConflictRecord {
  /** The head of the run that it did not fit on. */
  readonly head: string;
  readonly paths: readonly string[];
  /** File with both sides' changes of these paths, relative to the run's directory. */
  readonly diffs: string;
}

/** A review that has passed an attempt. */
export interface PassedReview {
  /** Id of the review. */
  readonly review: string;
  /** The attempt that it has passed. */
  readonly token: number;
}

/** The latest iteration of a loop that was kept. A recovery goes on from there. */
export interface LoopState {
  readonly iteration: number;
  /** The commit that the loop started from, and when it did; run clock, milliseconds. */
  readonly base: string | null;
  readonly since: number;
  /** What the iteration left; null where that equals the base, or is not in git. */
  readonly pin: string | null;
  readonly tree: string | null;
  /** How much of the task's time has been taken, milliseconds. */
  readonly spent_ms: number;
  /** What the gate of the loop said of it; null while it has not. */
  readonly verdict: "passed" | "failed" | null;
  /** Output of the gate's latest run, relative to the run's directory; null where there is none. */
  readonly gate_output: string | null;
}

/** The iteration that a task whose body is a loop is in: the one that is judged, or the one after it. */
export function currentIteration({ loop }: TaskState): number {
  if (loop === undefined) return 1;
  return loop.iteration + (loop.verdict === "failed" ? 1 : 0);
}

/** An attempt that makes no progress. */
export interface Stall {
  /** Run clock, milliseconds: the last sign of progress. */
  readonly since: number;
  readonly reason: string;
}

/** An attempt as its claim names it. */
export interface AttemptRef {
  readonly task_id: string;
  readonly attempt: number;
  readonly token: number;
}

/** Where a task comes from that the plan does not hold. */
export interface ProposedBy extends AttemptRef {
  /** How many proposals lie between it and the plan: 1 where a task of the plan proposed it. */
  readonly depth: number;
}

/** A process as the log records it. */
export interface ProcessRecord {
  readonly pid: number;
  readonly pgid: number;
  readonly start_time: string | null;
  readonly boot_id: string | null;
}

/** Whom a waiting task waits for, in words. */
export const WAITED_FOR = {
  human: "a person",
  external: "something outside",
  budget: "a larger budget",
} as const;

/** The states in which a task rests for good, unless it is reopened. */
const TERMINAL: ReadonlySet<TaskStatus> = new Set(["completed", "failed", "cancelled", "blocked"]);

/** Whether a task in this state is at its end. */
export function isTerminal(status: TaskStatus): boolean {
  return TERMINAL.has(status);
}

/** Whether a task in this state holds a worker, a lease, its pool and its path sets. */
export function isActive(status: TaskStatus): boolean {
  return status === "claimed" || status === "running";
}

/** The legal transitions. */
const LEGAL: Readonly<Record<TaskStatus, ReadonlySet<TaskStatus>>> = {
  pending: new Set(["claimed", "blocked", "waiting", "cancelled", "completed"]),
  claimed: new Set(["running", "pending", "failed", "cancelled"]),
  running: new Set(["finished", "pending", "failed", "waiting", "cancelled"]),
  finished: new Set(["completed", "pending", "failed", "cancelled"]),
  waiting: new Set(["pending", "failed", "cancelled"]),
  failed: new Set(["pending"]),
  blocked: new Set(["pending"]),
  cancelled: new Set(["pending"]),
  completed: new Set(),
};

/** Whether a task may go from one state to the other. */
export function isLegalTransition(from: TaskStatus, to: TaskStatus): boolean {
  return LEGAL[from].has(to);
}
