/** The run clock: the time of facts and of `decide`, which never decreases. */

import type { Clock } from "../clock.ts";

/** Wall and run clock at the moment when they were found apart, both in milliseconds since 1970. */
export interface ClockJump {
  readonly wall: number;
  readonly run: number;
}

/** The time of a run. */
export interface RunClock {
  /** Milliseconds since 1970; never decreases. */
  now(): number;
  /**
   * Both clocks, if the distance between them has changed by more than 5 s since this was last reported (or since
   * the start, where it should be none); the controller appends it as `clock_jumped`.
   */
  jump(): ClockJump | undefined;
}

/** How far the two clocks may differ unreported. */
const JUMP_MS = 5000;

/**
 * Starts the clock at the larger of the wall clock and the last time in the log; from there it follows the
 * monotonic clock.
 *
 * @param lastTs milliseconds since 1970 of the log's last event; 0 for an empty log
 */
export function startRunClock(clock: Clock, lastTs: number): RunClock {
  const start = Math.max(clock.wall(), lastTs);
  const started = clock.monotonic();
  const now = () => start + Math.floor(clock.monotonic() - started);
  let reported = 0;
  return {
    now,
    jump() {
      const run = now();
      const wall = clock.wall();
      if (Math.abs(wall - run - reported) <= JUMP_MS) return undefined;
      reported = wall - run;
      return { wall, run };
    },
  };
}
