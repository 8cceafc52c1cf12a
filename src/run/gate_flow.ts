/** One run of a gate from its intent to its evidence. */

import { draft, taskSubject } from "../log/event.ts";
import type { PayloadOf } from "../log/kinds.ts";
import type { GateSpec, TaskSpec } from "../plan/spec.ts";
import type { GateResult } from "../gates/port.ts";
import { controllerActor } from "../scheduler/decide.ts";
import type { AttemptRef } from "../scheduler/settle.ts";
import { ControllerFault, type ControllerHandle } from "./controller_handle.ts";
import { outputsOfDependencies, outputsOfRun } from "./stored_outputs.ts";

/** The tree that a task's gates judge; null where the work is not in git. */
export interface GatePlace {
  readonly commit: string | null;
  readonly tree: string;
}

/** Runs the gate of scope `run` whose intent is in the log. */
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
  await runOnce(controller, gate, started, null, outputsOfRun(state, controller.ports.runDirectory), signal);
}

/** Runs the gates of a task at the tree that its attempt made; resolves with what failed, or null. */
export async function runTaskGates(
  controller: ControllerHandle,
  spec: TaskSpec,
  ref: AttemptRef,
  place: GatePlace | null,
  signal: AbortSignal,
): Promise<string | null> {
  const restore = outputsOfDependencies(controller.state, spec, controller.ports.runDirectory);
  for (const gate of spec.gates) {
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
      continue;
    }
    let result: GateResult | null = null;
    for (let run = 0; run <= gate.retries && result?.passed !== true && !signal.aborted; run++) {
      const runs = controller.state.run.gates.filter((each) =>
        each.gate === gate.name && each.task_id === spec.id
      );
      const started = { ...base, run_number: runs.length + 1, token: ref.token };
      await controller.commit((state) => [
        draft("gate_started", taskSubject(spec.id), controllerActor(state), started),
      ]);
      result = await runOnce(controller, gate, started, ref, restore, signal);
    }
    if (result?.passed === true || gate.allow_fail || !gate.required) continue;
    return `gate "${gate.name}" ${result === null ? "did not run" : result.evidence.reason}`;
  }
  return null;
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
    return [
      result.passed
        ? draft("gate_passed", subject, actor, result.evidence)
        : draft("gate_failed", subject, actor, result.evidence),
    ];
  });
  return result;
}
