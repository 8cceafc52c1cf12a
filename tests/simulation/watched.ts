/** Who is silent in a simulated run, and since when: what the verdicts of the watchdog are held against. */

import type { RunEvent } from "../../src/log/event.ts";
import type { Plan } from "../../src/plan/spec.ts";
import { HEARTBEAT_MS } from "../../src/worker/heart.ts";
import type { World } from "./world.ts";

/** Looks are so far apart, and a verdict may need one more than it takes by itself. */
const LOOK_MS = 5_000;
/** A verdict may be in the log so long after it was found. */
const LONGEST_APPEND_MS = 200_000;

/** A time in which an attempt makes no progress, or a worker gives no heartbeat. */
interface Silence {
  /** Run clock, milliseconds. */
  readonly from: number;
  /** Null while it goes on. */
  to: number | null;
  /** How often the run clock had begun anew by then. */
  readonly clockStarts: number;
  /** How long the machine had slept when it began. */
  readonly asleepMs: number;
  /** How often the log or something else had been in the way by then; null where it was at that moment. */
  readonly troubles: number | null;
}

/** See the module. */
export class Watched {
  readonly #world: World;
  readonly #attempts = new Map<number, Silence>();
  readonly #stalled = new Set<number>();
  /** The worker of each attempt. */
  readonly #owners = new Map<number, string>();
  /** Extra workers whose heartbeat could not be read the last time. */
  readonly #unreadable = new Set<string>();
  /** Workers that are dead, as the log says. */
  readonly #dead = new Set<string>();
  #isOver = false;

  constructor(world: World) {
    this.#world = world;
  }

  /** What the log says is not held against anything any more. */
  stop(): void {
    this.#isOver = true;
  }

