/** What the log says about one run: the value that the fold makes and that decisions are taken from. */

import { canonicalJson } from "../canonical_json.ts";
import type { Plan, TaskSpec } from "../plan/spec.ts";
import { DispatchIndex } from "./dispatch_index.ts";
import type { RunRecord } from "./run_record.ts";
import type { ProposedBy, TaskState } from "./task_state.ts";

/** A plan that the fold adds accepted tasks to. */
export interface GrowingPlan extends Plan {
  readonly tasks: TaskSpec[];
}

/**
 * The state of a run. `run` and `tasks` are what the log says; `index` is a cache over them. The fold alone changes
 * any of it.
 */
export interface RunState {
  /** The plan that was pinned at the start, with the accepted tasks at its end. */
  readonly plan: GrowingPlan;
  readonly run: RunRecord;
  /** In the order of the plan. */
  readonly tasks: TaskState[];
  /** Derived from the others; never written, never compared. */
  readonly index: DispatchIndex;
}

/** The state before the first event. */
export function createRunState(pinned: Plan): RunState {
  const plan = { ...pinned, tasks: [...pinned.tasks] };
  const tasks = plan.tasks.map((spec) => createTaskState(spec.id));
  return { plan, run: createRunRecord(), tasks, index: new DispatchIndex(plan, tasks) };
}

/** The state as canonical JSON: two folds of one log give the same bytes (P1). */
export function runStateJson(state: RunState): string {
  return canonicalJson({ run: state.run, tasks: state.tasks });
}

/** Adds a task whose dependencies are known and whose id is new, at `now`; the run is to run it. */
export function addTask(state: RunState, spec: TaskSpec, proposedBy: ProposedBy, now: number): void {
  const { plan, run, tasks, index } = state;
  run.accepted = [...run.accepted ?? [], spec];
  if (run.selected !== null) run.selected = [...run.selected, spec.id];
  plan.tasks.push(spec);
  tasks.push({ ...createTaskState(spec.id), created_at: now, proposed_by: proposedBy });
  index.added(now);
}

/** A task with what the plan says about it. */
export interface TaskView {
  /** Place in the plan. */
  readonly ordinal: number;
  readonly spec: TaskSpec;
  readonly task: TaskState;
}

/** The task with this id; undefined where the plan has none. */
export function findTask(state: RunState, id: string): TaskView | undefined {
  const ordinal = state.index.ordinalOf(id);
  return ordinal === undefined ? undefined : taskAt(state, ordinal);
}

/**
 * The task at a place of the plan.
 *
 * @throws {RangeError} where there is none: a fault of the caller.
 */
export function taskAt(state: RunState, ordinal: number): TaskView {
  const spec = state.plan.tasks[ordinal];
  const task = state.tasks[ordinal];
  if (spec === undefined || task === undefined) {
    throw new RangeError(`Cannot find task number ${ordinal} in the plan`);
  }
  return { ordinal, spec, task };
}

/** Most tasks have neither causes nor outputs, and nobody writes into either list. */
const NONE = [] as const;

function createTaskState(id: string): TaskState {
  return {
    id,
    state: "pending",
    attempt: 0,
    owner: null,
    token: null,
    lease_expires: null,
    not_before: null,
    retry_count: 0,
    recovery_count: 0,
    conflict_count: 0,
    base: null,
    pin: null,
    commit: null,
    created_at: 0,
    started_at: null,
    completed_at: null,
    ready_since: null,
    reason: null,
    waiting_on: null,
    causes: NONE,
    outputs: NONE,
    outcome: null,
    stage: null,
    pin_date: null,
    slot: null,
    process: null,
    cancel_request: null,
  };
}

function createRunRecord(): RunRecord {
  return {
    run_id: "",
    next_index: 0,
    last_ts: 0,
    phase: "new",
    incarnation: 0,
    controller: null,
    name: "",
    plan_digest: "",
    seed: "",
    started_at: 0,
    finished_at: null,
    base: null,
    directory: "",
    worktree_directory: null,
    identity: null,
    case_sensitive: true,
    head: null,
    settings: null,
    selected: null,
    known_gaps: [],
    paused: false,
    cancel: null,
    cancelled: false,
    failure: null,
    tampered_at: null,
    violations: [],
    budget_exhausted: null,
    merge: null,
    merge_queue: [],
    gates: [],
    proof_writing: null,
    proof: null,
    work_since_proof: false,
    status: null,
    exit_code: null,
    deliveries: [],
    verdict: null,
    open_requests: [],
  };
}
