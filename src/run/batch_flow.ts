/** One batch of merges from the intent to judge it to its end: gates, the search for what fails them, the new head. */

import type { GateSpec } from "../plan/spec.ts";
import { type Judgement, nextJudgement } from "../scheduler/merge_batch.ts";
import { deferBatch, settleBatch } from "../scheduler/settle_merges.ts";
import type { ControllerHandle } from "./controller_handle.ts";
import { runGateFlow } from "./gate_flow.ts";
import { sideBySide } from "./side_by_side.ts";
import { startGate } from "./start_gate.ts";
import { makeMerge } from "./merge_flow.ts";
import type { Merger } from "./ports.ts";

/** Judges the batch whose intent is in the log; what gates have said of it already holds. */
export async function runBatchFlow(
  controller: ControllerHandle,
  merger: Merger,
  number: number,
  signal: AbortSignal,
): Promise<void> {
  const { state } = controller;
  for (;;) {
    const step = nextJudgement(state, number);
    if (step === null) return;
    if (step.kind === "done") return await land(controller, merger, number, step);
    await judge(controller, number, step, signal);
    // What a gate says that was ended with the run is no verdict.
    if (signal.aborted || state.run.cancel !== null) {
      return await controller.commit((current) =>
        nextJudgement(current, number) === null ? [] : deferBatch(current)
      );
    }
  }
}

/**
 * Makes the merges again that a process had staged which died: it may have taken commits with it that no ref named.
 * Where another commit comes out they are merged anew.
 */
export async function restage(controller: ControllerHandle, merger: Merger): Promise<void> {
  for (const merge of controller.state.run.batch?.staged ?? []) {
    const result = await makeMerge(controller, merger, merge);
    if (result.kind === "merged" && result.commit === merge.commit) continue;
    return await controller.commit((state) => state.run.batch === undefined ? [] : deferBatch(state));
  }
}

/** Runs gates side by side on the tree of the first merges; the first that fails it ends the others. */
async function judge(
  controller: ControllerHandle,
  number: number,
  { count, gates }: Extract<Judgement, { readonly kind: "judge" }>,
  signal: AbortSignal,
): Promise<void> {
  const enough = new AbortController();
  const either = AbortSignal.any([signal, enough.signal]);
  await sideBySide(gates, async (gate) => {
    while (isDue(controller, number, count, gate) && !either.aborted) {
      await judgeBy(controller, number, count, gate, either);
    }
    const next = nextJudgement(controller.state, number);
    if (next?.kind !== "judge" || next.count !== count) enough.abort();
  });
}

/** Whether a run of the gate on the first `count` merges would still tell something. */
function isDue({ state }: ControllerHandle, number: number, count: number, { name }: GateSpec): boolean {
  if (state.run.cancel !== null) return false;
  const next = nextJudgement(state, number);
  return next?.kind === "judge" && next.count === count && next.gates.some((gate) => gate.name === name);
}

/** Runs one gate on the tree of the first merges once. */
async function judgeBy(
  controller: ControllerHandle,
  number: number,
  count: number,
  gate: GateSpec,
  signal: AbortSignal,
): Promise<void> {
  const { batch, gates } = controller.state.run;
  const judged = batch?.staged.slice(0, count) ?? [];
  const last = judged.at(-1);
  if (last === undefined) return;
  const started = {
    gate: gate.name,
    scope: "run" as const,
    run_number: gates.filter((each) => each.scope === "run" && each.gate === gate.name).length + 1,
    required: gate.required,
    tree: last.tree,
    commit: last.commit,
    task_id: null,
    token: null,
    merges: { batch: number, tasks: judged.map(({ task_id }) => task_id) },
  };
  // What has begun is also ended, where the batch was given up meanwhile too: whoever waits for gates would wait for ever.
  await startGate(controller, gate, started, signal, () => runGateFlow(controller, started, signal));
}

/** What passed becomes the head; what failed goes back. */
async function land(
  controller: ControllerHandle,
  merger: Merger,
  number: number,
  verdict: Extract<Judgement, { readonly kind: "done" }>,
): Promise<void> {
  const { run } = controller.state;
  const head = run.head?.commit;
  const good = run.batch?.staged[verdict.good - 1];
  if (good !== undefined && head !== undefined) await merger.advanceHead(run.run_id, head, good.commit);
  await controller.commit((state, now) =>
    nextJudgement(state, number) === null ? [] : settleBatch(state, verdict, now)
  );
  if (good !== undefined) await merger.publish(run.run_id);
}
