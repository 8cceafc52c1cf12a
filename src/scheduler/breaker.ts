/**
 * Circuit breakers of gates, folded from the log of the run: a gate that the machine keeps from coming to a verdict
 * is not asked again and again. An open breaker makes no verdict: what wants the gate waits, and goes on once it is
 * half-open. Pure.
 */

import type { GateRecord, RunRecord } from "./run_record.ts";

/** So many failures of the machine in a row open a breaker: time-outs, and commands that cannot be started. */
export const BREAKER_THRESHOLD = 5;

/** An open breaker lets one run of its gate through after this time, milliseconds. */
export const BREAKER_RECOVERY_MS = 30_000;

/** The failures of the machine that a gate has come to since its last verdict. */
export interface GateTrouble {
  readonly gate: string;
  /** At least 1. */
  readonly infra_failures: number;
  /** When the last of them ended; run clock, milliseconds. */
  readonly failed_at: number;
}

/** `closed`: the gate runs as usual; `open`: it does not; `half_open`: one run of it decides. */
export type BreakerState = "closed" | "open" | "half_open";

/** How the breaker of a gate stands. */
export interface BreakerStanding {
  readonly state: BreakerState;
  /** In a row, up to now. */
  readonly infra_failures: number;
  /** When it lets one run through; null while it is closed. Run clock, milliseconds. */
  readonly half_open_at: number | null;
}

/** How the breaker of a gate stands at a time of the run clock. */
export function breakerOf(run: RunRecord, gate: string, now: number): BreakerStanding {
  const trouble = run.gate_troubles?.find((each) => each.gate === gate);
  const infra_failures = trouble?.infra_failures ?? 0;
  if (trouble === undefined || infra_failures < BREAKER_THRESHOLD) {
    return { state: "closed", infra_failures, half_open_at: null };
  }
  const half_open_at = trouble.failed_at + BREAKER_RECOVERY_MS;
  return { state: now < half_open_at ? "open" : "half_open", infra_failures, half_open_at };
}

/** Whether a run of the gate may begin: a half-open breaker lets through one at a time. */
export function mayRunGate(run: RunRecord, gate: string, now: number): boolean {
  const { state } = breakerOf(run, gate, now);
  if (state === "closed") return true;
  return state === "half_open" &&
    !run.gates.some((each) => each.gate === gate && each.result === "running");
}

/** When the next breaker lets a run through; undefined where none is open. */
export function nextHalfOpen(run: RunRecord, now: number): number | undefined {
  const moments = (run.gate_troubles ?? [])
    .map(({ gate }) => breakerOf(run, gate, now))
    .flatMap(({ state, half_open_at }) => state === "open" && half_open_at !== null ? [half_open_at] : []);
  return moments.length === 0 ? undefined : Math.min(...moments);
}

/** The troubles after a run of a gate has ended at `at`: a verdict, whatever it says, ends them. */
export function troublesAfter(
  troubles: readonly GateTrouble[],
  { gate }: Pick<GateRecord, "gate">,
  isInfrastructure: boolean,
  at: number,
): readonly GateTrouble[] {
  const others = troubles.filter((each) => each.gate !== gate);
  if (!isInfrastructure) return others;
  const before = troubles.find((each) => each.gate === gate)?.infra_failures ?? 0;
  return [...others, { gate, infra_failures: before + 1, failed_at: at }];
}
