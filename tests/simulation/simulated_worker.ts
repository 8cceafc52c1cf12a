/** Attempts that are carried out by chance: they succeed, fail, die, stall, say nothing, or answer late. */

import { SlotLostError } from "../../src/git/errors.ts";
import type { CommitMeta, Pin } from "../../src/git/port.ts";
import type { AttemptOutcome, OutcomeResult } from "../../src/log/kinds.ts";
import type {
  Activity,
  Attempt,
  AttemptRequest,
  AttemptWorker,
  CollectedOutputs,
} from "../../src/worker/port.ts";
import type { EndReason } from "../../src/process/port.ts";
import { makeOutcome } from "../run/fixture.ts";
import { ENTRIES } from "./plans.ts";
import { randomProposals } from "./proposals.ts";
import type { Random } from "./random.ts";
import { forever, type SimulatedProcess, type World } from "./world.ts";

const BODY = { pid: 1, pgid: 1, start_time: null, boot_id: null };

/** The worker of one process. */
export function simulatedWorker(world: World, process: SimulatedProcess): SimulatedAttempts {
  const adopt = (request: AttemptRequest, outcome: AttemptOutcome, hasSlot: boolean) => {
    const attempt = new SimulatedAttempt(world, process, request);
    attempt.adopt(outcome, hasSlot);
    return attempt;
  };
  return {
    start(request) {
      const attempt = new SimulatedAttempt(world, process, request);
      if (process.isAlive) attempt.begin();
      return attempt;
    },
    leftBehind(outcome, others) {
      const free = [...world.slots].filter(([token]) => others?.has(token) !== true && !world.isHeld(token));
      return Promise.resolve(free.map(([, request]) => adopt(request, outcome, true)));
    },
    async takeOver(request, outcome) {
      await process.sleep(world.random.split(`take over ${request.ref.token}`).between(0, 100));
      if (!process.isAlive) return await forever();
      const { token } = request.ref;
      if (request.base === null) return adopt(request, outcome, false);
      const held = world.slots.get(token);
      if (held === undefined || world.isHeld(token)) return null;
      world.slotHolders.delete(token);
      return adopt(held, outcome, true);
    },
  };
}

/** What a process of the simulation does with attempts: begin them, and take over those of others. */
export interface SimulatedAttempts extends AttemptWorker {
  start(request: AttemptRequest): SimulatedAttempt;
  takeOver(request: AttemptRequest, outcome: AttemptOutcome): Promise<Attempt | null>;
}

/** One attempt in the hands of a process. */
export class SimulatedAttempt implements Attempt {
  readonly ref: Attempt["ref"];
  readonly started: Attempt["started"];
  readonly ended: Attempt["ended"];
  readonly #world: World;
  readonly #process: SimulatedProcess;
  readonly #request: AttemptRequest;
  readonly #random: Random;
  readonly #started = Promise.withResolvers<{ process: typeof BODY; slot: string | null } | null>();
  #ended = Promise.withResolvers<AttemptOutcome>();
  #hasSlot = false;
  #stage: Activity["stage"] = "setup";
  /** Whether its body makes no progress now. */
  #isSilent = false;
  #bytes = 0;
  #isEnding = false;

  constructor(world: World, process: SimulatedProcess, request: AttemptRequest) {
    this.#world = world;
    this.#process = process;
    this.#request = request;
    this.ref = request.ref;
    this.#random = world.random.split(`attempt ${request.ref.token}`);
    this.started = this.#started.promise;
    this.ended = this.#ended.promise;
  }

  /** Starts the body, or does not. */
  begin(): void {
    this.#work().catch((error) => this.#world.violate(`a simulated attempt failed: ${error}`));
  }

  /** Takes over what a dead process left. */
  adopt(outcome: AttemptOutcome, hasSlot: boolean): void {
    this.#hasSlot = hasSlot;
    this.#finish(outcome);
  }

