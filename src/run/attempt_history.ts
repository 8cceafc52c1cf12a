/** Every attempt of a run with its times and its end: what the state of the run does not keep. */

import type { RunEvent } from "../log/event.ts";
import { type AttemptOutcome, KINDS, type PayloadOf } from "../log/kinds.ts";
import { incarnationOf } from "./state.ts";

/** How an attempt ended, as far as its task is concerned. */
export interface AttemptEnd {
  /** `repeated`: another attempt follows. */
  readonly result: "completed" | "failed" | "repeated" | "waiting" | "cancelled";
  readonly reason: string | null;
}

/** The evidence of a gate that ran on an attempt. */
export type GateRun =
  | PayloadOf<"gate_passed"> & { readonly result: "passed" }
  | PayloadOf<"gate_failed"> & { readonly result: "failed" };

/** One attempt. Times are ISO 8601 on the run clock. */
export interface AttemptRecord {
  readonly task_id: string;
  readonly attempt: number;
  readonly token: number;
  readonly worker: string;
  readonly base: string | null;
  readonly claimed_at: string;
  started_at: string | null;
  ended_at: string | null;
  slot: string | null;
  pid: number | null;
  /** Path of the output, relative to the run's directory. */
  output: string | null;
  /** Evidence of the body's end. */
  outcome: AttemptOutcome | null;
  pin: PayloadOf<"attempt_pinned"> | null;
  /** What each iteration of a loop left, oldest first; empty where it is none. */
  readonly iterations: PayloadOf<"attempt_pinned">[];
  end: AttemptEnd | null;
  /** The head of the run that first held its work. */
  commit: string | null;
  /** `diffs`: file with both sides' changes, relative to the run's directory. */
  readonly conflicts: {
    readonly head: string;
    readonly paths: readonly string[];
    readonly diffs?: string;
  }[];
  /** The gates that judged it, and that of the run which refused its merge. */
  readonly gates: GateRun[];
  /** What reviews said of it, in the order of the log. */
  readonly reviews: ReviewVerdict[];
}

/** What a review said of an attempt. */
export type ReviewVerdict = Omit<PayloadOf<"task_reviewed">, "task_id" | "attempt" | "token">;

/** Collects attempts event by event. Facts of an older incarnation count for nothing, as in the state. */
export class AttemptHistory {
  /** In the order of their claims. */
  readonly attempts: AttemptRecord[] = [];
  /** Runs of gates of scope `run`, in the order in which they ended. */
  readonly gates: GateRun[] = [];
  /** Gates that have begun and not ended, by what tells one run of a gate from the others. */
  readonly #running = new Map<string, PayloadOf<"gate_started">>();
  readonly #byToken = new Map<number, AttemptRecord>();
  readonly #byTask = new Map<string, AttemptRecord[]>();
  #incarnation = 0;

  /** The attempts of one task, the first one first. */
  of(taskId: string): readonly AttemptRecord[] {
    return this.#byTask.get(taskId) ?? [];
  }

