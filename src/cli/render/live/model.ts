/** What the live view knows beside the state of the run: what attempts printed last, and since when gates run. */

import type { RunEvent } from "../../../log/event.ts";
import { judgedText } from "../text.ts";
import type { VoiceOf } from "../../run_view.ts";

/** How much of an attempt's newest output is kept to find its last line in, UTF-16 units. */
const KEPT_UNITS = 4_096;
/** No terminal shows more of a line, escape sequences included, UTF-16 units. */
const LONGEST_LINE = 1_024;

/** What an attempt at work has printed. */
interface Voice {
  /** The newest of it, up to twice what is kept: to cut it for each small piece would cost more. */
  text: string;
  /** When it began or printed last; wall clock, milliseconds. */
  heardAt: number;
}

/** A gate that runs. */
export interface RunningGate {
  /** Its name, with what it judges where that is not the delivered tree. */
  readonly name: string;
  /** Wall clock, milliseconds. */
  readonly since: number;
}

/** See the module. Taking output costs the same however much comes: lines are looked for when they are shown. */
export class LiveModel {
  readonly #voices = new Map<string, Voice>();
  readonly #gates = new Map<string, RunningGate>();
  #voiceNow: VoiceOf = () => undefined;

  /** Where to ask for what is not a whole line yet. */
  ask(voiceOf: VoiceOf): void {
    this.#voiceNow = voiceOf;
  }

  /** Takes output of a task's attempt that came at `now`. */
  output(taskId: string, text: string, now: number): void {
    const voice = this.#voiceOf(taskId, now);
    voice.heardAt = now;
    voice.text = text.length >= KEPT_UNITS ? text.slice(-KEPT_UNITS) : voice.text + text;
    if (voice.text.length > 2 * KEPT_UNITS) voice.text = voice.text.slice(-KEPT_UNITS);
  }

  /** Takes note of what has begun and ended. */
  event(event: RunEvent, now: number): void {
    switch (event.kind) {
      case "task_started":
        // It may have printed already.
        this.#voiceOf(event.payload.task_id, now);
        break;
      case "task_claimed":
      case "task_finished":
      case "retry_scheduled":
      case "task_failed":
      case "task_waiting":
      case "task_cancelled":
        this.#voices.delete(event.payload.task_id);
        break;
      case "gate_started": {
        const { gate } = event.payload;
        this.#gates.set(keyOf(event.payload), { name: gate + judgedText(event.payload), since: now });
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

  /** The last line that a task's attempt has printed with something in it, finished or not; "" where there is none. */
  lastLine(taskId: string): string {
    const newest = this.#voiceNow(taskId)?.last_line ?? "";
    if (newest !== "") return newest;
    const text = this.#voices.get(taskId)?.text ?? "";
    for (let end = text.length; end > 0;) {
      // A progress bar writes over its own line.
      const start = Math.max(text.lastIndexOf("\n", end - 1), text.lastIndexOf("\r", end - 1)) + 1;
      const line = text.slice(start, Math.min(end, start + LONGEST_LINE));
      if (line.trim() !== "") return line;
      end = start - 1;
    }
    return "";
  }

  /** Since when a task's attempt has been silent, wall clock; undefined where it has not begun. */
  silentSince(taskId: string): number | undefined {
    const known = this.#voices.get(taskId)?.heardAt;
    return known === undefined ? undefined : Math.max(known, this.#voiceNow(taskId)?.heard_at ?? known);
  }

  #voiceOf(taskId: string, now: number): Voice {
    const known = this.#voices.get(taskId);
    if (known !== undefined) return known;
    const voice = { text: "", heardAt: now };
    this.#voices.set(taskId, voice);
    return voice;
  }
}

function keyOf({ gate, task_id, run_number }: {
  readonly gate: string;
  readonly task_id: string | null;
  readonly run_number: number;
}): string {
  return JSON.stringify([gate, task_id, run_number]);
}
