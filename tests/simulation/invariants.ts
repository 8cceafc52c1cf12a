/** The promises, checked after each event by the plainest means, from the events alone as far as they tell. */

import type { RunEvent } from "../../src/log/event.ts";
import { KINDS, type RunStatus } from "../../src/log/kinds.ts";
import type { Plan } from "../../src/plan/spec.ts";
import type { RunState } from "../../src/scheduler/run_state.ts";
import { collide, specOf, standing } from "./naive.ts";
import { plainReason } from "./refusals.ts";

/** The legal transitions, as the format says. */
export const LEGAL: readonly string[] = [
  "pending claimed",
  "pending blocked",
  "pending cancelled",
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
};

/** What the events say of a task. */
interface Shadow {
  status: string;
  attempt: number;
  token: number | null;
  /** Place of the head that holds its work; −1 where none does. */
  delivered: number;
  retries: number;
  recoveries: number;
  conflicts: number;
  notBefore: number;
  readySince: number | null;
  /** Whether a required gate of its own has not passed in this attempt. */
  gatesPassed: Set<string>;
}

/** See the module. */
export class Invariants {
  /** How often each transition was taken. */
  readonly transitions = new Map<string, number>();
  /** The reasons of refusals, without names and numbers. */
  readonly refusals = new Map<string, number>();
  claims = 0;
  readonly #plan: Plan;
  readonly #shadows: ReadonlyMap<string, Shadow>;
  readonly #heads: string[] = [];
  readonly #added = new Map<string, number>();
  readonly #usage = new Map<string, number>();
  readonly #gates = new Map<string, string>();
  readonly #waitsFor = new Map<Shadow, string>();
  readonly #broken: (what: string) => void;
  #tree: string | null = null;
  #workers = 0;
  #caseSensitive = true;
  #selected: readonly string[] | null = null;
  #isCancelled = false;
  #isFailed = false;
  #exhausted: string | null = null;
  #pausedSince: number | null = null;
  #pausedMs = 0;
  #startedAt = 0;
  #lastTs = 0;
  /** Where the latest proof was begun: what is asked for behind it comes too late for this controller. */
  #proofAt = 0;
  /** Requests that no fact has answered. */
  readonly #open = new Set<number>();
  #forgedFrom = Infinity;

  constructor(plan: Plan, broken: (what: string) => void) {
    this.#plan = plan;
    this.#broken = broken;
    this.#shadows = new Map(plan.tasks.map(({ id }) => [id, createShadow()]));
  }