  /** An extra worker leaves the slot to the controller. */
  async letGo(): Promise<void> {
    await this.#process.sleep(this.#random.between(0, 20));
    if (!this.#process.isAlive) return await forever();
    this.#world.slotHolders.delete(this.ref.token);
  }

  async again(): Promise<AttemptOutcome> {
    this.#ended = Promise.withResolvers();
    if (this.#isEnding) return makeOutcome("cancelled", { detail: "ended" });
    this.#stage = "body";
    this.#countBody();
    const began = this.#world.clock.monotonic();
    this.#process.sleep(this.#random.logBetween(10, 30_000)).then(() => {
      const duration_ms = this.#world.clock.monotonic() - began;
      this.#finish(makeOutcome(this.#result(), { duration_ms, proven_dead: this.#random.chance(0.97) }));
    });
    return await this.#ended.promise;
  }

  end(reason: EndReason): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#endBody(reason).catch((error) => this.#world.violate(`a simulated end failed: ${error}`));
  }

  slot(): string | null {
    return this.#hasSlot ? "w1" : null;
  }

  activity(): Activity {
    if (!this.#isSilent) this.#bytes += 1;
    return {
      stage: this.#stage,
      pid: BODY.pid,
      voice: { output_bytes: this.#bytes, heard_at: null, last_line: "" },
    };
  }

  async collectOutputs(): Promise<CollectedOutputs> {
    const { outputs } = this.#request.spec;
    await this.#process.sleep(this.#random.between(0, 50));
    if (outputs.length > 0 && this.#world.faults.strikes("outputs_missing", 0.6)) {
      return { stored: [], missing: outputs };
    }
    const stored = outputs.map((path) => ({ path, sha256: "0".repeat(64), bytes: 1, executable: false }));
    return { stored, missing: [] };
  }

  async pin(meta: CommitMeta, iteration?: number): Promise<Pin> {
    const { faults } = this.#world;
    await this.#process.sleep(this.#random.between(0, 500));
    if (faults.strikes("pin_failed", 0.08)) {
      throw this.#random.chance(0.5)
        ? new SlotLostError({ what: "Cannot pin", where: "w1", why: "simulated" })
        : new Error("no space");
    }
    const { write_set } = this.#request.spec;
    const isOutside = write_set !== null && faults.strikes("outside_write_set", 0.25);
    const isMeant = write_set?.length !== 0 &&
      this.#world.random.split(`change ${this.ref.token}`).chance(0.7);
    const kept = this.#request.iteration?.isKept ? this.#request.iteration.work : undefined;
    const isChanged = kept === undefined ? isMeant || isOutside : kept !== null;
    const commit = isChanged ? this.#world.object(`pin ${this.ref.token} ${meta.date} ${iteration}`) : null;
    const bodies = this.#world.bodies.get(this.ref.token) ?? 0;
    const tree = isChanged && kept
      ? this.#world.trees.get(kept) ?? ""
      : this.#world.object(isChanged ? `work ${this.ref.token} ${bodies}` : "nothing");
    if (commit !== null) this.#world.trees.set(commit, tree);
    return {
      commit,
      tree,
      ref: commit === null ? null : "refs/omk/simulated",
      changed: isChanged ? [{ path: isOutside ? "outside/of/all" : pathIn(write_set), change: "added" }] : [],
      by_products: [],
      by_products_capped: false,
      unpinned: [],
      set_aside: false,
      secrets: [],
    };
  }

  async release(): Promise<void> {
    await this.#process.sleep(this.#random.between(0, 50));
    if (!this.#process.isAlive) return await forever();
    this.#hasSlot = false;
    this.#world.slots.delete(this.ref.token);
  }

  async #work(): Promise<void> {
    const { faults } = this.#world;
    if (this.#request.base !== null) {
      await this.#process.sleep(this.#random.between(0, 200));
      if (!this.#process.isAlive) return;
      this.#hasSlot = true;
      this.#world.slots.set(this.ref.token, this.#request);
      // A controller that dies now leaves a slot in which nothing has run.
      const isOfHands = [...this.#world.hands.values()].some(({ process }) => process === this.#process);
      if (!isOfHands && faults.strikes("controller_died", 0.06)) return this.#process.die();
      // The set-up of the slot.
      await this.#process.sleep(this.#random.chance(0.5) ? 0 : this.#random.between(0, 5_000));
    }
    if (!this.#process.isAlive) return;
    if (this.#isEnding) return this.#finish(makeOutcome("cancelled", { detail: "before it started" }));
    if (faults.strikes("spawn_failed", 0.08)) return this.#finish(makeOutcome("spawn_error"));
    this.#stage = "body";
    this.#countBody();
    this.#started.resolve({ process: BODY, slot: this.slot() });
    if (this.#request.iteration?.isKept) return this.#finish(makeOutcome("success"));
    await this.#process.sleep(this.#random.logBetween(10, 30_000));
    if (this.#isEnding) return;
    if (faults.strikes("worker_silent", 0.7)) {
      this.#beSilent();
      await this.#process.sleep(this.#random.logBetween(5_000, 300_000));
      this.#getOn();
      if (this.#isEnding) return;
      await this.#process.sleep(this.#random.logBetween(10, 30_000));
    }
    const result = this.#result();
    this.#finish(makeOutcome(result, { proven_dead: this.#random.chance(0.97), ...this.#reported() }));
  }

  #countBody(): void {
    const { bodies } = this.#world;
    bodies.set(this.ref.token, (bodies.get(this.ref.token) ?? 0) + 1);
  }

  #result(): OutcomeResult {
    const { faults } = this.#world;
    if (faults.strikes("worker_died", 0.13)) return "lost";
    // A task succeeds more or less often throughout its run.
    const skill = this.#world.random.split(`skill ${this.ref.task_id}`).next();
    if (this.#random.chance(0.6 + 0.5 * skill)) return "success";
    return this.#random.pick(
      [
        "exit",
        "signal",
        "timeout",
        "reported_failed",
        "reported_partial",
        "blocked_on_human",
        "blocked_on_external",
      ] as const,
    );
  }

  /** What the attempt proposes, whether it succeeded or not. */
  #reported(): Pick<AttemptOutcome, "reported"> {
    const { faults, taskIds } = this.#world;
    if (!faults.strikes("reported_proposals", 0.5)) return {};
    const random = this.#random.split("proposals");
    const proposals = randomProposals(random, taskIds, ENTRIES);
    const more = random.chance(0.2) ? { more_proposals: random.between(1, 30) } : {};
    return { reported: { status: "success", proposals, ...more } };
  }

  /** Ends as asked, sooner or later. */
  async #endBody(reason: EndReason): Promise<void> {
    if (reason === "stalled") this.#world.faults.count("worker_stalled");
    const { faults } = this.#world;
    const isLate = reason === "stalled"
      ? !faults.isOver && this.#random.chance(0.85)
      : faults.isDue("report_late", 0.8);
    if (isLate) {
      faults.count("report_late");
      // What makes no progress may take longer to end than its lease lasts.
      const latest = reason === "stalled" ? 400_000 : 40_000;
      await this.#process.sleep(this.#random.between(1, latest));
    }
    this.#finish(
      reason === "stalled" ? makeOutcome("stalled") : makeOutcome("cancelled", { detail: "ended" }),
    );
  }

  #beSilent(): void {
    // What it printed last is seen with the next look.
    this.#bytes += 1;
    this.#isSilent = true;
    this.#world.watched.begin(this.ref.token);
  }

  #getOn(): void {
    this.#isSilent = false;
    const { heartbeat_stale_secs } = this.#world.plan.watchdog;
    this.#world.watched.end(this.ref.token, heartbeat_stale_secs * 1000, this.#process.isAlive);
  }

  #finish(outcome: AttemptOutcome): void {
    if (this.#isSilent) this.#getOn();
    this.#stage = "over";
    this.#started.resolve(null);
    this.#ended.resolve(outcome);
  }
}

/** A path that belongs to the set. */
function pathIn(set: readonly string[] | null): string {
  const [entry = "changed"] = set ?? [];
  const file = entry.endsWith(".md") ? "f.md" : "f.ts";
  return entry.replace("**", `x/${file}`).replace(/\*\.(ts|md)$/, file);
}
