/**
 * A simulation of the pure core: the real `decide`, `apply` and `settleAttempt` over a virtual clock, with workers
 * that end as a seed decides. It checks what must hold after every event.
 */

import { draft, type EventDraft, type RunEvent, taskSubject } from "../../src/log/event.ts";
import type { OutcomeResult } from "../../src/log/kinds.ts";
import { conflicts } from "../../src/plan/path_set.ts";
import type { Plan, TaskSpec } from "../../src/plan/spec.ts";
import { applyAll } from "../../src/run/state.ts";
import { decide, isQuiet, nextWake } from "../../src/scheduler/decide.ts";
import { readiness, tallyOf } from "../../src/scheduler/readiness.ts";
import {
  createRunState,
  findTask,
  type RunState,
  runStateJson,
  taskAt,
} from "../../src/scheduler/run_state.ts";
import { refuseResult, settleAttempt, settleConflict } from "../../src/scheduler/settle.ts";
import { isActive, isLegalTransition, isTerminal, type TaskStatus } from "../../src/scheduler/task_state.ts";
import { Ledger, makeOutcome, makePlan, makeTask } from "../run/fixture.ts";

/** What a simulated run did. */
export interface Report {
  readonly seed: number;
  readonly events: number;
  readonly byKind: ReadonlyMap<string, number>;
  readonly violations: readonly string[];
}

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A plan of 1 to `largest` tasks, log-uniform in size, with everything that the scheduler has rules for. */
export function randomPlan(random: () => number, largest: number): Plan {
  const count = Math.max(1, Math.round(Math.exp(random() * Math.log(largest))));
  const pick = <T>(items: readonly T[]): T => {
    const item = items[Math.floor(random() * items.length)];
    if (item === undefined) throw new RangeError("Cannot pick from nothing");
    return item;
  };
  const paths = ["src/a", "src/b/**", "docs", "src/*.ts", "lib/x.ts"];
  const tasks: TaskSpec[] = [];
  for (let at = 0; at < count; at++) {
    const dependencies = [
      ...new Set(Array.from({ length: Math.floor(random() * 3) }, () => Math.floor(random() * at))),
    ]
      .filter((each) => each < at).map((each) => `t${each}`);
    const chance = random();
    tasks.push(makeTask(`t${at}`, {
      dependencies,
      trigger_rule: pick(["all_success", "all_success", "all_success", "one_success", "all_done"] as const),
      priority: pick([0, 0, 1, 5, -3]),
      pool: random() < 0.2 ? pick(["db", "gpu"]) : null,
      write_set: chance < 0.3 ? [pick(paths)] : chance < 0.4 ? [] : null,
      read_set: random() < 0.2 ? [pick(paths)] : [],
      isolation: "worktree",
      retry_declared: random() < 0.5,
      retry_policy: {
        max_attempts: Math.floor(random() * 4),
        backoff_seconds: random() * 5,
        backoff_multiplier: 2,
        max_backoff_seconds: 20,
        jitter: random(),
        terminal_on_permanent_failure: random() < 0.8,
      },
    }));
  }
  return makePlan(tasks, {
    workers: 1 + Math.floor(random() * 6),
    pools: { db: 1, gpu: 2 },
    on_failure: pick(["continue", "continue", "no-new", "kill"] as const),
    budget: { time_secs: random() < 0.1 ? 60 : null },
  });
}

/** Runs one seed to its end. */
export function simulate(seed: number, largest = 200): Report {
  return new Simulation(seed, largest).run();
}

class Simulation {
  readonly #seed: number;
  readonly #random: () => number;
  readonly #plan: Plan;
  readonly #ledger: Ledger;
  readonly #violations: string[] = [];
  readonly #byKind = new Map<string, number>();
  /** When each task at work ends: token to moment. */
  readonly #ends = new Map<number, number>();
  /** Attempts that were given up, whose results still come in. */
  readonly #stale: { readonly task_id: string; readonly attempt: number; readonly token: number }[] = [];
  #commits = 0;

  constructor(seed: number, largest: number) {
    this.#seed = seed;
    this.#random = randomSource(seed);
    this.#plan = randomPlan(this.#random, largest);
    this.#ledger = new Ledger(this.#plan);
  }

  run(): Report {
    this.#ledger.start();
    const limit = 2_000 + this.#plan.tasks.length * 400;
    let steps = 0;
    while (!this.#isOver() && steps < limit) {
      steps += 1;
      this.#step();
    }
    if (steps >= limit) this.#violations.push("liveness: the run does not come to an end");
    this.#checkEnd();
    return {
      seed: this.#seed,
      events: this.#ledger.events.length,
      byKind: this.#byKind,
      violations: this.#violations,
    };
  }