  /** Checks an event against what came before it, and the state that the controller has folded it into. */
  check(event: RunEvent, state: RunState): void {
    const broken = (what: string) => this.#broken(`event ${event.index} (${event.kind}): ${what}`);
    if (event.index >= this.#forgedFrom) {
      if (event.index === this.#forgedFrom) this.#checkForged(event, state, broken);
      return;
    }
    const why = state.run.violations.at(-1);
    if (why !== undefined) broken(`the fold refuses it: ${why.why}`);
    const ts = Date.parse(event.ts);
    if (ts < this.#lastTs) broken("time runs backwards");
    if (KINDS[event.kind].class === "request") this.#open.add(event.index);
    else if ("request" in event.payload && event.payload.request !== undefined) {
      this.#open.delete(event.payload.request);
    }
    this.#readRun(event, ts, broken);
    if (event.subject.startsWith("task/")) this.#readTask(event, ts, broken);
    this.#lastTs = ts;
    const id = event.subject.slice("task/".length);
    const shadow = this.#shadows.get(id);
    const task = state.tasks.find((each) => each.id === id);
    if (shadow !== undefined && task !== undefined) this.#compare(id, shadow, task, broken);
    if (event.index % 50 === 0) {
      for (const each of state.tasks) this.#compare(each.id, this.#shadow(each.id), each, broken);
    }
    if (TARGETS[event.kind] !== undefined || event.kind === "run_started") {
      this.#checkReady(state, ts, broken);
    }
  }

  /** From this event on the log is not the controller's alone: only its end can be judged. */
  forgedFrom(index: number): void {
    this.#forgedFrom = Math.min(this.#forgedFrom, index);
  }

  /** Whether somebody has forged a fact. */
  get isForged(): boolean {
    return this.#forgedFrom < Infinity;
  }

  /** The status that a run has to end with, from the events alone. */
  expectedStatus(): RunStatus {
    if (this.#isCancelled) return "cancelled";
    if (this.#isFailed || this.isForged) return "failed_infra";
    const tasks = this.#selectedShadows();
    const isComplete = tasks.every(({ status }) => status === "completed");
    if (this.#exhausted !== null && !isComplete) return "needs_more_budget";
    const waiting = tasks.filter(({ status }) => status === "waiting");
    if (waiting.length > 0) {
      return waiting.some((each) => this.#waitsFor.get(each) === "human")
        ? "blocked_on_human"
        : "blocked_on_external";
    }
    if (!isComplete) return "not_ready";
    const required = (this.#plan.gates ?? []).filter(({ required, allow_fail }) => required && !allow_fail);
    if (required.some(({ name }) => this.#gates.get(`${name} ${this.#tree}`) !== "gate_passed")) {
      return "not_ready";
    }
    return required.length > 0 ? "ready" : "passed";
  }

  /** What is left at the end of a run that no fault disturbs any more: each task ends, waits, or may not start. */
  checkEnd(state: RunState): void {
    if (this.isForged || this.#isFailed) return;
    const stops = this.#exhausted !== null ||
      (this.#plan.on_failure !== "continue" &&
        [...this.#shadows.values()].some(({ status }) => status === "failed"));
    for (const { id, state: status } of state.tasks) {
      const spec = specOf(this.#plan, id);
      if (spec === undefined || !this.#isSelected(id) || isTerminal(status) || status === "waiting") continue;
      const dependsOnWaiting = standing(this.#plan, spec, (each) => this.#shadow(each).status) === "open";
      if (status !== "pending" || !(stops || dependsOnWaiting)) {
        this.#broken(`liveness: task ${id} ends as ${status}`);
      }
    }
    const open = [...this.#open].find((index) => index < this.#proofAt);
    if (open !== undefined) this.#broken(`liveness: request ${open} was never answered`);
  }

  #readRun(event: RunEvent, ts: number, broken: (what: string) => void): void {
    switch (event.kind) {
      case "run_started":
        this.#workers = event.payload.settings.workers;
        this.#caseSensitive = event.payload.case_sensitive;
        this.#selected = event.payload.selected;
        this.#startedAt = ts;
        this.#tree = event.payload.base?.tree ?? null;
        this.#heads.push(event.payload.base?.commit ?? "");
        break;
      case "run_resumed":
        if (this.#pausedSince === null && this.#plan.budget.time_secs !== null) {
          this.#pausedMs += ts - this.#lastTs;
        }
        break;
      case "proof_writing":
        this.#proofAt = event.index;
        break;
      case "run_cancelled":
        this.#isCancelled = true;
        break;
      case "run_failed":
        this.#isFailed = true;
        break;
      case "run_paused":
        this.#pausedSince ??= ts;
        break;
      case "run_unpaused":
        this.#pausedMs += ts - (this.#pausedSince ?? ts);
        this.#pausedSince = null;
        break;
      case "budget_checkpoint":
        this.#checkBudget(event.payload, ts, broken);
        break;
      case "budget_exhausted":
        this.#checkBudget(event.payload, ts, broken);
        this.#exhausted = event.payload.budget;
        break;
      case "budget_extended": {
        const { budget, by } = event.payload;
        this.#added.set(budget, (this.#added.get(budget) ?? 0) + by);
        if (this.#exhausted === budget) this.#exhausted = null;
        break;
      }
      case "usage_recorded": {
        const { metric, amount } = event.payload;
        this.#usage.set(metric, (this.#usage.get(metric) ?? 0) + amount);
        break;
      }
      case "gate_passed":
      case "gate_failed":
        if (event.payload.scope === "run") {
          this.#gates.set(`${event.payload.gate} ${event.payload.tree}`, event.kind);
        }
        break;
      case "gate_skipped":
        if (event.payload.scope === "run") {
          this.#gates.set(`${event.payload.gate} ${event.payload.tree}`, event.kind);
        }
        break;
      case "request_refused":
      case "result_refused":
        count(this.refusals, plainReason(event.payload.reason));
        break;
      default:
        break;
    }
  }

  #readTask(event: RunEvent, ts: number, broken: (what: string) => void): void {
    const id = event.subject.slice("task/".length);
    const shadow = this.#shadow(id);
    const { kind, payload } = event;
    const isReport = kind === "result_refused" || kind === "attempt_reported" || kind === "attempt_started" ||
      kind === "task_proposed" || kind === "usage_recorded" || kind.startsWith("gate_");
    if (!isReport && "token" in payload && payload.token !== null && payload.token !== shadow.token) {
      broken(`P3: token ${payload.token} is not the current one, ${shadow.token}`);
    }
    if (kind === "gate_passed" && payload.token === shadow.token) shadow.gatesPassed.add(payload.gate);
    if (kind === "gate_failed" && payload.token === shadow.token) shadow.gatesPassed.delete(payload.gate);
    if (kind === "task_claimed") this.#checkClaim(id, shadow, event.payload, ts, broken);
    const target = TARGETS[kind];
    if (target === undefined) return;
    const transition = `${shadow.status} ${target}`;
    if (!LEGAL.includes(transition)) broken(`illegal transition ${transition}`);
    count(this.transitions, transition);
    this.#followTask(event, id, shadow, broken);
    shadow.status = target;
  }

  #followTask(event: RunEvent, id: string, shadow: Shadow, broken: (what: string) => void): void {
    switch (event.kind) {
      case "task_claimed":
        this.claims += 1;
        Object.assign(shadow, { token: event.index, attempt: event.payload.attempt, notBefore: 0 });
        shadow.gatesPassed.clear();
        break;
      case "task_finished": {
        const gates = specOf(this.#plan, id)?.gates ?? [];
        const missing = gates.find((gate) =>
          gate.required && !gate.allow_fail && !gate.skip && !shadow.gatesPassed.has(gate.name)
        );
        if (missing !== undefined) broken(`P7: gate ${missing.name} has not passed in this attempt`);
        break;
      }
      case "task_completed":
        if (event.payload.commit !== null) {
          this.#heads.push(event.payload.commit);
          this.#tree = event.payload.tree;
        }
        Object.assign(shadow, { delivered: this.#heads.length - 1, recoveries: 0, conflicts: 0 });
        break;
      case "merge_conflicted":
        shadow.conflicts += 1;
        break;
      case "retry_scheduled":
        this.#followRetry(event.payload, id, shadow, broken);
        break;
      case "task_reopened":
        Object.assign(shadow, { token: null, retries: 0, recoveries: 0, conflicts: 0, notBefore: 0 });
        break;
      case "task_waiting":
        this.#waitsFor.set(shadow, event.payload.on);
        break;
      case "task_blocked":
        this.#checkCauses(event.payload.causes, ["failed", "blocked"], broken);
        break;
      case "task_cancelled":
        if (event.payload.causes !== undefined) this.#checkCauses(event.payload.causes, null, broken);
        shadow.token = null;
        break;
      case "task_failed":
        shadow.token = null;
        break;
      default:
        break;
    }
  }

  #followRetry(
    payload: { readonly class: string; readonly not_before: number },
    id: string,
    shadow: Shadow,
    broken: (what: string) => void,
  ): void {
    shadow.token = null;
    shadow.notBefore = payload.not_before;
    if (payload.class === "retry") shadow.retries += 1;
    shadow.recoveries = payload.class === "recovery" ? shadow.recoveries + 1 : 0;
    if (payload.class === "conflict") shadow.conflicts += 1;
    const most = specOf(this.#plan, id)?.retry_policy.max_attempts ?? 0;
    if (shadow.retries > most) broken(`retry ${shadow.retries} of ${most}`);
    if (shadow.recoveries > 2) broken("a third recovery in a row is no quarantine");
    if (shadow.conflicts > 3) broken("a fourth conflict in a row sends it back");
  }

  #checkCauses(
    causes: readonly string[],
    states: readonly string[] | null,
    broken: (what: string) => void,
  ): void {
    if (causes.length === 0) broken("it has no cause");
    const hasOne = states === null || causes.some((each) => states.includes(this.#shadow(each).status));
    if (!hasOne) broken(`none of its causes ${causes.join(", ")} has failed or is blocked`);
    const alive = causes.find((each) => ["completed", "pending"].includes(this.#shadow(each).status));
    if (alive !== undefined && states !== null) broken(`its cause ${alive} may still succeed, or has`);
  }

  #checkClaim(
    id: string,
    shadow: Shadow,
    payload: { readonly attempt: number; readonly base: string | null; readonly lease_expires: number },
    ts: number,
    broken: (what: string) => void,
  ): void {
    const spec = specOf(this.#plan, id);
    if (spec === undefined) return;
    if (payload.attempt !== shadow.attempt + 1) {
      broken(`P3: attempt ${payload.attempt} follows ${shadow.attempt}`);
    }
    if (!this.#isSelected(id)) broken("it is not selected");
    if (shadow.notBefore > ts) broken("its delay has not passed");
    if (standing(this.#plan, spec, (each) => this.#shadow(each).status) !== "ready") {
      broken("P4: its dependencies do not allow it");
    }
    if (payload.base !== null) {
      const base = this.#heads.lastIndexOf(payload.base);
      const late = spec.dependencies.find((each) => {
        const dependency = this.#shadow(each);
        return dependency.status === "completed" && dependency.delivered > base;
      });
      if (late !== undefined) broken(`P4: its base lacks what ${late} delivered`);
    }
    const holders = [...this.#shadows].filter(([, { status }]) => isActive(status) || status === "finished");
    for (const [other] of holders) {
      const others = specOf(this.#plan, other);
      if (other !== id && others !== undefined && collide(spec, others, this.#caseSensitive)) {
        broken(`P5: it conflicts with ${other}`);
      }
    }
    const atWork = holders.filter(([, { status }]) => isActive(status)).map(([other]) =>
      specOf(this.#plan, other)
    );
    if (atWork.length + 1 > this.#workers) broken("there are more attempts than workers");
    const inPool = atWork.filter((other) => spec.pool !== null && other?.pool === spec.pool).length;
    if (spec.pool !== null && inPool + 1 > (this.#plan.pools[spec.pool] ?? Infinity)) {
      broken(`pool ${spec.pool} is full`);
    }
    // A claim may lie in the log long after it was decided, where the log was slow.
    this.#checkMayStart(payload.lease_expires - this.#plan.lease_secs * 1000, broken);
  }

  #checkMayStart(decidedAt: number, broken: (what: string) => void): void {
    if (this.#isCancelled || this.#isFailed) broken("the run has ended");
    if (this.#pausedSince !== null) broken("the run is paused");
    if (this.#exhausted !== null) broken(`the budget of ${this.#exhausted} is used up`);
    const hasFailed = [...this.#shadows.values()].some(({ status }) => status === "failed");
    if (this.#plan.on_failure !== "continue" && hasFailed) broken("a task has failed, so nothing may start");
    for (const { budget, used, limit } of this.#budgets(decidedAt)) {
      if (used >= limit) broken(`it starts with ${used} of ${limit} ${budget} used`);
    }
  }

  #checkBudget(
    told: { readonly budget: string; readonly used: number; readonly limit: number },
    ts: number,
    broken: (what: string) => void,
  ): void {
    const known = this.#budgets(ts).find(({ budget }) => budget === told.budget);
    if (known?.limit !== told.limit) broken(`the limit is ${known?.limit}, not ${told.limit}`);
    // The report may lie in the log later than it was decided, but not earlier.
    const isRight = told.budget === "time" ? told.used <= (known?.used ?? 0) : told.used === known?.used;
    if (!isRight) broken(`${known?.used} is used, not ${told.used}`);
  }

  #budgets(now: number) {
    const { time_secs, attempts, tokens, usd } = this.#plan.budget;
    const pausedMs = this.#pausedMs + (this.#pausedSince === null ? 0 : now - this.#pausedSince);
    const all = [
      { budget: "time", used: (now - this.#startedAt - pausedMs) / 1000, planned: time_secs ?? undefined },
      { budget: "attempts", used: this.claims, planned: attempts },
      { budget: "tokens", used: this.#usage.get("tokens") ?? 0, planned: tokens },
      { budget: "usd", used: this.#usage.get("usd") ?? 0, planned: usd },
    ];
    return all.map(({ budget, used, planned }) => ({
      budget,
      used,
      limit: (planned ?? Infinity) + (this.#added.get(budget) ?? 0),
    }));
  }

  /** A fact of an older incarnation changes nothing. */
  #checkForged(event: RunEvent, state: RunState, broken: (what: string) => void): void {
    const incarnation = Number(/^controller\/(\d+)$/.exec(event.actor)?.[1] ?? Infinity);
    if (incarnation >= state.run.incarnation) return;
    for (const each of state.tasks) this.#compare(each.id, this.#shadow(each.id), each, broken);
    if (state.run.violations.length > 0) broken("a fact of an older incarnation is held against the log");
  }

  /** Since when each task could start: no other moment decides over its place in the order. */
  #checkReady(state: RunState, ts: number, broken: (what: string) => void): void {
    const statusOf = (id: string) => this.#shadow(id).status;
    state.tasks.forEach((task, ordinal) => {
      const spec = this.#plan.tasks[ordinal];
      if (spec === undefined) return;
      const shadow = this.#shadow(task.id);
      const isReady = shadow.status === "pending" && this.#isSelected(task.id) &&
        standing(this.#plan, spec, statusOf) === "ready";
      if (!isReady) shadow.readySince = null;
      else shadow.readySince ??= Math.max(ts, shadow.notBefore);
      if (task.ready_since !== shadow.readySince) {
        broken(`task ${task.id} is ready since ${task.ready_since}, not ${shadow.readySince}`);
      }
    });
  }

  #compare(
    id: string,
    shadow: Shadow,
    task: RunState["tasks"][number],
    broken: (what: string) => void,
  ): void {
    if (task.state !== shadow.status) broken(`task ${id} is ${task.state}, not ${shadow.status}`);
    if (task.attempt !== shadow.attempt) {
      broken(`task ${id} has attempt ${task.attempt}, not ${shadow.attempt}`);
    }
    if (task.retry_count !== shadow.retries) {
      broken(`task ${id} has ${task.retry_count} retries, not ${shadow.retries}`);
    }
    if (task.recovery_count !== shadow.recoveries) {
      broken(`task ${id} has ${task.recovery_count} recoveries, not ${shadow.recoveries}`);
    }
    const holdsLease = task.lease_expires !== null;
    if (holdsLease !== isActive(shadow.status)) {
      broken(`task ${id} is ${shadow.status}, lease: ${holdsLease}`);
    }
  }

  #shadow(id: string): Shadow {
    return this.#shadows.get(id) ?? createShadow();
  }

  #isSelected(id: string): boolean {
    return this.#selected === null || this.#selected.includes(id);
  }

  #selectedShadows(): Shadow[] {
    return [...this.#shadows].filter(([id]) => this.#isSelected(id)).map(([, shadow]) => shadow);
  }
}

function createShadow(): Shadow {
  return {
    status: "pending",
    attempt: 0,
    token: null,
    delivered: -1,
    retries: 0,
    recoveries: 0,
    conflicts: 0,
    notBefore: 0,
    readySince: null,
    gatesPassed: new Set(),
  };
}

function isActive(status: string): boolean {
  return status === "claimed" || status === "running";
}

function isTerminal(status: string): boolean {
  return ["completed", "failed", "cancelled", "blocked"].includes(status);
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}
