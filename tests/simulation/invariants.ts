/** The promises, checked after each event by the plainest means, from the events alone as far as they tell. */

import type { RunEvent } from "../../src/log/event.ts";
import type { PayloadOf, RunStatus } from "../../src/log/kinds.ts";
import { readStoredTask } from "../../src/plan/stored_task.ts";
import type { Plan, TaskSpec } from "../../src/plan/spec.ts";
import type { RunState } from "../../src/scheduler/run_state.ts";
import { Answers } from "./answers.ts";
import { checkClaim, dependenciesOf, type Shadows } from "./claim_rules.ts";
import { GateShadow } from "./gate_shadow.ts";
import { MergeShadow } from "./merge_shadow.ts";
import { isOver, readinessOf } from "./naive.ts";
import { type Broken, RunShadow } from "./run_shadow.ts";
import { movesTask, TaskShadow } from "./task_shadow.ts";

/** See the module. */
export class Invariants {
  /** How often each transition was taken. */
  readonly transitions = new Map<string, number>();
  readonly #answers = new Answers();
  /** Grows as the events say. */
  readonly #plan: Plan & { readonly tasks: TaskSpec[] };
  readonly #run: RunShadow;
  readonly #merges: MergeShadow;
  readonly #gates: GateShadow;
  readonly #tasks: Map<string, TaskShadow>;
  readonly #shadows: Shadows;
  readonly #broken: Broken;
  /** How many tasks the plan itself has. */
  readonly #planned: number;
  #forgedFrom = Infinity;

  constructor(plan: Plan, broken: Broken) {
    this.#plan = { ...plan, tasks: [...plan.tasks] };
    this.#planned = plan.tasks.length;
    this.#broken = broken;
    this.#run = new RunShadow(plan);
    this.#merges = new MergeShadow(plan);
    this.#gates = new GateShadow(this.#plan);
    this.#tasks = new Map(plan.tasks.map((spec) => [spec.id, new TaskShadow(spec)]));
    this.#shadows = { plan: this.#plan, run: this.#run, tasks: this.#tasks, gates: this.#gates };
  }

  /** What the events say of the run and its tasks. */
  get shadows(): Shadows {
    return this.#shadows;
  }

