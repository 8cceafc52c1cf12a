/** What the events say of a task, kept by the plainest means, and the rules of its own that each event must keep. */

import type { EventOf, RunEvent } from "../../src/log/event.ts";
import type { TaskSpec } from "../../src/plan/spec.ts";
import type { TaskState } from "../../src/scheduler/task_state.ts";
import type { Broken, Budget } from "./run_shadow.ts";

/** The legal transitions, as the format says, but that from waiting to failed: nothing leads to it. */
export const LEGAL: readonly string[] = [
  "pending claimed",
  "pending blocked",
  "pending cancelled",
  "pending waiting",
  "pending completed",
  "claimed running",
  "claimed pending",
  "claimed failed",
  "claimed cancelled",
  "running finished",
  "running pending",
  "running failed",
  "running waiting",
  "running cancelled",
  "finished completed",
  "finished pending",
  "finished failed",
  "finished cancelled",
  "waiting pending",
  "waiting cancelled",
  "failed pending",
  "blocked pending",
  "cancelled pending",
];

/** Where each event leaves its task. */
const TARGETS: { readonly [kind: string]: string } = {
  task_claimed: "claimed",
  task_started: "running",
  task_finished: "finished",
  task_completed: "completed",
  task_failed: "failed",
  retry_scheduled: "pending",
  task_blocked: "blocked",
  task_waiting: "waiting",
  task_cancelled: "cancelled",
  task_reopened: "pending",
  // Those of the run are not about a task.
  budget_exhausted: "waiting",
  budget_extended: "pending",
};

/** Events that name an attempt which need not be the current one. */
const NAMES_ANY_ATTEMPT = [
  "result_refused",
  "attempt_reported",
  "attempt_started",
  "task_proposed",
  "usage_recorded",
];

/** Whether an event of this kind takes its task to a state. */
export function movesTask(kind: string): boolean {
  return TARGETS[kind] !== undefined;
}

/** See the module. */
export class TaskShadow {
  readonly spec: TaskSpec;
  /** How many proposals lie between it and the plan. */
  readonly depth: number;
  state = "pending";
  attempt = 0;
  token: number | null = null;
  /** Who has the latest attempt in hand. */
  owner: string | null = null;
  /** Who has lost the latest attempt, as long as no other was claimed. */
  lostBy: string | undefined;
  /** Place of the head that holds its work; −1 where none does. */
  delivered = -1;
  retries = 0;
  recoveries = 0;
  conflicts = 0;
  notBefore = 0;
  readySince: number | null = null;
  /** When its latest attempt was claimed, and when it came to its end; run clock, milliseconds. */
  startedAt = 0;
  endedAt = 0;
  /** Where its loop began that a recovery goes on with, and when. */
  loop: { readonly base: string | null; readonly since: number } | null = null;
  /** Whom it waited for the last time. */
  waitsFor: string | null = null;
  /** What was used of its own budgets, and added to them, by metric. */
  readonly #usage = new Map<string, number>();
  readonly #added = new Map<string, number>();
  /** What its latest attempt started from. */
  #base: string | null = null;
  /** Its own gates that have passed in this attempt. */
  readonly #gatesPassed = new Set<string>();

  constructor(spec: TaskSpec, depth = 0) {
    this.spec = spec;
    this.depth = depth;
  }

  /** Whether it holds a lease, a worker and a place in its pool. */
  get isActive(): boolean {
    return this.state === "claimed" || this.state === "running";
  }

  /** Whether the plan gives the task itself a budget of this name. */
  hasBudget(name: string): boolean {
    return this.#budgets.some(({ budget }) => budget === name);
  }

  /** The budget of its own that is used up. */
  get spent(): Budget | undefined {
    return this.#budgets.find(({ used, limit }) => used >= limit);
  }

