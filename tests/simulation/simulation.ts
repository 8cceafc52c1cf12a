/**
 * One simulated run: the real fold, scheduler and controller, over the log in memory, with everything around them
 * decided by one seed. Each event is checked as it is folded; a reference model decides beside the scheduler.
 */

import { setImmediate } from "node:timers";
import { draft, type RunEvent, taskSubject } from "../../src/log/event.ts";
import { KINDS } from "../../src/log/kinds.ts";
import type { Plan } from "../../src/plan/spec.ts";
import { Controller, type RunEnd } from "../../src/run/controller.ts";
import { hasOpenWork } from "../../src/run/open_work.ts";
import { apply, applyAll } from "../../src/run/state.ts";
import { controllerActor, decide } from "../../src/scheduler/decide.ts";
import { createRunState, type RunState, runStateJson } from "../../src/scheduler/run_state.ts";
import { LockTimeoutError, LogIoError } from "../../src/log/errors.ts";
import { restoreState, snapshotOf } from "../../src/scheduler/state_snapshot.ts";
import { isActive } from "../../src/scheduler/task_state.ts";
import { Evidence } from "./evidence.ts";
import { type FaultKind, Faults } from "./faults.ts";
import { DISTURBANCES, foreignDraft } from "./foreign.ts";
import { Invariants } from "./invariants.ts";
import { isSame } from "./is_same.ts";
import { Hands } from "./simulated_hands.ts";
import { modelDecide } from "./model.ts";
import { randomPlan, randomStart } from "./plans.ts";
import { Random } from "./random.ts";
import { simulatedPorts } from "./simulated_ports.ts";
import { inOrder, words } from "./words.ts";
import { SimulatedProcess, World } from "./world.ts";

/** After so many moments without an event a person unpauses the run. */
const PATIENCE_STEPS = 40;
/** How often a run that has ended is gone on with. */
const MOST_ROUNDS = 3;

/** What came of a simulated run. */
export interface Report {
  readonly seed: number;
  readonly tasks: number;
  readonly events: number;
  readonly decisions: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly transitions: ReadonlyMap<string, number>;
  readonly refusals: ReadonlyMap<string, number>;
  /** The status that the run ended with; null where it did not end. */
  readonly status: string | null;
  readonly violations: readonly string[];
}

/** Runs one seed to its end, or to the first broken rule. */
export async function simulate(seed: number, largest = 200): Promise<Report> {
  return await new Simulation(seed, largest).run();
}

/** How a controller ended; it may also never do. */
type End = { readonly end: RunEnd } | { readonly error: unknown };

class Simulation {
  readonly #seed: number;
  readonly #random: Random;
  readonly #plan: Plan;
  readonly #faults: Faults;
  readonly #world: World;
  readonly #invariants: Invariants;
  readonly #evidence: Evidence;
  readonly #eventLimit: number;
  readonly #hands: Hands;
  #process: SimulatedProcess;
  #controller: Controller | null = null;
  /** Never asked for a decision: deciding must not change what the fold gives. */
  readonly #fold: RunState;
  #durations: ReadonlyMap<string, number> = new Map();
  #end: End | null = null;
  #rounds = 0;
  /** How many events were checked. */
  #observed = 0;
  #decisions = 0;

  constructor(seed: number, largest: number) {
    const random = new Random(seed);
    this.#seed = seed;
    this.#random = random.split("faults");
    this.#plan = randomPlan(random.split("plan"), largest);
    this.#faults = new Faults(random.split("rates"));
    this.#world = new World(random.split("world"), this.#faults, this.#plan);
    this.#invariants = new Invariants(this.#plan, (what) => this.#world.violate(what));
    this.#evidence = new Evidence(this.#world);
    this.#process = new SimulatedProcess(this.#world);
    this.#hands = new Hands(this.#world, this.#plan, random.split("hands"));
    this.#fold = createRunState(this.#plan);
    this.#eventLimit = 40 + Math.round(this.#plan.tasks.length * random.split("length").next() * 25);
  }