  /** The gates that have begun and not ended, in the order in which they began. */
  get runningGates(): readonly PayloadOf<"gate_started">[] {
    return [...this.#running.values()];
  }

  /** Folds the next event. */
  take(event: RunEvent): void {
    if (KINDS[event.kind].class !== "fact") return;
    const incarnation = incarnationOf(event.actor) ?? this.#incarnation;
    if (incarnation < this.#incarnation) return;
    // What an earlier omk process had begun and not ended is begun anew.
    if (incarnation > this.#incarnation) this.#running.clear();
    this.#incarnation = incarnation;
    this.#fold(event);
  }

  #fold(event: RunEvent): void {
    switch (event.kind) {
      case "task_claimed":
        return this.#claim(event.index, event.ts, event.payload);
      case "task_started":
        return this.#update(event.payload.token, {
          started_at: event.ts,
          slot: event.payload.slot,
          pid: event.payload.process.pid,
          output: event.payload.output,
        });
      case "attempt_pinning":
        return this.#update(event.payload.token, {
          outcome: event.payload.outcome,
          slot: event.payload.slot,
        });
      case "attempt_pinned":
        if (event.payload.iteration === undefined) {
          return this.#update(event.payload.token, { pin: event.payload });
        }
        this.#byToken.get(event.payload.token)?.iterations.push(event.payload);
        return;
      case "task_finished":
        return this.#update(event.payload.token, { outcome: event.payload.outcome, ended_at: event.ts });
      case "task_completed":
        return this.#end(event.payload.token, event.ts, { result: "completed", reason: null }, {
          commit: event.payload.commit,
        });
      case "merge_conflicted": {
        const { head, paths, diffs } = event.payload;
        const kept = diffs === undefined ? {} : { diffs: diffs.path };
        this.#byToken.get(event.payload.token)?.conflicts.push({ head, paths, ...kept });
        return;
      }
      case "task_reviewed": {
        const { review, round, verdict, findings } = event.payload;
        this.#byToken.get(event.payload.token)?.reviews.push({ review, round, verdict, findings });
        return;
      }
      case "task_failed":
        return this.#close(event.payload, event.ts, "failed", event.payload.reason);
      case "retry_scheduled":
        return this.#close(event.payload, event.ts, "repeated", event.payload.reason);
      case "task_waiting":
        return this.#close(event.payload, event.ts, "waiting", event.payload.question);
      case "task_cancelled":
        return this.#close(event.payload, event.ts, "cancelled", event.payload.reason);
      case "gate_started":
        this.#running.set(gateKey(event.payload), event.payload);
        return;
      case "gate_passed":
        return this.#gate({ ...event.payload, result: "passed" });
      case "gate_failed":
        return this.#gate({ ...event.payload, result: "failed" });
    }
  }

  #claim(token: number, claimed_at: string, payload: PayloadOf<"task_claimed">): void {
    const { task_id, attempt, worker, base } = payload;
    const record: AttemptRecord = {
      task_id,
      attempt,
      token,
      worker,
      base,
      claimed_at,
      started_at: null,
      ended_at: null,
      slot: null,
      pid: null,
      output: null,
      outcome: null,
      pin: null,
      iterations: [],
      end: null,
      commit: null,
      conflicts: [],
      gates: [],
      reviews: [],
    };
    this.attempts.push(record);
    this.#byToken.set(token, record);
    const ofTask = this.#byTask.get(task_id);
    if (ofTask === undefined) this.#byTask.set(task_id, [record]);
    else ofTask.push(record);
  }

  #close(
    { token, outcome }: { readonly token: number | null; readonly outcome: AttemptOutcome | null },
    at: string,
    result: AttemptEnd["result"],
    reason: string,
  ): void {
    if (token === null) return;
    // What is known of an attempt that was lost afterwards stays: its pinning told of its end.
    const known = this.#byToken.get(token)?.outcome ?? null;
    const output = outcome?.output ?? known?.output ?? null;
    const refused = this.gates.find((run) => run.output !== null && run.output.path === outcome?.gate_output);
    if (refused !== undefined) this.#byToken.get(token)?.gates.push(refused);
    this.#end(token, at, { result, reason }, { outcome: outcome === null ? known : { ...outcome, output } });
  }

  #end(token: number, at: string, end: AttemptEnd, changes: Partial<AttemptRecord>): void {
    const record = this.#byToken.get(token);
    this.#update(token, { ...changes, end, ended_at: record?.ended_at ?? at });
  }

  #gate(run: GateRun): void {
    this.#running.delete(gateKey(run));
    if (run.token === null) this.gates.push(run);
    else this.#byToken.get(run.token)?.gates.push(run);
  }

  #update(token: number, changes: Partial<AttemptRecord>): void {
    const record = this.#byToken.get(token);
    if (record !== undefined) Object.assign(record, changes);
  }
}

/** What tells one run of a gate from the others. */
export function gateKey(
  { gate, task_id, run_number }: Pick<PayloadOf<"gate_started">, "gate" | "task_id" | "run_number">,
): string {
  return JSON.stringify([gate, task_id, run_number]);
}
