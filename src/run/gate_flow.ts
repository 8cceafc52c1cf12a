/** One run of a gate from its intent to its evidence. */

import { draft, taskSubject } from "../log/event.ts";
import type { AttemptOutcome, PayloadOf } from "../log/kinds.ts";
import type { GateSpec, TaskSpec } from "../plan/spec.ts";
import type { GateResult } from "../gates/port.ts";
import { controllerActor } from "../scheduler/decide.ts";
import type { AttemptRef } from "../scheduler/task_state.ts";
import { ControllerFault, type ControllerHandle } from "./controller_handle.ts";
import { worsen } from "./pin_verdict.ts";
import { sideBySide } from "./side_by_side.ts";
import { startGate } from "./start_gate.ts";
import { outputsOfDependencies, outputsOfRun } from "./stored_outputs.ts";

/** The tree that a task's gates judge; null where the work is not in git. */
export interface GatePlace {
  readonly commit: string | null;
  readonly tree: string;
}

/** Runs the gate of scope `run` whose intent is in the log, on the head or on merges that are to be judged. */
export async function runGateFlow(
  controller: ControllerHandle,
  started: PayloadOf<"gate_started">,
  signal: AbortSignal,
): Promise<void> {
  const { state } = controller;
  const gate = state.plan.gates?.find((each) => each.name === started.gate);
  if (gate === undefined) {
    throw new ControllerFault({ what: `Cannot find gate "${started.gate}" in the plan` });
  }
  await runOnce(
    controller,
    gate,
    started,
    null,
    outputsOfRun(state, controller.ports.runDirectory, started.merges?.tasks),
    signal,
  );
}

/**
 * Runs a gate of scope `run` at the base, to learn which tests there were; what tasks have made is not there. Null
 * where the signal came before its breaker let it through.
 */
export async function runGateAtBase(
  controller: ControllerHandle,
  gate: GateSpec,
  base: { readonly commit: string; readonly tree: string },
  signal: AbortSignal,
): Promise<GateResult | null> {
  const { run } = controller.state;
  const runs = run.gates.filter((each) => each.scope === "run" && each.gate === gate.name).length;
  const started = {
    gate: gate.name,
    scope: "run",
    run_number: runs + 1,
    required: gate.required,
    ...base,
    task_id: null,
    token: null,
    at_base: true,
  } as const;
  const once = () => runOnce(controller, gate, started, null, [], signal);
  return await startGate(controller, gate, started, signal, once);
}

/** What gates judge for a task. */
export interface TaskGates {
  readonly spec: TaskSpec;
  readonly gates: readonly GateSpec[];
  readonly ref: AttemptRef;
  readonly place: GatePlace | null;
  /** The iteration of a loop that is judged; absent: what the attempt left in the end. */
  readonly iteration?: number;
  readonly signal: AbortSignal;
}

/** The gate that failed. */
export interface GateFailure {
  /** What to say of it. */
  readonly failure: string;
  /** Its output, relative to the run's directory; null where there is none. */
  readonly output: string | null;
}

/**
 * Runs gates for a task side by side. One that fails and may not ends the others, whose verdicts would change nothing any
 * more; resolves with that one, of several the first in the order of the plan, or null.
 */
export async function runTaskGates(
  controller: ControllerHandle,
  request: TaskGates,
): Promise<GateFailure | null> {
  const enough = new AbortController();
  const signal = AbortSignal.any([request.signal, enough.signal]);
  const failures = await sideBySide(request.gates, async (gate) => {
    const result = await runTaskGate(controller, { ...request, signal }, gate);
    if (result === "skipped" || result?.passed === true || gate.allow_fail || !gate.required) return null;
    const hasVerdict = result !== null && result.evidence.ended === undefined;
    if (hasVerdict) enough.abort();
    const failure = `gate "${gate.name}" ${result === null ? "did not run" : result.evidence.reason}`;
    return { hasVerdict, failure, output: result?.evidence.output?.path ?? null };
  });
  const failed = failures.find((each) => each?.hasVerdict) ?? failures.find((each) => each !== null) ?? null;
  return failed === null ? null : { failure: failed.failure, output: failed.output };
}

/** The outcome of an attempt whose work has failed a gate. */
export function refusedBy(outcome: AttemptOutcome, { failure, output }: GateFailure): AttemptOutcome {
  const refused = worsen(outcome, "gate_failed", failure);
  return output === null ? refused : { ...refused, gate_output: output };
}

/** Runs one gate for a task, as often as its retries say; null where the signal came before its first turn. */
async function runTaskGate(
  controller: ControllerHandle,
  { spec, ref, place, iteration, signal }: TaskGates,
  gate: GateSpec,
): Promise<GateResult | "skipped" | null> {
  const base = {
    gate: gate.name,
    scope: "task",
    required: gate.required,
    tree: place?.tree ?? null,
    commit: place?.commit ?? null,
    task_id: spec.id,
  } as const;
  if (gate.skip) {
    await controller.commit((state) => [
      draft("gate_skipped", taskSubject(spec.id), controllerActor(state), {
        ...base,
        reason: "the plan says skip",
      }),
    ]);
    return "skipped";
  }
  const restore = outputsOfDependencies(controller.state, spec, controller.ports.runDirectory);
  let result: GateResult | null = null;
  for (let run = 0; run <= gate.retries && result?.passed !== true && !signal.aborted; run++) {
    const runs = controller.state.run.gates.filter((each) =>
      each.gate === gate.name && each.task_id === spec.id
    );
    const started = {
      ...base,
      run_number: runs.length + 1,
      token: ref.token,
      ...(iteration === undefined ? {} : { iteration }),
    };
    const once = () => runOnce(controller, gate, started, ref, restore, signal);
    result = await startGate(controller, gate, started, signal, once) ?? result;
  }
  return result;
}

async function runOnce(
  controller: ControllerHandle,
  gate: GateSpec,
  started: PayloadOf<"gate_started">,
  ref: AttemptRef | null,
  restore: ReturnType<typeof outputsOfRun>,
  signal: AbortSignal,
): Promise<GateResult> {
  const { state, ports } = controller;
  const result = await ports.gates.run({
    gate,
    runNumber: started.run_number,
    commit: started.commit,
    tree: started.tree,
    task: ref === null ? null : { id: ref.task_id, token: ref.token },
    holder: {
      run_id: state.run.run_id,
      task_id: ref?.task_id ?? `gate.${gate.name}`,
      attempt: ref?.attempt ?? started.run_number,
      token: ref?.token ?? 0,
    },
    directory: ports.directory,
    worktree: state.plan.worktree,
    restore,
    runDirectory: ports.runDirectory.path,
    signal,
  });
  await controller.commit((current) => {
    // A forged result has closed this run of the gate already: another one would break the rules of the log.
    const isOpen = current.run.gates.some((each) =>
      each.result === "running" && each.gate === started.gate && each.task_id === started.task_id &&
      each.run_number === started.run_number
    );
    if (!isOpen) return [];
    const subject = ref === null ? "run" : taskSubject(ref.task_id);
    const actor = controllerActor(current);
    const { iteration, at_base, merges } = started;
    const judged = {
      ...(iteration === undefined ? {} : { iteration }),
      ...(at_base === undefined ? {} : { at_base }),
      ...(merges === undefined ? {} : { merges }),
    };
    return [
      result.passed
        ? draft("gate_passed", subject, actor, { ...result.evidence, ...judged })
        : draft("gate_failed", subject, actor, { ...result.evidence, ...judged }),
    ];
  });
  return result;
}
