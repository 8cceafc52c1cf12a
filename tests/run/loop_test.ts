import { assert, assertEquals } from "@std/assert";
import type { GateRequest } from "../../src/gates/port.ts";
import { draft } from "../../src/log/event.ts";
import type { LoopSpec } from "../../src/plan/spec.ts";
import { findTask, runStateJson } from "../../src/scheduler/run_state.ts";
import { makeGate, makePlan, makeTask } from "./fixture.ts";
import { Rig, type Script } from "./rig.ts";

const UNTIL = makeGate({ name: "done", scope: "task" });

/** Runs a plan of one loop to its end. */
async function runLoopOf(
  loop: Partial<LoopSpec>,
  script: Script,
  more: { readonly timeout_secs?: number } = {},
  during?: Parameters<Rig["run"]>[0],
): Promise<Rig> {
  const spec = { run: "true", max_iterations: 4, until: UNTIL, ...loop };
  const rig = new Rig(makePlan([makeTask("a", { loop: spec, ...more })]), script);
  await rig.run(during);
  assertEquals(rig.foldAgain(), runStateJson(rig.state));
  return rig;
}

function outcomeOf(rig: Rig) {
  const { state, outcome, loop } = findTask(rig.state, "a")?.task ?? {};
  return [state, outcome?.result, outcome?.iterations, loop?.iteration, loop?.verdict];
}

/** Passes on iteration number `at`; the gate runs once for each. */
function passesAt(at: number): (request: GateRequest) => boolean {
  return ({ runNumber }) => runNumber >= at;
}

Deno.test("a loop is kept and judged after each iteration, and merges what its gate passed on", async () => {
  const rig = await runLoopOf({}, { gate: passesAt(2), tree: "0".repeat(40) });
  assertEquals(outcomeOf(rig), ["completed", "success", 2, 2, "passed"]);
  assertEquals(
    rig.events.filter(({ subject }) => subject === "task/a").map(({ kind, payload }) =>
      "iteration" in payload ? `${kind} ${payload.iteration}` : kind
    ),
    [
      "task_claimed",
      "task_started",
      "attempt_pinning 1",
      "attempt_pinned 1",
      "gate_started 1",
      "gate_failed 1",
      "attempt_pinning 2",
      "attempt_pinned 2",
      "gate_started 2",
      "gate_passed 2",
      "attempt_pinning",
      "attempt_pinned",
      "task_finished",
      "merge_started",
      "task_completed",
    ],
  );
});

Deno.test("P8: what is merged of a loop is the tree that its gate passed on, or nothing", async () => {
  // Each pin of this rig has another tree.
  const rig = await runLoopOf({}, { gate: passesAt(1) });
  assertEquals(outcomeOf(rig), ["failed", "workspace_error", 1, 1, "passed"]);
});

Deno.test("a loop ends typed: iterations used up, time up, a body that fails, a gate that runs too long", async () => {
  const tree = "0".repeat(40);
  const never = { gate: () => false, tree };
  assertEquals(outcomeOf(await runLoopOf({}, never)), ["failed", "iterations_exhausted", 4, 4, "failed"]);
  const slow = await runLoopOf({}, { ...never, duration: () => 4_000 }, { timeout_secs: 10 });
  assertEquals(outcomeOf(slow), ["failed", "timeout", 3, 3, "failed"]);
  const left = slow.attempts.get("a")?.iterations.map(({ timeoutMs }) => timeoutMs) ?? [];
  assertEquals(left.length, 3);
  assert((left[2] ?? 0) <= 2_000 && (left[1] ?? 0) > 5_000, String(left));
  const broken = await runLoopOf({}, { ...never, iteration: () => "exit" });
  assertEquals(outcomeOf(broken), ["failed", "exit", 2, 1, "failed"]);
});

Deno.test("P9: a loop is ended by a cancellation in the middle of a later iteration", async () => {
  const requester = { process: { pid: 2, pgid: 2, start_time: null, boot_id: null }, wall: 0 };
  const script = { gate: () => false, tree: "0".repeat(40), iteration: () => null };
  const rig = await runLoopOf({}, script, {}, (event, { clock, log }) => {
    if (event.kind !== "gate_failed") return;
    const asked = draft("cancel_requested", "run", "cli/2", {
      task_id: null,
      reason: "enough",
      ...requester,
    });
    void clock.sleep(50).then(() => log.append([asked]));
  });
  assertEquals(outcomeOf(rig).slice(0, 4), ["cancelled", "cancelled", 2, 1]);
});
