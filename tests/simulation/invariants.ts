/** The promises, checked after each event by the plainest means, from the events alone as far as they tell. */

import type { RunEvent } from "../../src/log/event.ts";
import { KINDS, type PayloadOf, type RunStatus } from "../../src/log/kinds.ts";
import { readStoredTask } from "../../src/plan/stored_task.ts";
import type { Plan, TaskSpec } from "../../src/plan/spec.ts";
import type { RunState } from "../../src/scheduler/run_state.ts";
import { collide, specOf, standing } from "./naive.ts";
import { plainReason } from "./refusals.ts";
import { type Broken, RunShadow } from "./run_shadow.ts";

/** The legal transitions, as the format says. */
export const LEGAL: readonly string[] = [
  "pending claimed",
  "pending blocked",
  "pending cancelled",
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
};

/** What the events say of a task. */
interface Shadow {
  status: string;
  attempt: number;
  token: number | null;
  /** Who has the latest attempt in hand. */
  owner: string | null;
  /** Place of the head that holds its work; −1 where none does. */
  delivered: number;
  retries: number;
  recoveries: number;
  conflicts: number;
  notBefore: number;
  readySince: number | null;
  /** Whom it waited for the last time. */
  waitsFor: string | null;
  /** Its own gates that have passed in this attempt. */
  gatesPassed: Set<string>;
}

/** See the module. */
export class Invariants {
  /** How often each transition was taken. */
  readonly transitions = new Map<string, number>();
  /** The reasons of refusals, without names and numbers. */
  readonly refusals = new Map<string, number>();
  /** Grows as the events say. */
  readonly #plan: Plan & { readonly tasks: TaskSpec[] };
  readonly #run: RunShadow;
  readonly #shadows: Map<string, Shadow>;
  readonly #broken: Broken;
  /** Requests that no fact has answered. */
  readonly #open = new Set<number>();
  /** What workers have said of attempts, by its place in the log. */
  readonly #reports = new Map<number, { readonly kind: string; readonly token: number }>();
  /** How many tasks the plan itself has. */
  readonly #planned: number;
  #forgedFrom = Infinity;

  constructor(plan: Plan, broken: Broken) {
    this.#plan = { ...plan, tasks: [...plan.tasks] };
    this.#planned = plan.tasks.length;
    this.#broken = broken;
    this.#run = new RunShadow(plan);
    this.#shadows = new Map(plan.tasks.map(({ id }) => [id, createShadow()]));
  }