  /** How often each reason of a refusal was given, without names and numbers. */
  get refusals(): ReadonlyMap<string, number> {
    return this.#answers.refusals;
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
    this.#answers.read(event);
    if (event.kind === "task_accepted") this.#addTask(event.payload, state, broken);
    const shadow = this.#tasks.get(event.subject.slice("task/".length));
    // A claim is judged by what came before it.
    if (event.kind === "task_claimed" && shadow !== undefined) {
      checkClaim(this.#shadows, shadow, event.payload, broken);
    }
    this.#run.read(event, ts, broken);
    this.#merges.read(event, broken);
    this.#gates.read(event, broken);
    if (shadow !== undefined) this.#readTask(event, shadow, state, broken);
    if (event.index % 50 === 0) this.#compareAll(state, broken);
    if (movesTask(event.kind) || ["run_started", "task_accepted"].includes(event.kind)) {
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
    const tasks = [...this.#tasks.values()].filter(({ spec }) => this.#run.isSelected(spec.id));
    const isComplete = tasks.every(({ state }) => state === "completed");
    if (this.#run.exhausted !== null && !isComplete) return "needs_more_budget";
    const waiting = tasks.filter(({ state }) => state === "waiting");
    if (waiting.some(({ waitsFor }) => waitsFor === "budget")) return "needs_more_budget";
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
      (this.#plan.on_failure !== "continue" && state.tasks.some((task) => task.state === "failed"));
    for (const task of state.tasks) {
      const shadow = this.#tasks.get(task.id);
      if (
        shadow === undefined || !this.#run.isSelected(task.id) || isOver(task) || task.state === "waiting"
      ) {
        continue;
      }
      const dependsOnWaiting = readinessOf(shadow.spec, dependenciesOf(this.#shadows, shadow)) === "open";
      if (task.state !== "pending" || !(stops || dependsOnWaiting)) {
        this.#broken(`liveness: task ${task.id} ends as ${task.state}`);
      }
    }
    const open = this.#answers.openBefore(this.#run.proofAt);
    if (open !== undefined) this.#broken(`liveness: request ${open} was never answered`);
  }

  #readTask(event: RunEvent, shadow: TaskShadow, state: RunState, broken: Broken): void {
    // Causes are judged by what came before the event.
    if (event.kind === "task_blocked") this.#checkCauses(event.payload.causes, ["failed", "blocked"], broken);
    if (event.kind === "task_cancelled" && event.payload.causes !== undefined) {
      this.#checkCauses(event.payload.causes, null, broken);
    }
    const transition = shadow.read(event, this.#run.heads.length - 1, broken);
    if (transition !== undefined) {
      this.transitions.set(transition, (this.transitions.get(transition) ?? 0) + 1);
    }
    const task = state.tasks.find(({ id }) => id === shadow.spec.id);
    if (task !== undefined) shadow.compare(task, broken);
  }

  #compareAll(state: RunState, broken: Broken): void {
    for (const task of state.tasks) this.#tasks.get(task.id)?.compare(task, broken);
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
    if (this.#tasks.has(task_id)) broken(`there are two tasks ${task_id}`);
    const unknown = read.spec.dependencies.find((each) => !this.#tasks.has(each));
    if (unknown !== undefined) broken(`it depends on ${unknown}, which is no task`);
    const proposer = this.#tasks.get(proposed_by?.task_id ?? "");
    const isCurrent = proposer?.token === proposed_by?.token && proposer?.isActive === true;
    if (request !== undefined && !isCurrent) {
      broken("P3: it was proposed by an attempt that is not the current one");
    }
    if (this.#run.isCancelled || this.#run.isFailed) broken("the run has ended");
    this.#plan.tasks.push(read.spec);
    this.#tasks.set(task_id, new TaskShadow(read.spec, 1 + (proposer?.depth ?? 0)));
    const accepted = this.#plan.tasks.length - this.#planned;
    if (accepted > policy.max_tasks) broken(`more than ${policy.max_tasks} proposals are accepted`);
    if (state.plan.tasks.length !== this.#plan.tasks.length) broken("the plan has not grown by one task");
  }

  #checkCauses(causes: readonly string[], states: readonly string[] | null, broken: Broken): void {
    if (causes.length === 0) broken("it has no cause");
    const stateOf = (id: string) => this.#tasks.get(id)?.state ?? "pending";
    const hasOne = states === null || causes.some((each) => states.includes(stateOf(each)));
    if (!hasOne) broken(`none of its causes ${causes.join(", ")} has failed or is blocked`);
    const alive = causes.find((each) => ["completed", "pending"].includes(stateOf(each)));
    if (alive !== undefined && states !== null) broken(`its cause ${alive} may still succeed, or has`);
  }

  /** A fact of an older incarnation changes nothing. */
  #checkForged(event: RunEvent, state: RunState, broken: Broken): void {
    const incarnation = Number(/^controller\/(\d+)$/.exec(event.actor)?.[1] ?? Infinity);
    if (incarnation >= state.run.incarnation) return;
    this.#compareAll(state, broken);
    if (state.run.violations.length > 0) broken("a fact of an older incarnation is held against the log");
  }

  /** Since when each task could start: no other moment decides over its place in the order. */
  #checkReady(state: RunState, ts: number, broken: Broken): void {
    for (const task of state.tasks) {
      const shadow = this.#tasks.get(task.id);
      if (shadow === undefined) continue;
      const isReady = shadow.state === "pending" && this.#run.isSelected(task.id) &&
        readinessOf(shadow.spec, dependenciesOf(this.#shadows, shadow)) === "ready";
      if (!isReady) shadow.readySince = null;
      else shadow.readySince ??= Math.max(ts, shadow.notBefore);
      if (task.ready_since !== shadow.readySince) {
        broken(`task ${task.id} is ready since ${task.ready_since}, not ${shadow.readySince}`);
      }
    }
  }
}
