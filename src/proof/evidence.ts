/**
 * The evidence in a log that the state of its run does not keep: every attempt, every run of a gate, what was
 * retried and refused. A pure fold, like the state's own.
 */

import type { RunEvent } from "../log/event.ts";
import { type Artifact, type AttemptOutcome, KINDS, type PayloadOf } from "../log/kinds.ts";

/** One attempt of a task. */
export interface AttemptEvidence {
  readonly task_id: string;
  readonly attempt: number;
  readonly base: string | null;
  /** Null while it is not over, and where nothing is known of its end. */
  outcome: AttemptOutcome | null;
  /** Null where nothing was pinned: it works in place, or its end was cut short. */
  pin: PayloadOf<"attempt_pinned"> | null;
}

/** The part of an attempt that its merge tells of. */
export interface MergedAttempt {
  readonly task_id: string;
  readonly pin: Pick<PayloadOf<"attempt_pinned">, "changed" | "secrets"> | null;
}

/** A commit that became the head of the run. */
export interface HeadEvidence {
  readonly commit: string;
  readonly tree: string;
  readonly parents: readonly string[];
  /** The attempt whose work it holds, of this run or an earlier one; null for a merge with a branch that had moved. */
  readonly attempt: MergedAttempt | null;
  /** Full name of that branch. */
  readonly branch: string | null;
}

/** One run of a gate, or the decision to skip it. */
export type GateEvidence =
  | { readonly result: "passed"; readonly payload: PayloadOf<"gate_passed"> }
  | { readonly result: "failed"; readonly payload: PayloadOf<"gate_failed"> }
  | { readonly result: "skipped"; readonly payload: PayloadOf<"gate_skipped"> };

/** What a log shows beyond the state of its run. */
export interface RunEvidence {
  /** Null in a log without a beginning. */
  readonly started: PayloadOf<"run_started"> | null;
  /** In the order of their claims. */
  readonly attempts: readonly AttemptEvidence[];
  /** In the order in which they ended. */
  readonly gates: readonly GateEvidence[];
  /** The heads of the run after its base, in their order. */
  readonly heads: readonly HeadEvidence[];
  readonly retries: readonly PayloadOf<"retry_scheduled">[];
  /** How each iteration of a loop that was kept had ended, in the order of the log. */
  readonly iterations: readonly AttemptOutcome[];
  /** What both sides of each conflict had changed, in the order of the log. */
  readonly conflicts: readonly Artifact[];
  /** What reviews said of attempts, in the order of the log. */
  readonly reviews: readonly PayloadOf<"task_reviewed">[];
  /** The candidates that were picked, in the order of the log. */
  readonly picks: readonly PayloadOf<"candidate_picked">[];
  readonly refused: readonly PayloadOf<"result_refused">[];
  readonly usage: readonly PayloadOf<"usage_recorded">[];
  /** What people decided about it, in the order of the log. */
  readonly verdicts: readonly PayloadOf<"run_accepted">[];
  /** The latest comparison of the tests of base and head; null where there was none. */
  readonly tests: PayloadOf<"tests_compared"> | null;
  /** Why the run was cancelled; null where it was not. */
  readonly cancelled: string | null;
  /** The latest `proof_writing` that was folded, and its time in milliseconds. */
  readonly judged: { readonly payload: PayloadOf<"proof_writing">; readonly at: number } | null;
}

/** Collects evidence event by event. Facts of an older incarnation count for nothing, as in the state. */
export class EvidenceFold implements RunEvidence {
  readonly attempts: AttemptEvidence[] = [];
  readonly gates: GateEvidence[] = [];
  readonly heads: HeadEvidence[] = [];
  readonly retries: PayloadOf<"retry_scheduled">[] = [];
  readonly iterations: AttemptOutcome[] = [];
  readonly conflicts: Artifact[] = [];
  readonly reviews: PayloadOf<"task_reviewed">[] = [];
  readonly picks: PayloadOf<"candidate_picked">[] = [];
  readonly refused: PayloadOf<"result_refused">[] = [];
  readonly usage: PayloadOf<"usage_recorded">[] = [];
  readonly verdicts: PayloadOf<"run_accepted">[] = [];
  started: RunEvidence["started"] = null;
  tests: RunEvidence["tests"] = null;
  cancelled: RunEvidence["cancelled"] = null;
  judged: RunEvidence["judged"] = null;
  readonly #byAttempt = new Map<string, AttemptEvidence>();
  readonly #reusable = new Map<string, NonNullable<MergedAttempt["pin"]>>();
  #incarnation = 0;

