/** Who did what, and when: a run's attempts, merges and gates as stretches of time, and what happened between. Pure. */

import type { RunEvent } from "../log/event.ts";
import { type Kind, KINDS, type PayloadOf } from "../log/kinds.ts";
import { incarnationOf } from "./state.ts";
import { timeOf } from "./state/handler.ts";

/** Something that took time. Times are in milliseconds since 1970, on the run clock. */
export interface TimelineSpan {
  readonly kind: "attempt" | "merge" | "gate";
  /** The task that it was for; null for a gate of the run. */
  readonly task_id: string | null;
  readonly gate: string | null;
  /** Of the attempt, or of the gate's run; from 1. */
  readonly number: number;
  /** The worker of an attempt, else the controller. */
  readonly by: string;
  readonly start: number;
  /** Null where its end is not in the log. */
  end: number | null;
  /** What came of it, in the log's words: `success`, `timeout`, `merged`, `conflict`, `passed`, `cut_short` …; null while it lasts. */
  result: string | null;
}

/** Something that happened at one moment. */
export interface TimelineMoment {
  readonly index: number;
  readonly at: number;
  readonly kind: Kind;
  /** Who wrote it. */
  readonly by: string;
  readonly task_id: string | null;
  /** What it says for people; empty where the kind says it all. */
  readonly text: string;
}

/** The kinds that are moments: what concerns the run as a whole, and all that anybody asked for. */
const MOMENTS: ReadonlySet<Kind> = new Set<Kind>([
  "run_started",
  "run_resumed",
  "run_paused",
  "run_unpaused",
  "run_finished",
  "run_accepted",
  "run_rejected",
  "run_merged",
  "run_cancelled",
  "run_failed",
  "log_tampered",
  "clock_jumped",
  "budget_exhausted",
  "worker_stalled",
  "worker_dead",
  "worker_recovered",
  "task_blocked",
  "task_waiting",
  "task_reopened",
  "result_refused",
  "proof_written",
  "proof_attached",
]);

/** Collects a timeline event by event. Facts of an older incarnation count for nothing, as in the state. */
export class Timeline {
  /** In the order in which they began. */
  readonly spans: TimelineSpan[] = [];
  /** In the order of the log. */
  readonly moments: TimelineMoment[] = [];
  /** Time of the last event; null before the first. */
  last: number | null = null;
  /** Those without an end: a task has one attempt and one merge at a time, and a gate is known by {@linkcode gateKey}. */
  readonly #attempts = new Map<string, TimelineSpan>();
  readonly #merges = new Map<string, TimelineSpan>();
  readonly #gates = new Map<string, TimelineSpan>();
  #incarnation = 0;

  /** Folds the next event. */
  take(event: RunEvent): void {
    const at = timeOf(event);
    const kindClass = KINDS[event.kind].class;
    if (kindClass === "fact") {
      const incarnation = incarnationOf(event.actor) ?? this.#incarnation;
      if (incarnation < this.#incarnation) return;
      this.#incarnation = incarnation;
      this.#fold(event, at);
    }
    if (kindClass === "request" || MOMENTS.has(event.kind)) this.#note(event, at);
    this.last = at;
  }

  #fold(event: RunEvent, at: number): void {
    switch (event.kind) {
      case "run_resumed":
        // A gate is begun anew by the next controller; attempts and merges have ends of their own in the log.
        for (const [key, { number }] of this.#gates) {
          this.#end(this.#gates, key, number, this.last ?? at, "cut_short");
        }
        break;
      case "task_claimed": {
        const { task_id, attempt, worker } = event.payload;
        this.#begin(this.#attempts, task_id, {
          kind: "attempt",
          task_id,
          gate: null,
          number: attempt,
          by: worker,
          start: at,
          end: null,
          result: null,
        });
        break;
      }
      case "attempt_pinning":
      case "task_finished":
      case "task_failed":
      case "task_waiting":
      case "retry_scheduled":
      case "task_cancelled":
        this.#endAttempt(event.payload, at, event.payload.outcome?.result ?? "cancelled");
        break;
      case "merge_started": {
        const { task_id, attempt } = event.payload;
        this.#begin(this.#merges, task_id, {
          kind: "merge",
          task_id,
          gate: null,
          number: attempt,
          by: event.actor,
          start: at,
          end: null,
          result: null,
        });
        break;
      }
      case "merge_staged":
        this.#endMerge(event.payload, at, "staged");
        break;
      case "merge_deferred":
        this.#endMerge(event.payload, at, "deferred");
        break;
      case "merge_conflicted":
        this.#endMerge(event.payload, at, "conflict");
        break;
      case "task_completed":
        this.#endAttempt(event.payload, at, "success");
        this.#endMerge(event.payload, at, "merged");
        break;
      case "gate_started": {
        const { task_id, gate, run_number } = event.payload;
        this.#begin(this.#gates, gateKey(event.payload), {
          kind: "gate",
          task_id,
          gate,
          number: run_number,
          by: event.actor,
          start: at,
          end: null,
          result: null,
        });
        break;
      }
      case "gate_passed":
        this.#end(this.#gates, gateKey(event.payload), event.payload.run_number, at, "passed");
        break;
      case "gate_failed":
        this.#end(this.#gates, gateKey(event.payload), event.payload.run_number, at, "failed");
        break;
      default:
        break;
    }
  }

  #begin(open: Map<string, TimelineSpan>, key: string, span: TimelineSpan): void {
    // A merge that its next controller takes up again goes on.
    if (open.get(key)?.number === span.number) return;
    this.spans.push(span);
    open.set(key, span);
  }

  #endAttempt({ task_id, attempt }: AttemptRef, at: number, result: string): void {
    this.#end(this.#attempts, task_id, attempt, at, result);
  }

  #endMerge({ task_id, attempt }: AttemptRef, at: number, result: string): void {
    this.#end(this.#merges, task_id, attempt, at, result);
  }

  #end(
    open: Map<string, TimelineSpan>,
    key: string,
    number: number | null,
    at: number,
    result: string,
  ): void {
    const span = open.get(key);
    if (span?.number !== number) return;
    span.end = at;
    span.result = result;
    open.delete(key);
  }

  #note(event: RunEvent, at: number): void {
    const task_id = /^task\/(.+)$/.exec(event.subject)?.[1] ?? null;
    this.moments.push({
      index: event.index,
      at,
      kind: event.kind,
      by: event.actor,
      task_id,
      text: textOf(event.payload),
    });
  }
}

interface AttemptRef {
  readonly task_id: string;
  readonly attempt: number | null;
}

/** What a run of a gate is known by. */
function gateKey(
  { task_id, gate, run_number }: Pick<PayloadOf<"gate_started">, "task_id" | "gate" | "run_number">,
): string {
  return `${task_id ?? ""}/${gate}/${run_number}`;
}

/** The words that a payload has for people. */
function textOf(payload: object): string {
  const told = new Map(Object.entries(payload));
  const words = ["status", "reason", "question", "answer", "branch", "by"].map((name) => told.get(name));
  return words.filter((word) => typeof word === "string").join(": ");
}