  get #state(): RunState {
    return this.#ledger.state;
  }

  #isOver(): boolean {
    return decide(this.#state, this.#ledger.now).length === 0 && this.#ends.size === 0 &&
      isQuiet(this.#state);
  }

  #step(): void {
    const decided = decide(this.#state, this.#ledger.now);
    if (decided.length > 0) {
      // Asking twice must give the same answer: a decision changes nothing but caches.
      const again = decide(this.#state, this.#ledger.now);
      if (JSON.stringify(again) !== JSON.stringify(decided)) {
        this.#violations.push("decide is not deterministic");
      }
      this.#add(decided);
      return;
    }
    if (this.#random() < 0.03) this.#disturb();
    if (this.#state.run.merge !== null && this.#random() < 0.6) return this.#merge();
    const ending = [...this.#ends].filter(([, at]) => at <= this.#ledger.now).map(([token]) => token);
    const token = ending[Math.floor(this.#random() * ending.length)];
    if (token !== undefined) return this.#end(token);
    if (this.#stale.length > 0 && this.#random() < 0.2) return this.#reportStale();
    this.#letTimePass();
  }

  #letTimePass(): void {
    const moments = [...this.#ends.values(), nextWake(this.#state) ?? Infinity];
    const next = Math.min(...moments);
    if (this.#state.run.merge !== null) return this.#merge();
    if (this.#state.run.paused) return void this.#request("unpause_requested", {});
    if (next === Infinity) return;
    this.#ledger.now = Math.max(this.#ledger.now, next);
  }

  #end(token: number): void {
    const view = this.#state.tasks.find((task) => task.token === token && isActive(task.state));
    this.#ends.delete(token);
    if (view === undefined) return;
    const ref = { task_id: view.id, attempt: view.attempt, token };
    const chance = this.#random();
    if (chance < 0.04) {
      // The worker is gone without a word: its lease runs out.
      this.#stale.push(ref);
      return;
    }
    const results: OutcomeResult[] = [
      "exit",
      "signal",
      "timeout",
      "spawn_error",
      "gate_failed",
      "blocked_on_human",
    ];
    const result: OutcomeResult = chance < 0.75
      ? "success"
      : results[Math.floor(this.#random() * results.length)] ?? "exit";
    if (result !== "spawn_error") this.#start(ref);
    if (this.#random() < 0.7) this.#pin(ref);
    this.#add(settleAttempt(this.#state, ref, makeOutcome(result), [], this.#ledger.now));
  }

  #start(ref: { readonly task_id: string; readonly attempt: number; readonly token: number }): void {
    this.#add([draft("task_started", taskSubject(ref.task_id), "controller/1", {
      ...ref,
      process: { pid: 1, pgid: 1, start_time: null, boot_id: null },
      slot: "w1",
      output: "",
    })]);
  }

  #pin(ref: { readonly task_id: string; readonly attempt: number; readonly token: number }): void {
    this.#add([draft("attempt_pinned", taskSubject(ref.task_id), "controller/1", {
      ...ref,
      ref: "r",
      commit: this.#oid(),
      tree: this.#oid(),
      changed: { count: 0, paths: [] },
      by_products: [],
      by_products_capped: false,
      unpinned: [],
      set_aside: false,
      secrets: [],
    })]);
  }

  #merge(): void {
    const { merge } = this.#state.run;
    if (merge === null) return;
    const ref = { task_id: merge.task_id, attempt: merge.attempt, token: merge.token };
    if (this.#random() < 0.15) {
      this.#add(settleConflict(this.#state, ref, merge.head, ["src/a"], "conflict", this.#ledger.now));
      return;
    }
    const payload = { ...ref, commit: this.#oid(), tree: this.#oid() };
    this.#add([draft("task_completed", taskSubject(ref.task_id), "controller/1", payload)]);
  }

  #reportStale(): void {
    const ref = this.#stale.shift();
    if (ref === undefined) return;
    const view = findTask(this.#state, ref.task_id);
    const before = view?.task.state;
    const wasCurrent = view?.task.token === ref.token;
    this.#add(
      wasCurrent
        ? settleAttempt(this.#state, ref, makeOutcome("exit"), [], this.#ledger.now)
        : [refuseResult(this.#state, ref, "stale")],
    );
    if (!wasCurrent && view?.task.state !== before) {
      this.#violations.push(`P3: a stale result changed task ${ref.task_id}`);
    }
  }

  #disturb(): void {
    const chance = this.#random();
    const task_id = this.#plan.tasks[Math.floor(this.#random() * this.#plan.tasks.length)]?.id ?? null;
    if (chance < 0.1) this.#request("cancel_requested", { task_id: null, reason: "test" });
    else if (chance < 0.5) this.#request("cancel_requested", { task_id, reason: "test" });
    else if (chance < 0.7) this.#request("pause_requested", { reason: "test" });
    else if (chance < 0.9) this.#ledger.now += Math.floor(this.#random() * 900_000);
    else this.#request("cancel_requested", { task_id: "nobody", reason: "test" });
  }

  #request(
    kind: "cancel_requested" | "pause_requested" | "unpause_requested",
    extra: Readonly<Record<string, unknown>>,
  ): void {
    const requester = { process: { pid: 2, pgid: 2, start_time: null, boot_id: null }, wall: 0 };
    const event = { kind, subject: "run", actor: "cli/2", payload: { ...requester, ...extra } };
    this.#add([event as EventDraft]);
  }

  #oid(): string {
    this.#commits += 1;
    return this.#commits.toString(16).padStart(40, "0");
  }

  #add(drafts: readonly EventDraft[]): void {
    for (const each of drafts) {
      const before = this.#state.tasks.map((task) => task.state);
      const counted = this.#state.run.violations.length;
      const [event] = this.#ledger.add([each]);
      if (event !== undefined) this.#check(event, before, counted);
    }
  }

  #check(event: RunEvent, before: readonly TaskStatus[], counted: number): void {
    this.#byKind.set(event.kind, (this.#byKind.get(event.kind) ?? 0) + 1);
    const broken = this.#state.run.violations.slice(counted);
    for (const { why } of broken) this.#violations.push(`event ${event.index} ${event.kind}: ${why}`);
    this.#state.tasks.forEach((task, ordinal) => {
      const from = before[ordinal];
      if (from !== undefined && from !== task.state && !isLegalTransition(from, task.state)) {
        this.#violations.push(`illegal: ${task.id} ${from} to ${task.state}`);
      }
    });
    if (event.kind === "task_claimed") this.#checkClaim(event.payload.task_id, event.index);
    this.#reconcile();
    if (event.index % 50 === 0) this.#checkFold();
  }

  #checkClaim(taskId: string, token: number): void {
    const view = findTask(this.#state, taskId);
    if (view === undefined) return;
    this.#ends.set(token, this.#ledger.now + Math.floor(this.#random() * 30_000));
    const sums = { terminal: 0, satisfied: 0, completed: 0 };
    for (const id of view.spec.dependencies) {
      const dependency = findTask(this.#state, id);
      if (dependency === undefined) continue;
      const tally = tallyOf(dependency.spec, dependency.task);
      sums.terminal += tally.terminal;
      sums.satisfied += tally.satisfied;
      sums.completed += tally.completed;
    }
    if (readiness(view.spec.trigger_rule, view.spec.dependencies.length, sums) !== "ready") {
      this.#violations.push(`P4: ${taskId} was claimed before its dependencies allow it`);
    }
    if (view.task.base !== this.#state.run.head?.commit) {
      this.#violations.push(`P4: ${taskId} starts on an old base`);
    }
    const active = [...this.#state.index.active].map((ordinal) => taskAt(this.#state, ordinal));
    for (const other of active) {
      if (other.ordinal !== view.ordinal && conflicts(other.spec, view.spec)) {
        this.#violations.push(`P5: ${taskId} runs beside ${other.spec.id}`);
      }
    }
    if (active.length > this.#plan.workers) this.#violations.push(`${active.length} tasks at work`);
    for (const [pool, limit] of Object.entries(this.#plan.pools)) {
      const used = active.filter((each) => each.spec.pool === pool).length;
      if (used > limit) this.#violations.push(`pool ${pool} holds ${used}`);
    }
    if (this.#plan.on_failure !== "continue" && this.#state.index.count("failed") > 0) {
      this.#violations.push(`${taskId} was claimed after a failure`);
    }
    if (this.#state.run.cancel !== null) this.#violations.push(`${taskId} was claimed in a cancelled run`);
  }

  /** What the controller does after each event: ends what is not wanted. */
  #reconcile(): void {
    const isKilling = this.#plan.on_failure === "kill" && this.#state.index.count("failed") > 0;
    for (const task of this.#state.tasks) {
      if (task.token === null || !isActive(task.state) || !this.#ends.has(task.token)) continue;
      const unwanted = isKilling || this.#state.run.cancel !== null || task.cancel_request !== null;
      if (unwanted) this.#ends.set(task.token, this.#ledger.now);
    }
    for (const token of this.#ends.keys()) {
      const isAtWork = this.#state.tasks.some((task) => task.token === token && isActive(task.state));
      if (!isAtWork) this.#ends.delete(token);
    }
  }

  #checkFold(): void {
    const folded = applyAll(createRunState(this.#plan), this.#ledger.events);
    if (runStateJson(folded) !== runStateJson(this.#state)) this.#violations.push("P1: the fold differs");
  }

  #checkEnd(): void {
    this.#checkFold();
    const stopped = this.#state.run.cancelled || this.#state.run.budget_exhausted !== null ||
      (this.#plan.on_failure !== "continue" && this.#state.index.count("failed") > 0);
    const waits = this.#state.index.count("waiting") > 0;
    for (const task of this.#state.tasks) {
      const rests = isTerminal(task.state) || task.state === "waiting";
      if (!rests && !(task.state === "pending" && (stopped || waits))) {
        this.#violations.push(`liveness: ${task.id} ends as ${task.state}`);
      }
    }
    if (this.#state.run.open_requests.length > 0) this.#violations.push("a request was never answered");
  }
}