  async run(): Promise<Report> {
    try {
      await this.#start();
      await this.#goOn();
      if (this.#world.violations.length === 0) this.#checkEnd();
    } catch (error) {
      this.#world.violate(`it threw: ${error instanceof Error ? error.stack : error}`);
    }
    this.#process.die();
    this.#hands.end();
    return {
      seed: this.#seed,
      tasks: this.#plan.tasks.length,
      events: this.#world.events.length,
      decisions: this.#decisions,
      faults: this.#faults.counts,
      transitions: this.#invariants.transitions,
      refusals: this.#invariants.refusals,
      status: this.#fold.run.status,
      violations: this.#world.violations,
    };
  }

  async #start(): Promise<void> {
    const state = createRunState(this.#plan);
    const payload = randomStart(this.#random.split("start"), this.#plan);
    this.#durations = new Map(payload.durations.map(({ task_id, ms }) => [task_id, ms]));
    const [event] = await this.#world.log.append([draft("run_started", "run", "controller/1", payload)]);
    if (event !== undefined) this.#foldByHand(state, event);
    this.#conduct(state);
  }

  /** Lets things happen, one after the other, until the run is over for good. */
  async #goOn(): Promise<void> {
    const mostSteps = 5_000 + this.#plan.tasks.length * 500;
    let eventful = 0;
    let events = 0;
    for (let steps = 0; this.#world.violations.length === 0; steps++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#end !== null) {
        if (!await this.#followUp(this.#end)) return;
        continue;
      }
      if (!this.#process.isAlive) {
        await this.#takeOver();
        continue;
      }
      this.#checkIdle();
      if (steps > mostSteps) return this.#world.violate("liveness: the run does not come to an end");
      if (this.#world.events.length > events) eventful = steps;
      events = this.#world.events.length;
      if (events > this.#eventLimit) this.#faults.stop();
      if (this.#faults.isOver || steps - eventful > PATIENCE_STEPS) this.#unpause();
      this.#letTimePass();
    }
  }

  #letTimePass(): void {
    const { clock } = this.#world;
    if (this.#faults.strikes("clock_forward", 0.004)) clock.jump(this.#random.logBetween(1_000, 10_000_000));
    if (this.#faults.strikes("clock_back", 0.004)) clock.jump(-this.#random.logBetween(1_000, 10_000_000));
    // A sleep in the middle of a silence, and no longer than that, is what a watchdog takes for a stall.
    const isAnySilent = this.#world.watched.isAnySilent;
    if (this.#faults.strikes("machine_slept", isAnySilent ? 0.15 : 0.004)) {
      const isNap = isAnySilent && this.#random.chance(0.7);
      this.#world.fallAsleep(this.#random.logBetween(1_000, isNap ? 100_000 : 10_000_000));
    }
    clock.advance(this.#world.hasNews);
  }

  /** A person lets go on what somebody has paused. */
  #unpause(): void {
    const { run } = this.#fold;
    const isAsked = run.open_requests.some(({ kind }) => kind === "unpause_requested");
    if (run.paused && !isAsked && !this.#world.hasNews) this.#request("unpaused");
  }

  #conduct(state: RunState): void {
    const process = this.#process;
    const ports = simulatedPorts(this.#world, process, (event) => this.#observe(state, event));
    const controller = new Controller(state, ports);
    this.#controller = controller;
    this.#end = null;
    controller.run().then(
      (end) => process.isAlive && (this.#end = { end }),
      (error) => process.isAlive && (this.#end = { error }),
    );
  }

  /** What a new process does: it folds the log and opens the next incarnation. */
  async #takeOver(): Promise<void> {
    const { clock, log } = this.#world;
    if (this.#faults.strikes("clock_forward", 0.1)) clock.jump(this.#random.logBetween(1_000, 10_000_000));
    if (this.#faults.strikes("clock_back", 0.1)) clock.jump(-this.#random.logBetween(1_000, 10_000_000));
    clock.pass(this.#random.logBetween(1, 100_000));
    this.#world.disturb();
    await log.poll();
    this.#world.restartClock();
    this.#process = new SimulatedProcess(this.#world);
    const state = this.#restore();
    for (const event of this.#world.events.slice(state.run.next_index)) {
      apply(state, event);
      // What its predecessor had appended but did not live to fold.
      if (event.index >= this.#observed) this.#examine(state, event);
    }
    this.#compareFolds(state);
    if (state.run.tampered_at !== null || state.run.violations.length > 0) {
      if (!this.#invariants.isForged) {
        this.#world.violate("a log that nobody has forged cannot be taken over");
      }
      this.#end = { error: null };
      return;
    }
    const incarnation = state.run.incarnation + 1;
    const [event] = await log.append([draft("run_resumed", "run", `controller/${incarnation}`, {
      incarnation,
      controller: { pid: 1, pgid: 1, start_time: null, boot_id: null, mark: "m" },
      by: "resume",
      onto: null,
    })]);
    if (event !== undefined) this.#foldByHand(state, event);
    this.#conduct(state);
  }

  /** What a new process begins its fold with: nothing, or what a snapshot tells of some of the events. */
  #restore(): RunState {
    const kept = this.#random.between(0, this.#observed);
    const state = createRunState(this.#plan);
    if (kept === 0) return state;
    applyAll(state, this.#world.events.slice(0, kept));
    return restoreState(this.#plan, JSON.parse(JSON.stringify(snapshotOf(state))));
  }

  /** Whether somebody goes on with the run after its controller has ended. */
  async #followUp(end: End): Promise<boolean> {
    if ("error" in end) {
      if (end.error === null) return false;
      if (end.error instanceof LogIoError || end.error instanceof LockTimeoutError) {
        this.#process.die();
        this.#end = null;
        return true;
      }
      this.#world.violate(`the controller gave up: ${end.error}`);
      return false;
    }
    this.#checkFinished(end.end);
    if (this.#faults.isOver || this.#invariants.isForged || this.#rounds >= MOST_ROUNDS) return false;
    this.#rounds += 1;
    this.#process.die();
    const kinds = this.#random.shuffled(["answered", "retried", "budget_added"] as const);
    for (const kind of kinds.slice(0, this.#random.between(1, 2))) this.#request(kind);
    await this.#world.log.poll();
    this.#catchUp();
    if (!hasOpenWork(this.#fold)) return false;
    this.#end = null;
    return true;
  }

  /** Folds what a process has appended before its controller listens. */
  #foldByHand(state: RunState, event: RunEvent): void {
    apply(state, event);
    this.#observe(state, event);
  }

  /** Sees each event right after the controller has folded it. */
  #observe(state: RunState, event: RunEvent): void {
    this.#examine(state, event);
    if (this.#world.violations.length > 0) return this.#process.die();
    this.#disturb(event, state);
  }

  #examine(state: RunState, event: RunEvent): void {
    this.#observed = event.index + 1;
    this.#catchUp();
    this.#invariants.check(event, state);
    if (this.#invariants.isForged) this.#world.watched.stop();
    else this.#evidence.check(event);
    this.#world.watched.check(event, this.#plan);
    if (event.index % 50 === 0) this.#compareFolds(state);
    this.#compareDecisions(state, event.index);
  }

  /** The fold that is never asked for decisions. */
  #catchUp(): void {
    for (let at = this.#fold.run.next_index; at < this.#world.events.length; at++) {
      const event = this.#world.events[at];
      if (event !== undefined) apply(this.#fold, event);
    }
  }

  #compareFolds(state: RunState): void {
    // A commit is folded event by event, and this fold may be at its end already.
    if (state.run.next_index !== this.#fold.run.next_index) return;
    if (!isSame(state.run, this.#fold.run) || !isSame(state.tasks, this.#fold.tasks)) {
      this.#world.violate("P1: two folds of one log differ");
    }
  }

  #compareDecisions(state: RunState, index: number): void {
    if (this.#invariants.isForged) return;
    const now = this.#world.now();
    const real = words(decide(state, now));
    const model = this.#modelled(state, now);
    this.#decisions += 1;
    if (JSON.stringify(real) !== JSON.stringify(model)) {
      this.#world.violate(
        `after event ${index} the scheduler decides ${JSON.stringify(real)}, the model ${
          JSON.stringify(model)
        }`,
      );
    }
  }

  /** While everybody waits, nothing is left to decide: no task waits that could start. */
  #checkIdle(): void {
    const controller = this.#controller;
    if (controller === null || this.#invariants.isForged || this.#world.isAppending) return;
    // That most of the time is used up may be told with what happens next.
    const left = this.#modelled(controller.state, this.#world.now())
      .filter((each) => !each.startsWith("budget_checkpoint time"));
    if (left.length > 0) {
      this.#world.violate(`starvation: the controller waits instead of ${JSON.stringify(left)}`);
    }
  }

  #modelled(state: RunState, now: number): string[] {
    const { run, tasks } = state;
    const { shadows } = this.#invariants;
    return inOrder(modelDecide({ run, tasks, shadows, durations: this.#durations, now }));
  }

  /** What may happen right after an event. */
  #disturb(event: RunEvent, state: RunState): void {
    if (event.kind === "task_started") this.#recordUsage(event.payload.task_id);
    const isEnd = event.kind === "retry_scheduled" || event.kind === "task_failed";
    if (isEnd && event.payload.outcome.detail === "its lease ran out") this.#faults.count("lease_expired");
    for (const [kind, rate] of DISTURBANCES) {
      if (this.#faults.isDue(kind, rate)) this.#request(kind, state);
    }
    this.#hands.disturb();
    if (this.#faults.strikes("controller_died", 0.015)) this.#process.die();
  }

  #request(kind: FaultKind, state = this.#fold): void {
    const foreign = foreignDraft(kind, state, this.#random);
    if (foreign === undefined) return;
    this.#faults.count(kind);
    const event = this.#world.appendForeign(foreign);
    if (event !== undefined && KINDS[event.kind].class === "fact") this.#invariants.forgedFrom(event.index);
    // Who sees no effect at once asks again.
    if (kind === "task_cancelled" && this.#random.chance(0.5)) this.#world.appendForeign(foreign);
    // What is at work may propose something while the run is being cancelled.
    if (kind !== "run_cancelled") return;
    for (let more = this.#random.between(0, 4); more > 0; more--) this.#request("proposed", state);
  }

  /** What an attempt has used, as its worker measures it while it runs: always where its task has a budget of its own. */
  #recordUsage(taskId: string): void {
    const random = this.#random.split(`usage ${this.#world.events.length}`);
    const [own] = Object.keys(this.#plan.tasks.find(({ id }) => id === taskId)?.budget ?? {});
    if (own === undefined && !random.chance(0.3)) return;
    const metric = own ?? random.pick(["usd", "tokens"]);
    const amount = random.between(0, metric === "usd" ? 4 : 3_000);
    // An append that fails ends the controller, which is seen there.
    this.#controller?.commit((state) => {
      const task = state.tasks.find(({ id, state: status }) => id === taskId && isActive(status));
      if (task === undefined || task.token === null) return [];
      const ref = { task_id: taskId, attempt: task.attempt, token: task.token };
      return [draft("usage_recorded", taskSubject(taskId), controllerActor(state), {
        ...ref,
        metric,
        amount,
        quality: "measured",
      })];
    }).catch(() => undefined);
  }

  #checkFinished({ status }: RunEnd): void {
    if (this.#invariants.isForged) {
      const { tampered_at } = this.#fold.run;
      const { events, foreign } = this.#world;
      const lastOwn = (kind: RunEvent["kind"]) =>
        events.findLast((event) => event.kind === kind && !foreign.has(event.index))?.index ?? 0;
      // What is forged behind the end, or while no controller lives, is not for the controller to find.
      const isFindable = this.#invariants.isForgedBetween(lastOwn("run_resumed"), lastOwn("run_finished"));
      if (tampered_at === null && isFindable) this.#world.violate("a forged fact was never found");
      if (tampered_at !== null && status !== "failed_infra" && status !== "cancelled") {
        this.#world.violate(`a forged log ends as ${status}`);
      }
      return;
    }
    const expected = this.#invariants.expectedStatus();
    if (status !== expected) this.#world.violate(`the run ends as ${status}, not ${expected}`);
    this.#invariants.checkEnd(this.#fold);
  }

  #checkEnd(): void {
    const again = applyAll(createRunState(this.#plan), this.#world.events);
    if (runStateJson(again) !== runStateJson(this.#fold)) {
      this.#world.violate("P1: folding the log again differs");
    }
  }
}