  /** An attempt makes no progress from now on. */
  begin(token: number): void {
    const owner = this.#owners.get(token) ?? "";
    const hands = this.#world.hands.get(owner);
    const isLost = this.#dead.has(owner) || this.#unreadable.has(owner);
    const isHeard = hands === undefined || (!isLost && this.#world.clock.monotonic() > hands.silentUntil);
    this.#attempts.set(token, this.#silence(isHeard));
  }

  /** It does again, or is over; `stale` is how long it may take, `isSeen` whether its controller lives. */
  end(token: number, staleMs: number, isSeen: boolean): void {
    const silence = this.#attempts.get(token);
    if (silence === undefined || silence.to !== null) return;
    silence.to = this.#world.now();
    if (
      isSeen && !this.#isOver && this.#isOverdue(silence, staleMs + this.#knownAfterMs(token)) &&
      !this.#stalled.has(token)
    ) {
      this.#world.violate(`liveness: attempt ${token} made no progress for long, and nobody said so`);
    }
  }

  /** Whether some attempt makes no progress at this moment. */
  get isAnySilent(): boolean {
    return [...this.#attempts.values()].some(({ to }) => to === null);
  }

  /** Whether the heartbeat of an extra worker cannot be read at this moment. */
  isUnreadable(worker: string): boolean {
    const strikes = this.#world.faults.strikes("heartbeat_unreadable", 0.4);
    if (!strikes) this.#unreadable.delete(worker);
    else {
      this.#unreadable.add(worker);
      this.#world.disturb();
    }
    return strikes;
  }

  /** Holds what the log says of workers against what happened. */
  check(event: RunEvent, plan: Plan): void {
    if (this.#isOver) return;
    const broken = (what: string) => this.#world.violate(`event ${event.index} (${event.kind}): ${what}`);
    switch (event.kind) {
      case "task_claimed":
        this.#owners.set(event.index, event.payload.worker);
        break;
      case "worker_stalled":
        this.#checkStall(event.payload, Date.parse(event.ts), plan, broken);
        break;
      case "retry_scheduled":
      case "task_failed":
        this.#checkEnd(event.payload, plan, broken);
        break;
      case "worker_started":
        this.#dead.delete(event.payload.worker);
        break;
      case "worker_dead":
        this.#checkDeath(event.payload.worker, broken);
        break;
      case "worker_recovered":
        if (event.payload.attempt !== undefined) this.#stalled.delete(event.payload.attempt.token);
        else if (!this.#dead.delete(event.payload.worker)) broken("it was not dead");
        break;
      default:
        break;
    }
  }

  #checkStall(
    { task_id, token, since }: { readonly task_id: string; readonly token: number; readonly since: number },
    ts: number,
    plan: Plan,
    broken: (what: string) => void,
  ): void {
    const silence = this.#attempts.get(token);
    const staleMs = plan.watchdog.heartbeat_stale_secs * 1000;
    const silentTo = silence === undefined ? -Infinity : silence.to ?? Infinity;
    if (silence === undefined || silentTo + this.#knownAfterMs(token) < this.#world.draftedAt) {
      broken(`${task_id} gets on`);
    } else if (
      ts - since < staleMs || (!this.#isClockRestarted(silence) && this.#isTooSoon(silence, since, staleMs))
    ) {
      broken(`${task_id} has made no progress for less than ${staleMs} ms`);
    }
    if (this.#stalled.has(token)) broken("it has been said before");
    this.#stalled.add(token);
  }

  /** Nobody is ended, or taken for lost, that got on. */
  #checkEnd(
    { task_id, token, outcome, ...rest }: {
      readonly task_id: string;
      readonly token: number;
      readonly outcome: { readonly result: string; readonly detail?: string | undefined };
      readonly class?: string;
    },
    plan: Plan,
    broken: (what: string) => void,
  ): void {
    const isStall = outcome.result === "stalled";
    const isLost = outcome.detail === "its lease ran out";
    const isOwnerDead = this.#dead.has(this.#owners.get(token) ?? "");
    const isSaid = this.#stalled.has(token) || (isLost && isOwnerDead);
    if ((isStall || isLost) && !isSaid) broken(`${task_id} got on`);
    const onStall = plan.tasks.find(({ id }) => id === task_id)?.on_stall;
    if (isStall && onStall === "warn") broken(`${task_id} was to be warned of only`);
    if (isStall && onStall === "kill" && rest.class === "retry") {
      broken(`${task_id} was to be ended for good`);
    }
  }

  /** Whoever is alive and heard is not dead, whatever the clocks and the machine do. */
  #checkDeath(worker: string, broken: (what: string) => void): void {
    if (this.#dead.has(worker)) broken("it is dead already");
    this.#dead.add(worker);
    const hands = this.#world.hands.get(worker);
    if (hands === undefined || !hands.process.isAlive || this.#unreadable.has(worker)) return;
    // The machine may sleep while the log is slow to take the verdict, so that it is old when it is there.
    const waitedMs = this.#world.now() - this.#world.draftedAt;
    if (this.#world.clock.monotonic() - waitedMs > hands.silentUntil + LONGEST_APPEND_MS) {
      broken("it is alive and heard");
    }
  }

  /** Of an extra worker one knows what its latest heartbeat told, when one looked at that. */
  #knownAfterMs(token: number): number {
    const isOfHands = this.#world.hands.has(this.#owners.get(token) ?? "");
    return isOfHands ? HEARTBEAT_MS + LOOK_MS : 0;
  }

  #silence(isHeard: boolean): Silence {
    const { asleepMs, troubles, isAppending, clockStarts } = this.#world;
    return {
      from: this.#world.now(),
      to: null,
      clockStarts,
      asleepMs,
      troubles: isAppending || !isHeard ? null : troubles,
    };
  }

  #isTooSoon(silence: Silence, since: number, staleMs: number): boolean {
    return since < silence.from || this.#awakeMs(silence) < staleMs;
  }

  /** Whether the run clock has begun anew, earlier perhaps than it was: another process conducts the run. */
  #isClockRestarted({ clockStarts }: Silence): boolean {
    return this.#world.clockStarts > clockStarts;
  }

  #awakeMs({ from, to, asleepMs }: Silence): number {
    return (to ?? this.#world.now()) - from - (this.#world.asleepMs - asleepMs);
  }

  /** Whether it was so long that somebody had to say so; where something was in the way, nobody had to. */
  #isOverdue(silence: Silence, staleMs: number): boolean {
    const wasFree = silence.troubles === this.#world.troubles && silence.asleepMs === this.#world.asleepMs;
    return wasFree && this.#awakeMs(silence) > staleMs + 3 * LOOK_MS;
  }
}
