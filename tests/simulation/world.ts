/** What outlives every controller of a simulated run: the log, the clock, git, and the slots of tasks. */

import { LockTimeoutError, LogIoError } from "../../src/log/errors.ts";
import type { EventDraft, RunEvent } from "../../src/log/event.ts";
import { MemoryLog } from "../../src/log/memory_log.ts";
import type { EventLog } from "../../src/log/port.ts";
import type { Heartbeat } from "../../src/watchdog/heartbeat.ts";
import type { AttemptRequest } from "../../src/worker/port.ts";
import type { Plan } from "../../src/plan/spec.ts";
import { BASE_COMMIT, RUN_ID } from "../run/fixture.ts";
import type { Faults } from "./faults.ts";
import type { Random } from "./random.ts";
import { SimulatedClock } from "./simulated_clock.ts";
import { LONGEST_LOOK_GAP_MS, SLEEPS_IN_A_ROW } from "../../src/watchdog/thresholds.ts";
import { Watched } from "./watched.ts";

/** An extra worker of the simulation, as others see it. */
export interface SimulatedHands {
  readonly process: SimulatedProcess;
  /** Its latest heartbeat. */
  heartbeat: Heartbeat | null;
  /** Nothing of it is heard until then; monotonic clock. */
  silentUntil: number;
  /** When its latest heartbeat was written, on the run clock. */
  heardAt: number | null;
}

/** How long the log stays unwritable when it does: longer than a controller is patient. */
const OUTAGE_MS = 70_000;

/** See the module. */
export class World {
  readonly clock: SimulatedClock;
  readonly log: MemoryLog;
  readonly events: RunEvent[] = [];
  /** The attempts in slots that nobody has given back, by token. */
  readonly slots = new Map<number, AttemptRequest>();
  /** The extra workers that ever were, by name. */
  readonly hands = new Map<string, SimulatedHands>();
  /** Which extra worker has a slot in its hands; by token. */
  readonly slotHolders = new Map<number, string>();
  /** How often the body of an attempt has run, by token. */
  readonly bodies = new Map<number, number>();
  /** The trees of pins. */
  readonly trees = new Map<string, string>();
  /** The commits that were the run's head, oldest first. */
  readonly heads: string[] = [BASE_COMMIT];
  /** The events that other processes than the controller have appended. */
  readonly foreign = new Set<number>();
  readonly faults: Faults;
  readonly plan: Pick<Plan, "watchdog">;
  readonly random: Random;
  /** The tasks of the run, accepted ones at the end. */
  readonly taskIds: string[];
  /** What broke a rule. */
  readonly violations: string[] = [];
  /** Whether the controller is in the middle of an append, or about to try it again. */
  isAppending = false;
  /** Whether another process has appended something that the controller has not read. */
  hasNews = false;
  /** How long the machine has slept, milliseconds. */
  asleepMs = 0;
  /** How many of the tasks conflict whenever they are merged, also when faults have stopped: from 0 to 1. */
  readonly hopelessShare: number;
  /** How often the run clock has begun anew. */
  clockStarts = 0;
  /** Run clock: when the controller began its latest append. */
  draftedAt = 0;
  /** Who is silent. */
  readonly watched: Watched;
  readonly #objects = new Map<string, string>();
  readonly #findings = new Map<string, boolean>();
  #offset = 0;
  #troubles = 0;
  #troubledAt = -Infinity;
  #wokeAt = -Infinity;
  #sleepsInARow = 0;
  #writableFrom = 0;

  /** `plan` has the tasks, and the thresholds of the watchdog. */
  constructor(random: Random, faults: Faults, plan: Pick<Plan, "watchdog" | "tasks">) {
    this.plan = plan;
    this.taskIds = plan.tasks.map(({ id }) => id);
    this.random = random;
    this.faults = faults;
    this.hopelessShare = faults.isOver ? 0 : random.split("hopeless").pick([0, 0, 0.4]);
    this.clock = new SimulatedClock(random.split("clock"));
    let ids = 0;
    this.log = new MemoryLog({
      runId: RUN_ID,
      clock: {
        wall: () => this.clock.wall(),
        monotonic: () => this.clock.monotonic() + this.#offset,
        sleep: () => Promise.reject(new Error("The log does not sleep")),
      },
      newId: () => `00000000-0000-7000-8000-${(ids++).toString(16).padStart(12, "0")}`,
    });
    this.watched = new Watched(this);
    this.log.subscribe((event) => {
      this.hasNews = false;
      this.events.push(event);
      if (event.kind === "task_accepted") this.taskIds.push(event.payload.task_id);
    });
  }

  /** How often the log was slow or refused something, or something else kept a watchdog from its verdict. */
  get troubles(): number {
    return this.#troubles;
  }

  /** Something is in the way of the watchdog. */
  disturb(): void {
    this.#troubles += 1;
    this.#troubledAt = this.clock.monotonic();
  }

  /** The run clock. */
  now(): number {
    return this.log.clock.now();
  }

  /** A process that opens the log starts its clock at the wall clock, but not before the last event. */
  restartClock(): void {
    const last = Date.parse(this.events.at(-1)?.ts ?? "");
    this.isAppending = false;
    this.clockStarts += 1;
    this.#offset += Math.max(this.clock.wall(), last) - this.now();
  }