  /** Folds the next event. */
  take(event: RunEvent): void {
    if (KINDS[event.kind].class !== "fact" || this.#isStale(event.actor)) return;
    switch (event.kind) {
      case "run_started":
        this.started = event.payload;
        this.#incarnation = 1;
        for (const each of event.payload.reuse?.tasks ?? []) this.#reusable.set(each.task_id, each);
        break;
      case "run_resumed":
        this.#incarnation = event.payload.incarnation;
        this.#mergeOnto(event.payload.onto);
        break;
      case "run_cancelled":
        this.cancelled = event.payload.reason;
        break;
      case "task_claimed":
        this.#claim(event.payload);
        break;
      case "attempt_pinning":
        this.#end(event.payload, event.payload.outcome);
        if (event.payload.iteration !== undefined) this.iterations.push(event.payload.outcome);
        break;
      case "attempt_pinned":
        this.#update(event.payload, { pin: event.payload });
        break;
      case "task_finished":
      case "task_failed":
      case "task_waiting":
        this.#end(event.payload, event.payload.outcome);
        break;
      case "retry_scheduled":
        this.#end(event.payload, event.payload.outcome);
        this.retries.push(event.payload);
        break;
      case "task_cancelled":
        if (event.payload.outcome !== null) this.#end(event.payload, event.payload.outcome);
        break;
      case "merge_conflicted":
        if (event.payload.diffs !== undefined) this.conflicts.push(event.payload.diffs);
        break;
      case "candidate_picked":
        this.picks.push(event.payload);
        break;
      case "task_reviewed":
        this.reviews.push(event.payload);
        break;
      case "task_completed":
        this.#merge(event.payload);
        break;
      case "result_refused":
        this.refused.push(event.payload);
        break;
      case "usage_recorded":
        this.usage.push(event.payload);
        break;
      case "gate_passed":
        this.gates.push({ result: "passed", payload: event.payload });
        break;
      case "gate_failed":
        this.gates.push({ result: "failed", payload: event.payload });
        break;
      case "gate_skipped":
        this.gates.push({ result: "skipped", payload: event.payload });
        break;
      case "tests_compared":
        this.tests = event.payload;
        break;
      case "run_accepted":
      case "run_rejected":
        this.verdicts.push(event.payload);
        break;
      case "proof_writing":
        this.judged = { payload: event.payload, at: Date.parse(event.ts) };
        break;
      default:
        break;
    }
  }

  #isStale(actor: string): boolean {
    const incarnation = /^controller\/([1-9][0-9]*)$/.exec(actor)?.[1];
    return incarnation !== undefined && Number(incarnation) < this.#incarnation;
  }

  #claim({ task_id, attempt, base }: PayloadOf<"task_claimed">): void {
    const evidence: AttemptEvidence = { task_id, attempt, base, outcome: null, pin: null };
    this.attempts.push(evidence);
    this.#byAttempt.set(keyOf(evidence), evidence);
  }

  /** What is known of an attempt that was lost afterwards stays: its pinning told of its end. */
  #end(ref: AttemptRef, outcome: AttemptOutcome): void {
    const known = this.#byAttempt.get(keyOf(ref))?.outcome;
    const output = outcome.output ?? known?.output ?? null;
    const result_file = outcome.result_file ?? known?.result_file;
    const kept = result_file === undefined ? {} : { result_file };
    this.#update(ref, { outcome: { ...outcome, output, ...kept } });
  }

  #merge(payload: PayloadOf<"task_completed">): void {
    const { task_id } = payload;
    const attempt = payload.reused === undefined
      ? this.#byAttempt.get(keyOf(payload))
      : { task_id, pin: this.#reusable.get(task_id) ?? null };
    const { commit, tree } = payload;
    const parent = this.heads.at(-1)?.commit ?? this.started?.base?.commit;
    if (attempt === undefined || commit === null || tree === null || parent === undefined) return;
    this.heads.push({ commit, tree, parents: [parent], attempt, branch: null });
  }

  #mergeOnto(onto: PayloadOf<"run_resumed">["onto"]): void {
    if (onto === null) return;
    const { commit, tree, parents, branch } = onto;
    this.heads.push({ commit, tree, parents, attempt: null, branch });
  }

  #update(ref: AttemptRef, changes: Partial<AttemptEvidence>): void {
    const evidence = this.#byAttempt.get(keyOf(ref));
    if (evidence !== undefined) Object.assign(evidence, changes);
  }
}

/**
 * The logs and result files of all attempts and iterations, the logs of gates, what agents answered, the tests that gates
 * reported, and the diffs of conflicts, sorted by path.
 */
export function artifactsOf(evidence: RunEvidence): readonly Artifact[] {
  const byPath = new Map<string, Artifact>();
  const add = (artifact: Artifact | null | undefined) => {
    if (artifact !== null && artifact !== undefined) byPath.set(artifact.path, artifact);
  };
  for (const outcome of [...evidence.iterations, ...evidence.attempts.map(({ outcome }) => outcome)]) {
    add(outcome?.output);
    add(outcome?.result_file);
    add(outcome?.reply);
    add(outcome?.planning?.plan);
    add(outcome?.planning?.problems);
  }
  for (const diffs of evidence.conflicts) add(diffs);
  for (const gate of evidence.gates) {
    if (gate.result === "skipped") continue;
    add(gate.payload.output);
    add(gate.payload.tests);
    for (const report of gate.payload.reports ?? []) add(report);
  }
  for (const report of evidence.tests?.reports ?? []) add(report.base);
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

interface AttemptRef {
  readonly task_id: string;
  readonly attempt: number | null;
}

function keyOf({ task_id, attempt }: AttemptRef): string {
  return `${task_id}/${attempt}`;
}
