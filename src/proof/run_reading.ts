/**
 * A run as its own files tell it: plan, log, and what both fold to. The log is read once: it is folded while its sums
 * are checked, to its end and to the head of its last proof.
 */

import { sha256 } from "../digest.ts";
import { EMPTY_HEAD } from "../log/commit.ts";
import type { ScannedCommit } from "../log/commit_scanner.ts";
import type { RunEvent } from "../log/event.ts";
import type { Kind, PayloadOf } from "../log/kinds.ts";
import type { LogHead } from "../log/port.ts";
import { runEventsOf } from "../log/reader.ts";
import { parsePlanJson } from "../plan/plan_json.ts";
import type { Plan } from "../plan/spec.ts";
import type { RunState } from "../scheduler/run_state.ts";
import { CheckFailure, expectEqual } from "./checks.ts";
import { EvidenceFold, type RunEvidence } from "./evidence.ts";
import { EVENTS_FILE, PLAN_FILE } from "./files.ts";
import { readRunFile } from "./run_files.ts";

/** The fold of a run's state, which lies above this folder. */
export interface RunFold {
  /** The state before the first event. */
  create(plan: Plan): RunState;
  /** Folds one event; throws where the log cannot be folded at all. */
  apply(state: RunState, event: RunEvent): void;
}

/** A log up to some event, folded. */
export interface FoldedRun {
  readonly state: RunState;
  readonly evidence: RunEvidence;
  /** The end of the commit that holds the last folded event. */
  readonly head: LogHead;
  /** Kind of the last folded event; null in an empty log. */
  readonly lastKind: Kind | null;
  /** The latest `proof_written`. */
  readonly proof: PayloadOf<"proof_written"> | null;
  /** Index and kind of every event from the first `proof_writing` on. */
  readonly trail: readonly { readonly index: number; readonly kind: Kind }[];
}

/** A commit whose events have been checked. */
interface ReadCommit {
  readonly events: readonly RunEvent[];
  readonly after: LogHead;
}

/** What both places of a log fold to. */
interface Folds {
  readonly atEnd: FoldedRun;
  /** Up to the head that the last `proof_written` names; where none does, or another, it says so by its own head. */
  readonly atHead: FoldedRun;
}

/** A log that is folded while it is read. */
export class RunReading {
  readonly #path: string;
  readonly #fold: RunFold;
  readonly #readPlan: () => Uint8Array;
  #plan: { readonly plan: Plan; readonly digest: string } | undefined;
  #folds: { readonly atEnd: Folding; readonly atHead: Folding } | undefined;
  #failure: { readonly of: "plan" | "fold"; readonly error: unknown } | undefined;
  /** What stands behind the last `proof_writing`, for which no proof has been written yet. */
  #behind: ReadCommit[] = [];

  private constructor(directory: string, fold: RunFold, readPlan: () => Uint8Array) {
    this.#path = `${directory}/${EVENTS_FILE}`;
    this.#fold = fold;
    this.#readPlan = readPlan;
  }

  /** Reads the plan; what keeps it from being read is told by `plan`. */
  static async begin(directory: string, fold: RunFold): Promise<RunReading> {
    const read = await readRunFile(directory, PLAN_FILE).then(
      (bytes) => () => bytes,
      (error) => () => {
        throw error;
      },
    );
    return new RunReading(directory, fold, read);
  }

  /** Folds the next commits; what keeps them from being folded is told by `folds`. */
  take(commits: readonly ScannedCommit[]): void {
    for (const commit of commits) {
      if (this.#failure !== undefined) return;
      try {
        const { index, sum } = commit.after;
        this.#takeCommit({ events: runEventsOf(this.#path, commit), after: { index, sum } });
      } catch (error) {
        this.#failure = { of: this.#plan === undefined ? "plan" : "fold", error };
      }
    }
  }

  /**
   * The pinned plan.
   *
   * @throws where it is missing, damaged, or not the one that the run was started with
   */
  get plan(): { readonly plan: Plan; readonly digest: string } {
    if (this.#plan === undefined) throw this.#failure?.error ?? noBeginning();
    return this.#plan;
  }

  /**
   * What was read, folded.
   *
   * @throws {MalformedEventError} for what a run's log cannot hold, and what the fold throws
   */
  get folds(): Folds {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#folds === undefined) throw noBeginning();
    return this.#folds;
  }

  #takeCommit(commit: ReadCommit): void {
    const [first] = commit.events;
    const { atEnd, atHead } = this.#folds ??= this.#begin(first);
    atEnd.take(commit);
    const isJudging = commit.events.some(({ kind }) => kind === "proof_writing");
    if (this.#behind.length === 0 && !isJudging) {
      atHead.take(commit);
      return;
    }
    this.#behind.push(commit);
    const { proof } = atEnd;
    if (proof === null || !commit.events.some(({ kind }) => kind === "proof_written")) return;
    while ((this.#behind[0]?.after.index ?? Infinity) <= proof.head.index) {
      const next = this.#behind.shift();
      if (next !== undefined) atHead.take(next);
    }
  }

  #begin(first: RunEvent | undefined): { readonly atEnd: Folding; readonly atHead: Folding } {
    if (first?.kind !== "run_started") throw noBeginning();
    const bytes = this.#readPlan();
    expectEqual(`sha256 of ${PLAN_FILE}`, first.payload.plan_digest, sha256(bytes));
    this.#plan = parsePlanJson(new TextDecoder().decode(bytes));
    const { plan } = this.#plan;
    return { atEnd: new Folding(this.#fold, plan), atHead: new Folding(this.#fold, plan) };
  }
}

class Folding implements FoldedRun {
  readonly state: RunState;
  readonly evidence = new EvidenceFold();
  readonly trail: { index: number; kind: Kind }[] = [];
  head: LogHead = EMPTY_HEAD;
  lastKind: Kind | null = null;
  proof: FoldedRun["proof"] = null;
  readonly #fold: RunFold;

  constructor(fold: RunFold, plan: Plan) {
    this.#fold = fold;
    this.state = fold.create(plan);
  }

  take({ events, after }: ReadCommit): void {
    for (const event of events) {
      this.#fold.apply(this.state, event);
      this.evidence.take(event);
      this.lastKind = event.kind;
      if (event.kind === "proof_written") this.proof = event.payload;
      if (this.trail.length > 0 || event.kind === "proof_writing") {
        this.trail.push({ index: event.index, kind: event.kind });
      }
    }
    this.head = after;
  }
}

function noBeginning(): CheckFailure {
  return new CheckFailure("expected a log that begins with run_started, found another");
}
