/** From when on the watchdog draws its conclusions. */

import { isAgentWork } from "../plan/agent_work.ts";
import { HEARTBEAT_INTERVAL_SECS } from "../plan/defaults.ts";
import type { Plan, TaskSpec } from "../plan/spec.ts";

/** An agent thinks without a sign: it has so many times as long as a command. */
export const AGENT_PATIENCE = 10;

/** How far the clock of a worker may be ahead. Beyond that the log too tells of a jump of the clock. */
export const ALLOWED_SKEW_MS = 5_000;

/** Whoever has not been awake for so long has slept, with all the machine perhaps. */
export const LONGEST_GAP_MS = 30_000;

/** Looks are as far apart as heartbeats. Whoever looks later than twice that judges nobody for the time between. */
export const LONGEST_LOOK_GAP_MS = 2 * HEARTBEAT_INTERVAL_SECS * 1000;

/** So many late looks in a row are taken for sleeps; with the next, the machine has too much to do. */
export const SLEEPS_IN_A_ROW = 2;

/** See the module. All in milliseconds. */
export interface Thresholds {
  /** Without a heartbeat for so long, a worker is dead. */
  readonly missingMs: number;
  /** Without a heartbeat for so long, a worker is stalled. */
  readonly staleMs: number;
  /** Without progress for so long, the attempt of a task is stalled. */
  readonly staleMsOf: (taskId: string) => number;
}

/** The thresholds of a plan; a task that it does not have counts as a command. */
export function thresholdsOf(plan: Plan, specOf: (taskId: string) => TaskSpec | undefined): Thresholds {
  const { heartbeat_missing_secs, heartbeat_stale_secs } = plan.watchdog;
  const staleMs = heartbeat_stale_secs * 1000;
  return {
    missingMs: heartbeat_missing_secs * 1000,
    staleMs,
    staleMsOf: (taskId) => {
      const spec = specOf(taskId);
      return spec !== undefined && isAgentWork(spec) ? staleMs * AGENT_PATIENCE : staleMs;
    },
  };
}
