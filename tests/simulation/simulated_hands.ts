/** Extra workers in the simulation: the real ones, on simulated ports. They join, leave, die, and are not heard for a while. */

import type { Plan } from "../../src/plan/spec.ts";
import { ExtraWorker } from "../../src/run/extra_worker.ts";
import { runDirectoryAt } from "../../src/run/directory.ts";
import { apply } from "../../src/run/state.ts";
import { createRunState } from "../../src/scheduler/run_state.ts";
import { RUN_ID } from "../run/fixture.ts";
import type { Random } from "./random.ts";
import { HEARTBEAT_MS } from "../../src/worker/heart.ts";
import { simulatedWorker } from "./simulated_worker.ts";
import { forever, SimulatedProcess, type World } from "./world.ts";

/** A worker looks for news so often. */
const POLL_MS = 200;
/** More than these at once would only be more of the same. */
const MOST_AT_ONCE = 3;
/** Longer than a controller waits for a heartbeat, so that it takes the worker for dead. */
const SILENCE_MS = 45_000;

/** The extra workers of one simulated run. */
export class Hands {
  readonly #world: World;
  readonly #plan: Plan;
  readonly #random: Random;
  readonly #living = new Map<string, { readonly worker: ExtraWorker; readonly process: SimulatedProcess }>();
  #count = 0;

  constructor(world: World, plan: Plan, random: Random) {
    this.#world = world;
    this.#plan = plan;
    this.#random = random;
  }

  /** What happens to workers right after an event. */
  disturb(): void {
    const { faults } = this.#world;
    if (this.#living.size < MOST_AT_ONCE && faults.strikes("hands_joined", 0.02)) this.#join();
    const [name, hands] = this.#random.pick([...this.#living, [null, null] as const]);
    if (name === null) return;
    if (faults.strikes("hands_died", 0.06)) {
      hands.process.die();
      this.#living.delete(name);
    } else if (faults.strikes("hands_left", 0.06)) hands.worker.leave(this.#random.chance(0.5));
    else if (faults.strikes("hands_silent", 0.06)) {
      this.#world.disturb();
      const known = this.#world.hands.get(name);
      if (known !== undefined) known.silentUntil = this.#world.clock.monotonic() + SILENCE_MS;
    }
  }

  /** Ends all of them with the simulation. */
  end(): void {
    for (const { process } of this.#living.values()) process.die();
    this.#living.clear();
  }

  #join(): void {
    const world = this.#world;
    const process = new SimulatedProcess(world);
    const name = `x${++this.#count}`;
    const known = { process, heartbeat: null, silentUntil: 0, heardAt: null } as Parameters<
      World["hands"]["set"]
    >[1];
    world.hands.set(name, known);
    const state = createRunState(this.#plan);
    for (const event of world.events) apply(state, event);
    const attempts = simulatedWorker(world, process);
    /** Monotonic clock. */
    let beatenAt = 0;
    const self = { pid: 100 + this.#count, pgid: 100, start_time: null, boot_id: null };
    const worker = new ExtraWorker(
      state,
      {
        worker: name,
        mark: name,
        slots: this.#random.between(1, 3),
        idleMs: this.#random.logBetween(100, 1e7),
      },
      {
        log: world.logForHands(process),
        clock: {
          monotonic: () => world.clock.monotonic(),
          sleep: (ms, signal) => process.sleep(ms, signal, ms === POLL_MS ? beatenAt + HEARTBEAT_MS : 0),
        },
        attempts: {
          start(request) {
            if (request.base !== null) world.slotHolders.set(request.ref.token, name);
            return attempts.start(request);
          },
        },
        runDirectory: runDirectoryAt("/nowhere", RUN_ID),
        heartbeats: {
          process: self,
          wall: () => world.clock.wall(),
          cpuTimes: () => process.isAlive ? Promise.resolve(new Map([[1, 0]])) : forever(),
          write: (_worker, heartbeat) => {
            if (!process.isAlive) return forever();
            beatenAt = world.clock.monotonic();
            if (world.clock.monotonic() < known.silentUntil) return Promise.resolve();
            known.heartbeat = heartbeat;
            // Between two heartbeats that are far apart, nothing was heard either.
            const gap = world.now() - (known.heardAt ?? world.now());
            const missingMs = this.#plan.watchdog.heartbeat_missing_secs * 1000;
            if (gap > missingMs) known.silentUntil = world.clock.monotonic();
            known.heardAt = world.now();
            return Promise.resolve();
          },
          read: () => Promise.resolve({ kind: "absent" }),
          isAlive: () => Promise.resolve(true),
        },
      },
    );
    this.#living.set(name, { worker, process });
    const gone = () => {
      this.#living.delete(name);
      process.die();
    };
    worker.run().then(gone, (error) => {
      if (process.isAlive) world.violate(`worker ${name} failed: ${error}`);
      gone();
    });
  }
}
