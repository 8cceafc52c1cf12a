/**
 * The loop of an attempt: its body runs again in the same worktree until the gate of the loop passes on what an
 * iteration left. Each iteration is kept before it is judged, and all of them share the time of one attempt.
 */

import type { AttemptOutcome } from "../log/kinds.ts";
import type { LoopSpec, TaskSpec } from "../plan/spec.ts";
import { spentBudget } from "../scheduler/budget.ts";
import { findTask, type RunState } from "../scheduler/run_state.ts";
import type { AttemptRef, LoopState } from "../scheduler/task_state.ts";
import type { Attempt, FirstIteration, IterationRequest } from "../worker/port.ts";
import type { ControllerHandle } from "./controller_handle.ts";
import { outputPath } from "./directory.ts";
import { type GatePlace, runTaskGates } from "./gate_flow.ts";

/** What an iteration left: the tree that the gate judges, or why it could not be kept. */
export type KeptIteration = { readonly place: GatePlace | null } | { readonly failure: string };

/** How a loop ended. */
export interface LoopEnd {
  /** What is known of the attempt: success only where the gate passed. */
  readonly outcome: AttemptOutcome;
  /** The tree that the gate passed on; null where it did not, or there is none. */
  readonly tree: string | null;
}

/** What a loop works with. */
export interface LoopOptions {
  readonly controller: ControllerHandle;
  readonly spec: TaskSpec;
  readonly loop: LoopSpec;
  readonly attempt: Attempt;
  /** How far an earlier attempt had come that was lost; undefined where this one began the loop. */
  readonly begun: LoopState | undefined;
  /** Ends the gate when the attempt is not wanted any more. */
  readonly signal: AbortSignal;
  /** Keeps what an iteration left. `spentMs`: how much of the task's time has been taken so far. */
  readonly keep: (outcome: AttemptOutcome, iteration: number, spentMs: number) => Promise<KeptIteration>;
}

/** What an attempt of a loop begins with: the first iteration, or where a lost attempt had come to. */
export function firstIteration(
  loop: LoopSpec,
  spec: TaskSpec,
  ref: AttemptRef,
  begun: LoopState | undefined,
  runDirectory: string,
): FirstIteration {
  const { number, isKept } = startOf(loop, begun);
  const leftMs = spec.timeout_secs * 1000 - (begun?.spent_ms ?? 0);
  return {
    ...iterationOf(ref, number, leftMs, runDirectory, begun?.gate_output ?? null),
    work: begun?.pin ?? null,
    isKept,
  };
}

/** Runs the loop to its end; `first` is how its first iteration ended. */
export async function runLoop(options: LoopOptions, first: AttemptOutcome): Promise<LoopEnd> {
  const { controller, spec, loop, attempt, begun } = options;
  const { clock, runDirectory } = controller.ports;
  const limitMs = spec.timeout_secs * 1000;
  // The body of the first iteration is over: its time is in its outcome.
  const beganAt = clock.monotonic() - first.duration_ms;
  const spentMs = () => Math.round((begun?.spent_ms ?? 0) + clock.monotonic() - beganAt);
  const start = startOf(loop, begun);
  for (let outcome = first, iteration = start.number;; iteration++) {
    const isKept = start.isKept && iteration === start.number;
    const end = (result: AttemptOutcome["result"], detail?: string): LoopEnd => ({
      outcome: { ...outcome, result, iterations: iteration, ...(detail === undefined ? {} : { detail }) },
      tree: null,
    });
    if (outcome.result !== "success") return end(outcome.result);
    const kept = isKept ? placeOf(begun) : await options.keep(outcome, iteration, spentMs());
    if ("failure" in kept) return end("workspace_error", kept.failure);
    const verdict = (isKept ? verdictOf(begun) : null) ??
      await judge(options, kept.place, iteration, limitMs - spentMs());
    if (verdict.failure === null) return { ...end("success"), tree: kept.place?.tree ?? null };
    if (options.signal.aborted) return end("cancelled", "the run ended while the gate of its loop ran");
    const said = `${verdict.failure} after ${iteration === 1 ? "1 iteration" : `${iteration} iterations`}`;
    const leftMs = limitMs - spentMs();
    if (verdict.isLate || leftMs <= 0) return end("timeout", said);
    if (iteration >= loop.max_iterations) return end("iterations_exhausted", said);
    const spent = spentOf(controller.state, spec.id);
    if (spent !== null) return end("iterations_exhausted", `${said}; ${spent}`);
    outcome = await attempt.again(
      iterationOf(attempt.ref, iteration + 1, leftMs, runDirectory.path, verdict.output),
    );
  }
}

/** Which budget leaves no room for another iteration; null where none does. */
function spentOf(state: RunState, taskId: string): string | null {
  if (state.run.budget_exhausted !== null) return "a budget of the run is used up";
  const view = findTask(state, taskId);
  const own = view === undefined ? undefined : spentBudget(view);
  return own === undefined ? null : `its budget of ${own.budget} is used up`;
}

/** With which iteration a loop begins or goes on, and whether that is kept already and only to be judged. */
function startOf(loop: LoopSpec, begun: LoopState | undefined): { number: number; isKept: boolean } {
  if (begun === undefined) return { number: 1, isKept: false };
  const isKept = begun.verdict !== "failed" || begun.iteration >= loop.max_iterations;
  return { number: begun.iteration + (isKept ? 0 : 1), isKept };
}

function iterationOf(
  ref: AttemptRef,
  number: number,
  leftMs: number,
  runDirectory: string,
  gateOutput: string | null,
): IterationRequest {
  return {
    number,
    timeoutMs: Math.max(1, leftMs),
    output: outputPath(ref.task_id, ref.attempt, number),
    ...(gateOutput === null ? {} : { gateLog: `${runDirectory}/${gateOutput}` }),
  };
}

interface LoopVerdict {
  /** What to say of the gate; null where it passed. */
  readonly failure: string | null;
  readonly output: string | null;
  /** It was ended because the time of the attempt was up. */
  readonly isLate: boolean;
}

/** Has the gate judge what an iteration left, as long as there is time. */
async function judge(
  { controller, spec, loop, attempt, signal }: LoopOptions,
  place: GatePlace | null,
  iteration: number,
  leftMs: number,
): Promise<LoopVerdict> {
  const late = new AbortController();
  const over = new AbortController();
  const timer = controller.ports.clock.sleep(Math.max(0, leftMs), over.signal).then(() => {
    if (!over.signal.aborted) late.abort();
  });
  const failed = await runTaskGates(controller, {
    spec,
    gates: [loop.until],
    ref: attempt.ref,
    place,
    iteration,
    signal: AbortSignal.any([signal, late.signal]),
  });
  over.abort();
  await timer;
  if (failed === null) return { failure: null, output: null, isLate: false };
  return { ...failed, isLate: late.signal.aborted };
}

function placeOf(begun: LoopState | undefined): { readonly place: GatePlace | null } {
  if (begun === undefined || begun.tree === null) return { place: null };
  return { place: { commit: begun.pin ?? begun.base, tree: begun.tree } };
}

/** What the log has of the gate's verdict; null where it is still to be asked. */
function verdictOf(begun: LoopState | undefined): LoopVerdict | null {
  if (begun === undefined || begun.verdict === null) return null;
  const failure = begun.verdict === "passed" ? null : "its gate failed";
  return { failure, output: begun.gate_output, isLate: false };
}
