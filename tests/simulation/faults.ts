/** What the simulation does to a run, counted by kind. */

import type { Random } from "./random.ts";

/** Every kind of fault and of disturbance. */
export const FAULT_KINDS = [
  "worker_died",
  "worker_stalled",
  "worker_silent",
  "heartbeat_unreadable",
  "spawn_failed",
  "pin_failed",
  "outside_write_set",
  "outputs_missing",
  "report_late",
  "report_twice",
  "report_old_token",
  "lease_expired",
  "controller_died",
  "lock_timed_out",
  "write_refused",
  "write_slow",
  "log_unwritable",
  "clock_forward",
  "clock_back",
  "machine_slept",
  "task_cancelled",
  "run_cancelled",
  "paused",
  "unpaused",
  "answered",
  "retried",
  "budget_added",
  "proposed",
  "reported_proposals",
  "approval_given",
  "worker_joined",
  "hands_joined",
  "hands_died",
  "hands_left",
  "hands_silent",
  "merge_conflicted",
  "gate_failed",
  "fact_forged",
  "fact_of_old_incarnation",
] as const;

/** See {@linkcode FAULT_KINDS}. */
export type FaultKind = typeof FAULT_KINDS[number];

/** Decides whether faults happen, and counts those that did. */
export class Faults {
  readonly counts = new Map<FaultKind, number>();
  readonly #random: Random;
  readonly #rates = new Map<FaultKind, number>();
  #isOver = false;

  /** Each seed has a mood of its own: some kinds often, some never. */
  constructor(random: Random) {
    this.#random = random;
    const mood = random.pick([0, 0.3, 1, 1, 2]);
    for (const kind of FAULT_KINDS) this.#rates.set(kind, random.chance(0.4) ? 0 : mood * 2 * random.next());
  }

  /** No more faults from now on. */
  stop(): void {
    this.#isOver = true;
  }

  /** Whether faults have stopped. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether this fault is to happen now; `rate` is its usual probability. */
  isDue(kind: FaultKind, rate: number): boolean {
    return !this.#isOver && this.#random.chance(rate * (this.#rates.get(kind) ?? 0));
  }

  /** Whether this fault happens now, which is counted. */
  strikes(kind: FaultKind, rate: number): boolean {
    const happens = this.isDue(kind, rate);
    if (happens) this.count(kind);
    return happens;
  }

  /** Counts a fault that has happened. */
  count(kind: FaultKind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }
}
