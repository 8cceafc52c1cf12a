/** The heart of a worker process: it tells every few seconds how far the attempts in its hands are. */

import { redactText } from "../log/redact.ts";
import { HEARTBEAT_INTERVAL_SECS, SAMPLE_INTERVAL_SECS } from "../plan/defaults.ts";
import type { Heartbeat, HeartbeatSlot } from "../watchdog/heartbeat.ts";
import type { Heartbeats } from "../watchdog/port.ts";
import type { Attempt } from "./port.ts";

/** Between two heartbeats. */
export const HEARTBEAT_MS = HEARTBEAT_INTERVAL_SECS * 1000;
/** CPU times are measured with every so many heartbeats. */
const BEATS_PER_SAMPLE = Math.round(SAMPLE_INTERVAL_SECS / HEARTBEAT_INTERVAL_SECS);
/** So much of an attempt's last line is told. */
const LINE_UNITS = 200;

/** What a heart needs of an attempt. */
export type BeatingAttempt = Pick<Attempt, "ref" | "activity">;

/** See the module. It costs nothing between two beats. */
export class Heart {
  readonly #worker: string;
  readonly #port: Heartbeats;
  readonly #attempts: () => Iterable<BeatingAttempt>;
  #cpuTimes: ReadonlyMap<number, number> | null = null;
  #beats = 0;

  /** `attempts` are those in hand at the moment. */
  constructor(worker: string, port: Heartbeats, attempts: () => Iterable<BeatingAttempt>) {
    this.#worker = worker;
    this.#port = port;
    this.#attempts = attempts;
  }

  /** Gives the next heartbeat, and writes it down. */
  async beat(): Promise<Heartbeat> {
    if (this.#beats % BEATS_PER_SAMPLE === 0) this.#cpuTimes = await this.#port.cpuTimes();
    this.#beats += 1;
    const heartbeat = this.#heartbeat("alive", [...this.#attempts()].map((each) => this.#slotOf(each)));
    await this.#port.write(this.#worker, heartbeat);
    return heartbeat;
  }

  /** Says that the worker has ended as it should; a heart that never beat has nothing to take back. */
  async stop(): Promise<void> {
    if (this.#beats > 0) await this.#port.write(this.#worker, this.#heartbeat("stopped", []));
  }

  #heartbeat(status: Heartbeat["status"], slots: readonly HeartbeatSlot[]): Heartbeat {
    const { pid, start_time, boot_id } = this.#port.process;
    return { status, ts: new Date(this.#port.wall()).toISOString(), pid, start_time, boot_id, slots };
  }

  #slotOf(attempt: BeatingAttempt): HeartbeatSlot {
    const { stage, pid, voice } = attempt.activity();
    const cpu_ms = pid === null ? null : this.#cpuTimes?.get(pid) ?? null;
    return {
      ...attempt.ref,
      stage,
      progress: { output_bytes: voice.output_bytes, cpu_ms },
      last_line: redactText(voice.last_line).slice(0, LINE_UNITS),
    };
  }
}