  /** How many attempts were claimed. */
  get claims(): number {
    return this.#run.claims;
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
    this.#readAnswer(event);
    // A claim is judged by what came before it.
    if (event.kind === "task_claimed") this.#checkClaim(event.payload, ts, broken);
    if (event.kind === "task_accepted") this.#addTask(event.payload, state, broken);
    this.#run.read(event, ts, broken);
    if (event.subject.startsWith("task/")) this.#readTask(event, broken);
    const id = event.subject.slice("task/".length);
    const shadow = this.#shadows.get(id);
    const task = state.tasks.find((each) => each.id === id);
    if (shadow !== undefined && task !== undefined) this.#compare(id, shadow, task, broken);
    if (event.index % 50 === 0) {
      for (const each of state.tasks) this.#compare(each.id, this.#shadow(each.id), each, broken);
    }
    if (TARGETS[event.kind] !== undefined || ["run_started", "task_accepted"].includes(event.kind)) {
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

  /** Whether the first forged fact lies between two events. */
  isForgedBetween(after: number, before: number): boolean {
    return after < this.#forgedFrom && this.#forgedFrom < before;
  }

  /** The status that a run has to end with, from the events alone. */
  expectedStatus(): RunStatus {
    if (this.#run.isCancelled) return "cancelled";
    if (this.#run.isFailed || this.isForged) return "failed_infra";
    const tasks = this.#selectedShadows();
    const isComplete = tasks.every(({ status }) => status === "completed");
    if (this.#run.exhausted !== null && !isComplete) return "needs_more_budget";
    const waiting = tasks.filter(({ status }) => status === "waiting");
    if (waiting.length > 0) {
      return waiting.some(({ waitsFor }) => waitsFor === "human")
        ? "blocked_on_human"
        : "blocked_on_external";
    }
    if (!isComplete) return "not_ready";
    const required = (this.#plan.gates ?? []).filter(({ required, allow_fail }) => required && !allow_fail);
    if (required.some(({ name }) => !this.#run.hasPassed(name))) return "not_ready";
    return required.length > 0 ? "ready" : "passed";
  }

  /** What is left at the end of a run that no fault disturbs any more: each task ends, waits, or may not start. */
  checkEnd(state: RunState): void {
    if (this.isForged || this.#run.isFailed) return;
    const stops = this.#run.exhausted !== null ||
      (this.#plan.on_failure !== "continue" &&
        [...this.#shadows.values()].some(({ status }) => status === "failed"));
    for (const { id, state: status } of state.tasks) {
      const spec = specOf(this.#plan, id);
      if (spec === undefined || !this.#run.isSelected(id) || isTerminal(status) || status === "waiting") {
        continue;
      }
      const dependsOnWaiting = standing(this.#plan, spec, (each) => this.#shadow(each).status) === "open";
      if (status !== "pending" || !(stops || dependsOnWaiting)) {
        this.#broken(`liveness: task ${id} ends as ${status}`);
      }
    }
    const open = [...this.#open].find((index) => index < this.#run.proofAt);
    if (open !== undefined) this.#broken(`liveness: request ${open} was never answered`);
  }

  #readAnswer(event: RunEvent): void {
    const { kind, payload } = event;
    if (KINDS[kind].class === "request") this.#open.add(event.index);
    else if ("request" in payload && payload.request !== undefined) this.#open.delete(payload.request);
    if (kind === "attempt_started" || kind === "attempt_reported") {
      this.#reports.set(event.index, { kind, token: payload.token });
    } else this.#readAnswerToReport(event);
    if (kind === "request_refused" || kind === "result_refused" || kind === "task_rejected") {
      count(this.refusals, plainReason(payload.reason));
    }
  }

  /** What a worker says of an attempt is answered by what becomes of that attempt. */
  #readAnswerToReport({ kind, payload }: RunEvent): void {
    const ends = ["task_finished", "task_failed", "task_cancelled", "task_waiting", "retry_scheduled"];
    const answersStart = kind === "task_started" || kind === "attempt_pinning" || ends.includes(kind);
    if (!answersStart || !("token" in payload)) return;
    const answersReport = kind !== "task_started" && kind !== "retry_scheduled";
    for (const [index, report] of this.#reports) {
      const isAnswered = report.kind === "attempt_started" || answersReport;
      if (report.token === payload.token && isAnswered) this.#open.delete(index);
    }
  }

  #readTask(event: RunEvent, broken: Broken): void {
    const id = event.subject.slice("task/".length);
    const shadow = this.#shadow(id);
    const { kind, payload } = event;
    const isReused = "reused" in payload && payload.reused !== undefined;
    const isReport = isReused || kind === "result_refused" || kind === "attempt_reported" ||
      kind === "attempt_started" ||
      kind === "task_proposed" || kind === "usage_recorded" || kind.startsWith("gate_");
    if (!isReport && "token" in payload && payload.token !== null && payload.token !== shadow.token) {
      broken(`P3: token ${payload.token} is not the current one, ${shadow.token}`);
    }
    if (kind === "gate_passed" && payload.token === shadow.token) shadow.gatesPassed.add(payload.gate);
    if (kind === "gate_failed" && payload.token === shadow.token) shadow.gatesPassed.delete(payload.gate);
    const target = TARGETS[kind];
    if (target === undefined) return;
    const transition = `${shadow.status} ${target}`;
    if (!LEGAL.includes(transition)) broken(`illegal transition ${transition}`);
    count(this.transitions, transition);
    this.#followTask(event, id, shadow, broken);
    shadow.status = target;
  }

  /** An accepted task becomes one of the run, within the limits of the plan. */
  #addTask(
    { task_id, spec, request, proposed_by }: PayloadOf<"task_accepted">,
    state: RunState,
    broken: Broken,
  ): void {
    const policy = this.#plan.proposals;
    const read = readStoredTask(spec);
    if (!("spec" in read) || policy === undefined) {
      return broken("what is accepted is no task, or may not be one");
    }
    if (this.#shadows.has(task_id)) broken(`there are two tasks ${task_id}`);
    const unknown = read.spec.dependencies.find((each) => !this.#shadows.has(each));
    if (unknown !== undefined) broken(`it depends on ${unknown}, which is no task`);
    const proposer = this.#shadow(proposed_by?.task_id ?? "");
    const isCurrent = proposer.token === proposed_by?.token && isActive(proposer.status);
    if (request !== undefined && !isCurrent) {
      broken("P3: it was proposed by an attempt that is not the current one");
    }
    if (this.#run.isCancelled || this.#run.isFailed) broken("the run has ended");
    this.#plan.tasks.push(read.spec);
    this.#shadows.set(task_id, createShadow());
    if (this.#accepted() > policy.max_tasks) broken(`more than ${policy.max_tasks} proposals are accepted`);
    if (state.plan.tasks.length !== this.#plan.tasks.length) broken("the plan has not grown by one task");
  }

  #accepted(): number {
    return this.#plan.tasks.length - this.#planned;
  }

  #followTask(event: RunEvent, id: string, shadow: Shadow, broken: Broken): void {
    switch (event.kind) {
      case "task_claimed":
        Object.assign(shadow, {
          token: event.index,
          attempt: event.payload.attempt,
          owner: event.payload.worker,
          notBefore: 0,
        });
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
        Object.assign(shadow, { delivered: this.#run.heads.length - 1, recoveries: 0, conflicts: 0 });
        break;
      case "retry_scheduled":
        this.#followRetry(event.payload, id, shadow, broken);
        break;
      case "task_reopened":
        Object.assign(shadow, { token: null, retries: 0, recoveries: 0, conflicts: 0, notBefore: 0 });
        break;
      case "task_waiting":
        shadow.waitsFor = event.payload.on;
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
    broken: Broken,
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
    broken: Broken,
  ): void {
    if (causes.length === 0) broken("it has no cause");
    const hasOne = states === null || causes.some((each) => states.includes(this.#shadow(each).status));
    if (!hasOne) broken(`none of its causes ${causes.join(", ")} has failed or is blocked`);
    const alive = causes.find((each) => ["completed", "pending"].includes(this.#shadow(each).status));
    if (alive !== undefined && states !== null) broken(`its cause ${alive} may still succeed, or has`);
  }

  #checkClaim(
    payload: PayloadOf<"task_claimed">,
    ts: number,
    broken: Broken,
  ): void {
    const { task_id: id } = payload;
    const spec = specOf(this.#plan, id);
    const shadow = this.#shadow(id);
    if (spec === undefined) return;
    if (payload.attempt !== shadow.attempt + 1) {
      broken(`P3: attempt ${payload.attempt} follows ${shadow.attempt}`);
    }
    if (!this.#run.isSelected(id)) broken("it is not selected");
    if (shadow.notBefore > ts) broken("its delay has not passed");
    if (standing(this.#plan, spec, (each) => this.#shadow(each).status) !== "ready") {
      broken("P4: its dependencies do not allow it");
    }
    if (payload.base !== null) {
      const base = this.#run.heads.lastIndexOf(payload.base);
      const late = spec.dependencies.find((each) => {
        const dependency = this.#shadow(each);
        return dependency.status === "completed" && dependency.delivered > base;
      });
      if (late !== undefined) broken(`P4: its base lacks what ${late} delivered`);
    }
    const holders = [...this.#shadows].filter(([, { status }]) => isActive(status) || status === "finished");
    for (const [other] of holders) {
      const others = specOf(this.#plan, other);
      if (other !== id && others !== undefined && collide(spec, others, this.#run.caseSensitive)) {
        broken(`P5: it conflicts with ${other}`);
      }
    }
    const atWork = holders.filter(([, { status }]) => isActive(status)).map(([other]) =>
      specOf(this.#plan, other)
    );
    const held =
      holders.filter(([, { status, owner }]) => isActive(status) && owner === payload.worker).length;
    const places = this.#run.placesOf(payload.worker);
    if (held + 1 > places) broken(`worker ${payload.worker} holds more attempts than its ${places}`);
    const inPool = atWork.filter((other) => spec.pool !== null && other?.pool === spec.pool).length;
    if (spec.pool !== null && inPool + 1 > (this.#plan.pools[spec.pool] ?? Infinity)) {
      broken(`pool ${spec.pool} is full`);
    }
    // A claim may lie in the log long after it was decided, where the log was slow.
    this.#checkMayStart(payload.lease_expires - this.#plan.lease_secs * 1000, broken);
  }

  #checkMayStart(decidedAt: number, broken: Broken): void {
    if (this.#run.isCancelled || this.#run.isFailed) broken("the run has ended");
    if (this.#run.isPaused) broken("the run is paused");
    if (this.#run.exhausted !== null) broken(`the budget of ${this.#run.exhausted} is used up`);
    const hasFailed = [...this.#shadows.values()].some(({ status }) => status === "failed");
    if (this.#plan.on_failure !== "continue" && hasFailed) broken("a task has failed, so nothing may start");
    for (const { budget, used, limit } of this.#run.budgets(decidedAt)) {
      if (used >= limit) broken(`it starts with ${used} of ${limit} ${budget} used`);
    }
  }

  /** A fact of an older incarnation changes nothing. */
  #checkForged(event: RunEvent, state: RunState, broken: Broken): void {
    const incarnation = Number(/^controller\/(\d+)$/.exec(event.actor)?.[1] ?? Infinity);
    if (incarnation >= state.run.incarnation) return;
    for (const each of state.tasks) this.#compare(each.id, this.#shadow(each.id), each, broken);
    if (state.run.violations.length > 0) broken("a fact of an older incarnation is held against the log");
  }

  /** Since when each task could start: no other moment decides over its place in the order. */
  #checkReady(state: RunState, ts: number, broken: Broken): void {
    const statusOf = (id: string) => this.#shadow(id).status;
    state.tasks.forEach((task, ordinal) => {
      const spec = this.#plan.tasks[ordinal];
      if (spec === undefined) return;
      const shadow = this.#shadow(task.id);
      const isReady = shadow.status === "pending" && this.#run.isSelected(task.id) &&
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
    broken: Broken,
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

  #selectedShadows(): Shadow[] {
    return [...this.#shadows].filter(([id]) => this.#run.isSelected(id)).map(([, shadow]) => shadow);
  }
}

function createShadow(): Shadow {
  return {
    status: "pending",
    attempt: 0,
    token: null,
    owner: null,
    delivered: -1,
    retries: 0,
    recoveries: 0,
    conflicts: 0,
    notBefore: 0,
    readySince: null,
    waitsFor: null,
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
