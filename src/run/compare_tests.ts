/** Comparing the tests of the run's base with those of its head, from the intent to what is found. */

import { findLostTests } from "../gates/tests/find_lost_tests.ts";
import { keepTests } from "../gates/tests/kept_tests.ts";
import { draft } from "../log/event.ts";
import type { Artifact, PayloadOf } from "../log/kinds.ts";
import { LOST_TESTS_LISTED } from "../log/payloads.ts";
import { gateDefinition } from "../plan/gate_definition.ts";
import type { GateSpec } from "../plan/spec.ts";
import { latestGateRun } from "../proof/status.ts";
import { controllerActor } from "../scheduler/decide.ts";
import type { ControllerHandle } from "./controller_handle.ts";
import { runGateAtBase } from "./gate_flow.ts";
import type { Merger } from "./ports.ts";
import { sideBySide } from "./side_by_side.ts";

/** Compares what the intent in the log names. Ended by the signal it records nothing: the run does not wait for it. */
export async function compareTests(
  controller: ControllerHandle,
  merger: Merger,
  { base, head }: PayloadOf<"tests_comparing">,
  signal: AbortSignal,
): Promise<void> {
  const reports = (await sideBySide(controller.state.plan.gates ?? [], async (gate) => {
    const ofHead = gate.scope === "run" ? latestGateRun(controller.state, gate.name)?.tests : undefined;
    const ofBase = ofHead === undefined ? null : await testsAtBase(controller, gate, base, signal);
    return ofHead === undefined || ofBase === null ? [] : [{ gate: gate.name, head: ofHead, ...ofBase }];
  })).flat();
  if (signal.aborted) return;
  const { path } = controller.ports.runDirectory;
  const texts = await Promise.all(reports.map(async (report) => ({
    gate: report.gate,
    base: await Deno.readTextFile(`${path}/${report.base.path}`),
    head: await Deno.readTextFile(`${path}/${report.head.path}`),
  })));
  const lost = findLostTests({ patch: await merger.patch(base.commit, head.commit), reports: texts });
  await controller.commit((state) =>
    state.run.tests?.lost === null && state.run.proof_writing === null
      ? [
        draft("tests_compared", "run", controllerActor(state), {
          base,
          head,
          reports,
          lost: lost.slice(0, LOST_TESTS_LISTED),
          lost_count: lost.length,
        }),
      ]
      : []
  );
}

/** The tests that a gate reports of the base: as this run knows them, or an earlier one, or by running it there. */
async function testsAtBase(
  controller: ControllerHandle,
  gate: GateSpec,
  base: { readonly commit: string; readonly tree: string },
  signal: AbortSignal,
): Promise<{ readonly base: Artifact; readonly from: string | null } | null> {
  const { state, ports } = controller;
  const known = state.run.gates.findLast((each) =>
    each.scope === "run" && each.gate === gate.name && each.tree === base.tree && each.tests !== undefined
  );
  if (known?.tests !== undefined) return { base: known.tests, from: null };
  const earlier = await ports.earlierTests?.find(gateDefinition(gate), base.tree) ?? null;
  if (earlier !== null) {
    const path = `gates/base-${base.tree.slice(0, 12)}-${gateDefinition(gate).slice(0, 12)}.tests.json`;
    const kept = await keepTests(ports.runDirectory.path, path, earlier.tests);
    if (kept !== null) return { base: kept, from: earlier.run };
  }
  const tests = (await runGateAtBase(controller, gate, base, signal))?.evidence.tests;
  return tests === undefined ? null : { base: tests, from: null };
}
