/**
 * Merges that gates judge before they are in the head of the run: when a batch is complete, and which of its trees is
 * judged next until the merge that spoils it is found. Pure.
 */

import { mergeGates } from "../plan/merge_gates.ts";
import type { GateSpec } from "../plan/spec.ts";
import type { GateRecord, RunRecord, StagedMerge } from "./run_record.ts";
import type { RunState } from "./run_state.ts";

/** A larger batch saves little more, and a red one holds up more work; one red merge of 16 is found in four steps. */
export const BATCH_LIMIT = 16;

/** The commit that the next merge is made on: what is staged is taken to be in the head. */
export function mergeTip({ head, batch }: RunRecord): string | null {
  return batch?.staged.at(-1)?.commit ?? head?.commit ?? null;
}

/** Whether nothing more may join the batch. */
export function isBatchComplete({ run: { batch }, plan }: RunState): boolean {
  if (batch === undefined) return false;
  return batch.phase !== "open" || batch.staged.length >= (plan.gate_each === "batch" ? BATCH_LIMIT : 1);
}

/** Whether a task's work is on its way into the head right now, so that it cannot be called back. */
export function isBeingMerged({ merge, batch }: RunRecord, taskId: string): boolean {
  if (merge?.task_id === taskId) return true;
  return batch?.phase === "judging" && batch.staged.some(({ task_id }) => task_id === taskId);
}

/** Whether the merge of a task is staged. */
export function isStaged({ batch }: RunRecord, taskId: string): boolean {
  return batch?.staged.some(({ task_id }) => task_id === taskId) === true;
}

/** A gate that failed on the tree of a merge. */
export interface RedGate {
  readonly gate: string;
  readonly reason: string;
  /** Its output, relative to the run's directory; undefined where none is kept. */
  readonly output: string | undefined;
}

/** What the gates come to, or which of them are due. */
export type Judgement =
  /** The gates are to run on the tree of the first `count` merges. */
  | { readonly kind: "judge"; readonly count: number; readonly gates: readonly GateSpec[] }
  /** The first `good` merges pass together; `red` says what failed on the one behind them, null where there is none. */
  | { readonly kind: "done"; readonly good: number; readonly red: RedGate | null };

/**
 * The next step of judging batch `number`; null where it is not being judged any more. First all merges together; where
 * that fails, the middle between what is known to pass (at first the head without any of them) and what is known to
 * fail, until one merge lies between the two.
 */
export function nextJudgement(state: RunState, number: number): Judgement | null {
  const { batch, batches } = state.run;
  if (batch?.phase !== "judging" || batches !== number) return null;
  let good = 0;
  let bad = batch.staged.length + 1;
  let red: RedGate | null = null;
  for (let count = batch.staged.length; bad - good > 1; count = Math.floor((good + bad) / 2)) {
    const verdict = verdictOn(state, batch.staged[count - 1]);
    if (verdict.result === "open") return { kind: "judge", count, gates: verdict.gates };
    if (verdict.result === "passed") good = count;
    else [bad, red] = [count, verdict];
  }
  return { kind: "done", good, red };
}

/** Whether gates have passed on a tree that holds the first of the merges that are judged (P7). */
export function isFirstGood(state: RunState): boolean {
  return state.run.batch?.staged.some((each) => verdictOn(state, each).result === "passed") === true;
}

type Verdict =
  | { readonly result: "passed" }
  | { readonly result: "open"; readonly gates: readonly GateSpec[] }
  | { readonly result: "failed" } & RedGate;

/** What the gates have said of a tree in this batch: earlier runs on the same tree may have been of another attempt. */
function verdictOn({ plan, run }: RunState, merge: StagedMerge | undefined): Verdict {
  const records = recordsOfBatch(run);
  const open: GateSpec[] = [];
  for (const gate of mergeGates(plan)) {
    const runs = records.filter((each) =>
      each.gate === gate.name && each.tree === merge?.tree && each.result !== "running" && !each.ended
    );
    const latest = runs[0];
    if (latest?.result === "passed") continue;
    if (latest === undefined || runs.length <= gate.retries) open.push(gate);
    else {
      const { reason, output } = latest;
      return { result: "failed", gate: gate.name, reason: reason ?? "failed", output };
    }
  }
  return open.length > 0 ? { result: "open", gates: open } : { result: "passed" };
}

/** The runs of gates on the batch that was judged last, the latest first. */
function recordsOfBatch({ gates, batches = 0 }: RunRecord): readonly GateRecord[] {
  const records: GateRecord[] = [];
  for (let at = gates.length - 1; at >= 0; at--) {
    const record = gates[at];
    if (record?.merges === undefined) continue;
    if (record.merges.batch < batches) break;
    records.push(record);
  }
  return records;
}
