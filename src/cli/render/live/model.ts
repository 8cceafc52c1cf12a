/** What the live view knows beside the state of the run: the newest output of each attempt, and since when gates run. */

import type { RunEvent } from "../../../log/event.ts";

/** How much of an attempt's newest output is kept to find its last line in, UTF-16 units. */
const KEPT_UNITS = 4_096;

/** An attempt at work, as far as it has printed anything. */
interface Voice {
  text: string;
  at: number;
}

/** A gate that runs. */
export interface RunningGate {
  /** Its name, with its task where it judges one. */
  readonly name: string;
  /** Wall clock, milliseconds. */
  readonly since: number;
}

/** See the module. Taking output costs the same however much comes: lines are looked for when they are shown. */
export class LiveModel {
  readonly #voices = new Map<string, Voice>();
  readonly #gates = new Map<string, RunningGate>();

  /** Takes output of a task's attempt that came at `now`. */
  output(taskId: string, text: string, now: number): void {
    const voice = this.#voices.get(taskId);
    if (voice === undefined) {
      this.#voices.set(taskId, { text: text.slice(-KEPT_UNITS), at: now });
      return;
    }
    voice.at = now;
    voice.text = text.length >= KEPT_UNITS ? text.slice(-KEPT_UNITS) : (voice.text + text).slice(-KEPT_UNITS);
  }

  /** Takes note of what has begun and ended. */
  event(event: RunEvent, now: number): void {
    switch (event.kind) {
      case "task_claimed":
        this.#voices.delete(event.payload.task_id);
        break;
      case "gate_started": {
        const { gate, task_id } = event.payload;
        this.#gates.set(keyOf(event.payload), {
          name: task_id === null ? gate : `${gate} of ${task_id}`,
          since: now,
        });
        break;
      }
      case "gate_passed":
      case "gate_failed":
        this.#gates.delete(keyOf(event.payload));
        break;
      case "run_resumed":
        this.#gates.clear();
        break;
      default:
        break;
    }
  }

  /** The gates that run, the one that began first before the others. */
  get gates(): readonly RunningGate[] {
    return [...this.#gates.values()];
  }

  /** The last line that a task's attempt has printed with something in it; "" where there is none. */
  lastLine(taskId: string): string {
    const text = this.#voices.get(taskId)?.text ?? "";
    for (let end = text.length; end > 0;) {
      // A progress bar writes over its own line.
      const start = Math.max(text.lastIndexOf("\n", end - 1), text.lastIndexOf("\r", end - 1)) + 1;
      const line = text.slice(start, end);
      if (line.trim() !== "") return line;
      end = start - 1;
    }
    return "";
  }

  /** When a task's attempt printed last, wall clock; undefined where it has not. */
  lastOutput(taskId: string): number | undefined {
    return this.#voices.get(taskId)?.at;
  }
}

function keyOf({ gate, task_id, run_number }: {
  readonly gate: string;
  readonly task_id: string | null;
  readonly run_number: number;
}): string {
  return JSON.stringify([gate, task_id, run_number]);
}