  /**
   * The machine sleeps, and nobody acts. Who sleeps for no longer than between two looks cannot tell it, and what sleeps
   * again and again, or with a slow log, is taken for a slow machine.
   */
  fallAsleep(ms: number): void {
    const isAgain = this.clock.monotonic() - this.#wokeAt < 2 * LONGEST_LOOK_GAP_MS;
    this.#sleepsInARow = isAgain ? this.#sleepsInARow + 1 : 1;
    const isSlow = this.#sleepsInARow > SLEEPS_IN_A_ROW || this.isAppending ||
      this.clock.monotonic() - this.#troubledAt < 2 * LONGEST_LOOK_GAP_MS;
    if (ms > LONGEST_LOOK_GAP_MS && !isSlow) this.asleepMs += ms;
    else this.disturb();
    this.clock.pass(ms);
    this.#wokeAt = this.clock.monotonic();
  }

  /** Notes a broken rule. */
  violate(what: string): void {
    this.violations.push(what);
  }

  /** The same object for the same content. */
  object(content: string): string {
    let id = this.#objects.get(content);
    if (id === undefined) {
      id = (this.#objects.size + 1).toString(16).padStart(40, "0");
      this.#objects.set(content, id);
    }
    return id;
  }

  /** What was found the first time. */
  remembered(what: string, find: () => boolean): boolean {
    const known = this.#findings.get(what);
    if (known !== undefined) return known;
    const found = find();
    this.#findings.set(what, found);
    return found;
  }

  /** Appends as another process would. */
  appendForeign(draft: EventDraft): RunEvent | undefined {
    this.hasNews = true;
    const [event] = this.log.appendForeign([draft]);
    if (event !== undefined) this.foreign.add(event.index);
    return event;
  }

  /** Whether an extra worker that lives works in the slot of an attempt. */
  isHeld(token: number): boolean {
    return this.hands.get(this.slotHolders.get(token) ?? "")?.process.isAlive === true;
  }

  /** Swaps the head of the run; anything but the present one, or a swap that has happened, is a lost update. */
  advanceHead(from: string, to: string): void {
    const head = this.heads.at(-1);
    if (head === to) return;
    if (head !== from) this.violate(`the head goes from ${from} to ${to} while it is ${head}`);
    this.heads.push(to);
  }

  /** The log as one process sees it: it may refuse for a while, and never answers a process that is dead. */
  logFor(process: SimulatedProcess): EventLog {
    const { log, faults, random } = this;
    return {
      append: async (drafts, options) => {
        // A refused append is tried again, so it is over only when it has gone well.
        if (!this.isAppending) this.draftedAt = this.now();
        this.isAppending = true;
        await this.#obstruct(process, options?.signal);
        if (!process.isAlive) return await forever();
        const events = await log.append(drafts, options);
        this.isAppending = false;
        return events;
      },
      head: () => log.head(),
      read: (index) => log.read(index),
      poll: async () => {
        if (!process.isAlive) return await forever();
        if (faults.strikes("write_slow", 0.001)) await process.sleep(random.between(1, 5_000));
        return process.isAlive ? await log.poll() : await forever();
      },
      subscribe: (listener) =>
        log.subscribe((event, own) => {
          if (process.isAlive) listener(event, own);
        }),
      close: () => Promise.resolve(),
    };
  }

  /** The log as an extra worker sees it: what it appends is foreign to the controller. */
  logForHands(process: SimulatedProcess): EventLog {
    const { log, random } = this;
    return {
      append: async (drafts) => {
        await process.sleep(random.split("hands").between(0, 30));
        if (!process.isAlive) return await forever();
        return drafts.flatMap((each) => this.appendForeign(each) ?? []);
      },
      head: () => log.head(),
      read: (index) => log.read(index),
      poll: () => process.isAlive ? Promise.resolve(0) : forever(),
      subscribe: (listener) =>
        log.subscribe((event, own) => {
          if (process.isAlive) listener(event, own);
        }),
      close: () => Promise.resolve(),
    };
  }

  async #obstruct(process: SimulatedProcess, signal: AbortSignal | undefined): Promise<void> {
    const { faults, random } = this;
    if (faults.strikes("write_slow", 0.03)) {
      this.disturb();
      await process.sleep(random.logBetween(10, 100_000), signal);
      this.disturb();
    }
    if (faults.strikes("lock_timed_out", 0.03)) {
      this.disturb();
      await process.sleep(5_000, signal);
      this.disturb();
      throw new LockTimeoutError("memory", 5_000);
    }
    if (faults.strikes("write_refused", 0.03)) {
      this.disturb();
      throw new LogIoError("memory", "write to", new Error("no space"));
    }
    if (faults.strikes("log_unwritable", 0.006)) this.#writableFrom = this.clock.monotonic() + OUTAGE_MS;
    if (this.clock.monotonic() < this.#writableFrom) {
      this.disturb();
      await process.sleep(1_000, signal);
      throw new LogIoError("memory", "write to", new Error("no space for long"));
    }
  }
}

/** One omk process: it can die, and then nothing of it goes on. */
export class SimulatedProcess {
  readonly #world: World;
  #isAlive = true;

  constructor(world: World) {
    this.#world = world;
  }

  /** Whether it has not died. */
  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Dies as by SIGKILL. */
  die(): void {
    this.#isAlive = false;
    this.#world.clock.forget(this);
  }

  /** Waits, unless it dies meanwhile: then for ever. See {@linkcode SimulatedClock.sleep} for `idleUntil`. */
  sleep(ms: number, signal?: AbortSignal, idleUntil = 0): Promise<void> {
    return this.#isAlive ? this.#world.clock.sleep(this, ms, signal, idleUntil) : forever();
  }
}

/** What a dead process waits for. */
export function forever<T>(): Promise<T> {
  return new Promise(() => undefined);
}
