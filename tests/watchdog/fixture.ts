/** Workers that a test describes, on a clock that it moves. */

import type { Heartbeat, HeartbeatReading, HeartbeatSlot } from "../../src/watchdog/heartbeat.ts";
import type { Thresholds } from "../../src/watchdog/thresholds.ts";
import { judge, observe, startWatch, type Watch, type WorkerCheck } from "../../src/watchdog/watch.ts";

/** When everything begins: run clock and wall clock. */
export const START = Date.UTC(2026, 0, 2, 3, 4, 5);

/** The defaults of a plan of commands. */
export const THRESHOLDS: Thresholds = { missingMs: 30_000, staleMs: 60_000, staleMsOf: () => 60_000 };

/** An attempt in hand; `bytes` is its output, null CPU time is not measured. */
export function makeSlot(
  token: number,
  bytes: number,
  changes: Partial<HeartbeatSlot> & { readonly cpu?: number | null } = {},
): HeartbeatSlot {
  const { cpu = 0, ...others } = changes;
  return {
    task_id: `t${token}`,
    attempt: 1,
    token,
    stage: "body",
    progress: { output_bytes: bytes, cpu_ms: cpu },
    last_line: "",
    ...others,
  };
}

/** A heartbeat at a moment of the wall clock. */
export function makeHeartbeat(wall: number, changes: Partial<Heartbeat> = {}): Heartbeat {
  return {
    status: "alive",
    ts: new Date(wall).toISOString(),
    pid: 7,
    start_time: "1",
    boot_id: null,
    slots: [],
    ...changes,
  };
}

/** What is found where a heartbeat stands. */
export function reading(heartbeat: Heartbeat): HeartbeatReading {
  return { kind: "read", heartbeat };
}

/** A worker under watch from `START` on. */
export class Watched {
  /** Somebody has looked already, and found nothing: what is found from now on is new. */
  watch: Watch = observe(startWatch(START), {
    now: START,
    wall: START,
    reading: { kind: "absent" },
    isGone: false,
  });
  readonly #thresholds: Thresholds;

  constructor(thresholds: Partial<Thresholds> = {}) {
    this.#thresholds = { ...THRESHOLDS, ...thresholds };
  }

  /** Looks `seconds` after the start. The wall clock is the run clock unless `wall` says something else. */
  look(
    seconds: number,
    found: HeartbeatReading,
    { wall = START + seconds * 1000, isGone = false }: { readonly wall?: number; readonly isGone?: boolean } =
      {},
  ): WorkerCheck {
    const now = START + seconds * 1000;
    this.watch = observe(this.watch, { now, wall, reading: found, isGone });
    return judge(this.watch, this.#thresholds);
  }

  /** Looks every 5 s from `from` up to `to`, with what `found` gives at each second; the last verdict. */
  lookUntil(from: number, to: number, found: (seconds: number) => HeartbeatReading): WorkerCheck {
    let last = this.look(from, found(from));
    for (let seconds = from + 5; seconds <= to; seconds += 5) last = this.look(seconds, found(seconds));
    return last;
  }
}

/** A heartbeat given right now, `seconds` after the start. */
export function beatAt(seconds: number, slots: readonly HeartbeatSlot[] = []): HeartbeatReading {
  return reading(makeHeartbeat(START + seconds * 1000, { slots }));
}
