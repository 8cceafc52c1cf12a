/** A run as its own files tell it: plan, log, and what both fold to. */

import { CheckFailure, expectEqual } from "./checks.ts";
import { EvidenceFold, type RunEvidence } from "./evidence.ts";
import { EVENTS_FILE, PLAN_FILE } from "./files.ts";
import { sha256 } from "../digest.ts";
import { EMPTY_HEAD } from "../log/commit.ts";
import type { RunEvent } from "../log/event.ts";
import type { Kind, PayloadOf } from "../log/kinds.ts";
import type { LogHead } from "../log/port.ts";
import { runEventsOf } from "../log/reader.ts";
import { scanLog } from "../log/scan.ts";
import { parsePlanJson } from "../plan/plan_json.ts";
import type { Plan } from "../plan/spec.ts";
import type { RunState } from "../scheduler/run_state.ts";

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

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The pinned plan, if it is the one that the run was started with. Rejects where it is missing, changed or damaged. */
export async function readPlan(directory: string): Promise<{ readonly plan: Plan; readonly digest: string }> {
  const bytes = await readRunFile(directory, PLAN_FILE);
  expectEqual(`sha256 of ${PLAN_FILE}`, await pinnedDigest(directory), sha256(bytes));
  return parsePlanJson(new TextDecoder().decode(bytes));
}

/** The digest of the plan in the first event of the log. */
async function pinnedDigest(directory: string): Promise<string> {
  const path = `${directory}/${EVENTS_FILE}`;
  for await (const [commit] of scanLog(path, { checkSums: false })) {
    const [first] = commit === undefined ? [] : runEventsOf(path, commit);
    if (first?.kind === "run_started") return first.payload.plan_digest;
    break;
  }
  throw new CheckFailure("expected a log that begins with run_started, found another");
}

/**
 * Folds the log, up to the event `until` where that is given. The sums of the commits are not computed here.
 *
 * @throws {FoldError} and the errors of the log's reader
 */
export async function foldRun(
  directory: string,
  plan: Plan,
  fold: RunFold,
  until = Infinity,
): Promise<FoldedRun> {
  const path = `${directory}/${EVENTS_FILE}`;
  const state = fold.create(plan);
  const evidence = new EvidenceFold();
  const trail: { index: number; kind: Kind }[] = [];
  const nothing = { head: EMPTY_HEAD, lastKind: null, proof: null };
  const folded: Mutable<FoldedRun> = { state, evidence, trail, ...nothing };
  for await (const commits of scanLog(path, { checkSums: false })) {
    for (const commit of commits) {
      for (const event of runEventsOf(path, commit)) {
        if (event.index > until) return folded;
        fold.apply(state, event);
        evidence.take(event);
        folded.lastKind = event.kind;
        if (event.kind === "proof_written") folded.proof = event.payload;
        if (trail.length > 0 || event.kind === "proof_writing") {
          trail.push({ index: event.index, kind: event.kind });
        }
      }
      folded.head = { index: commit.after.index, sum: commit.after.sum };
    }
  }
  return folded;
}

/** Reads a file of the run that a check needs; its absence is a failure of the check. */
export async function readRunFile(directory: string, path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(`${directory}/${path}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new CheckFailure(`${path}: expected a file, found nothing`);
    }
    throw error;
  }
}
