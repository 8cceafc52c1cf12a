/** Plans and logs for tests of the pure core: nothing here touches a disk or a clock. */

import type { EventDraft, RunEvent } from "../../src/log/event.ts";
import type { AttemptOutcome, OutcomeResult, PayloadOf } from "../../src/log/kinds.ts";
import type { GateSpec, Plan, TaskSpec } from "../../src/plan/spec.ts";
import { apply } from "../../src/run/state.ts";
import { createRunState, type RunState } from "../../src/scheduler/run_state.ts";

export const BASE_COMMIT = "b".repeat(40);
export const BASE_TREE = "c".repeat(40);
export const RUN_ID = "20260102-030405-abcd";

/** A task with defaults; `overrides` says what the test is about. */
export function makeTask(id: string, overrides: Partial<TaskSpec> = {}): TaskSpec {
  return {
    id,
    name: id,
    run: "true",
    dependencies: [],
    trigger_rule: "all_success",
    priority: 0,
    pool: null,
    read_set: [],
    write_set: null,
    outputs: [],
    isolation: "worktree",
    env: {},
    cwd: "",
    timeout_secs: 1800,
    retry_policy: {
      max_attempts: 0,
      backoff_seconds: 1,
      backoff_multiplier: 2,
      max_backoff_seconds: 300,
      jitter: 0,
      terminal_on_permanent_failure: true,
    },
    retry_declared: false,
    on_stall: "retry",
    acceptance_criteria: [],
    gates: [],
    metadata: {},
    ...overrides,
  };
}

/** A plan with defaults. */
export function makePlan(tasks: readonly TaskSpec[], overrides: Partial<Plan> = {}): Plan {
  return {
    version: 1,
    name: "test",
    workers: 2,
    pools: {},
    budget: { time_secs: null },
    worktree: { setup: null, setup_inputs: [], keep: [], copy: [] },
    gates: [],
    on_failure: "continue",
    durability: "none",
    watchdog: { heartbeat_missing_secs: 30, heartbeat_stale_secs: 60 },
    lease_secs: 300,
    limits: { output_bytes: 1_000_000, pin_file_bytes: 1_000_000 },
    tasks,
    ...overrides,
  };
}

/** A gate with defaults; `changes` say what the test is about. */
export function makeGate(changes: Partial<GateSpec> = {}): GateSpec {
  return {
    name: "test",
    command: "true",
    required: true,
    timeout_secs: 60,
    scope: "run",
    retries: 0,
    allow_fail: false,
    skip: false,
    output_fails: false,
    reports: [],
    ...changes,
  };
}

/** The payload of `run_started` for a plan. */
export function startPayload(
  plan: Plan,
  overrides: Partial<PayloadOf<"run_started">> = {},
): PayloadOf<"run_started"> {
  return {
    incarnation: 1,
    controller: { pid: 1, pgid: 1, start_time: null, boot_id: null, mark: "m" },
    name: plan.name,
    plan_digest: "a".repeat(64),
    base: { commit: BASE_COMMIT, tree: BASE_TREE, branch: "refs/heads/main", snapshot: false },
    directory: "/project",
    worktree_directory: null,
    seed: "seed",
    selected: null,
    settings: {
      workers: plan.workers,
      on_failure: plan.on_failure,
      durability: plan.durability,
      gates_detected: false,
    },
    durations: [],
    containment: "group",
    versions: { omk: "0", runtime: "0", git: null, os: "test" },
    identity: { name: "omk", email: "omk@localhost" },
    case_sensitive: true,
    file_system: null,
    known_gaps: [],
    ...overrides,
  };
}

/** Evidence of an attempt. */
export function makeOutcome(result: OutcomeResult, overrides: Partial<AttemptOutcome> = {}): AttemptOutcome {
  return {
    result,
    exit_code: result === "success" ? 0 : result === "exit" ? 1 : null,
    signal: result === "signal" ? "SIGKILL" : null,
    duration_ms: 10,
    output: null,
    strays_ended: 0,
    proven_dead: true,
    ...overrides,
  };
}

/** A log without a disk: it numbers and dates drafts, folds them, and keeps the events. */
export class Ledger {
  readonly state: RunState;
  readonly events: RunEvent[] = [];
  now = Date.UTC(2026, 0, 2, 3, 4, 5);

  constructor(plan: Plan) {
    this.state = createRunState(plan);
  }

  /** Starts the run of the plan. */
  start(overrides: Partial<PayloadOf<"run_started">> = {}): this {
    const payload = startPayload(this.state.plan, overrides);
    this.add([{ kind: "run_started", subject: "run", actor: "controller/1", payload }]);
    return this;
  }

  /** Appends and folds. */
  add(drafts: readonly EventDraft[]): readonly RunEvent[] {
    const added = drafts.map((draft): RunEvent => ({
      index: this.events.length + drafts.indexOf(draft),
      id: "0",
      run_id: RUN_ID,
      ts: new Date(this.now).toISOString(),
      schema_version: 1,
      ...draft,
    }));
    for (const event of added) {
      this.events.push(event);
      apply(this.state, event);
    }
    return added;
  }
}