  get #budgets(): readonly Budget[] {
    return (["tokens", "usd"] as const).flatMap((budget) => {
      const planned = this.spec.budget?.[budget];
      const limit = (planned ?? 0) + (this.#added.get(budget) ?? 0);
      return planned === undefined ? [] : [{ budget, used: this.#usage.get(budget) ?? 0, limit }];
    });
  }

  /** Takes note of an event of the task, where `head` is the place of the latest head; returns the transition, if any. */
  read(event: RunEvent, head: number, broken: Broken): string | undefined {
    const { kind, payload } = event;
    const isReused = "reused" in payload && payload.reused !== undefined;
    const mayBeOld = isReused || NAMES_ANY_ATTEMPT.includes(kind) || kind.startsWith("gate_");
    if (!mayBeOld && "token" in payload && payload.token !== null && payload.token !== this.token) {
      broken(`P3: token ${payload.token} is not the current one, ${this.token}`);
    }
    if (kind === "gate_passed" && payload.token === this.token) this.#gatesPassed.add(payload.gate);
    if (kind === "gate_failed" && payload.token === this.token) this.#gatesPassed.delete(payload.gate);
    if (kind === "attempt_pinned" && payload.iteration !== undefined) {
      this.loop = { base: this.#base, since: this.loop?.since ?? this.startedAt };
    }
    if (kind === "usage_recorded") add(this.#usage, payload.metric, payload.amount);
    if (kind === "budget_extended") {
      add(this.#added, payload.budget, payload.by);
      if (this.state !== "waiting" || this.waitsFor !== "budget" || this.spent !== undefined) {
        return undefined;
      }
    }
    const target = TARGETS[kind];
    if (target === undefined) return undefined;
    const transition = `${this.state} ${target}`;
    if (!LEGAL.includes(transition)) broken(`illegal transition ${transition}`);
    this.#follow(event, head, broken);
    this.state = target;
    if (["completed", "failed", "cancelled", "blocked"].includes(target)) this.endedAt = Date.parse(event.ts);
    return transition;
  }

  /** Compares what the events say with what the fold has made of them. */
  compare(task: TaskState, broken: Broken): void {
    const pairs = [
      ["state", task.state, this.state],
      ["attempt", task.attempt, this.attempt],
      ["retries", task.retry_count, this.retries],
      ["recoveries", task.recovery_count, this.recoveries],
      ["the loser", task.lost_by, this.lostBy],
      ["a lease", task.lease_expires !== null, this.isActive],
      ["the wait", task.waiting_on, this.state === "waiting" ? this.waitsFor : null],
    ] as const;
    for (const [what, folded, told] of pairs) {
      if (folded !== told) broken(`${what} of task ${task.id}: ${folded}, not ${told}`);
    }
  }

  #follow(event: RunEvent, head: number, broken: Broken): void {
    switch (event.kind) {
      case "task_claimed":
        // On another base a loop begins anew.
        if (this.loop?.base !== event.payload.base) this.loop = null;
        this.#base = event.payload.base;
        this.startedAt = Date.parse(event.ts);
        this.token = event.index;
        this.attempt = event.payload.attempt;
        this.owner = event.payload.worker;
        this.lostBy = undefined;
        this.notBefore = 0;
        this.#gatesPassed.clear();
        break;
      case "task_finished": {
        const missing = this.spec.gates.find((gate) =>
          gate.required && !gate.allow_fail && !gate.skip && !this.#gatesPassed.has(gate.name)
        );
        if (missing !== undefined) broken(`P7: gate ${missing.name} has not passed in this attempt`);
        break;
      }
      case "task_completed":
        Object.assign(this, { delivered: head, recoveries: 0, conflicts: 0 });
        break;
      case "retry_scheduled":
        this.#followRetry(event.payload, broken);
        break;
      case "task_reopened":
        Object.assign(this, { token: null, retries: 0, recoveries: 0, conflicts: 0, notBefore: 0 });
        Object.assign(this, { loop: null, endedAt: 0 });
        break;
      case "task_waiting":
        this.waitsFor = event.payload.on;
        break;
      case "budget_exhausted":
        if (this.spent?.used !== event.payload.used) broken("its budget is not used up, or more of it is");
        this.waitsFor = "budget";
        break;
      case "task_cancelled":
      case "task_failed":
        this.token = null;
        break;
      default:
        break;
    }
  }

  #followRetry(payload: EventOf<"retry_scheduled">["payload"], broken: Broken): void {
    this.token = null;
    this.notBefore = payload.not_before;
    if (payload.class === "retry") this.retries += 1;
    if (payload.class !== "recovery") this.loop = null;
    if (payload.class === "recovery") this.lostBy = this.owner ?? undefined;
    this.recoveries = payload.class === "recovery" ? this.recoveries + 1 : 0;
    if (payload.class === "conflict") this.conflicts += 1;
    const most = this.spec.retry_policy.max_attempts;
    if (this.retries > most) broken(`retry ${this.retries} of ${most}`);
    if (this.recoveries > 2) broken("a third recovery in a row is no quarantine");
    if (this.conflicts > 3) broken("a fourth conflict in a row sends it back");
  }
}

function add(sums: Map<string, number>, key: string, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount);
}
