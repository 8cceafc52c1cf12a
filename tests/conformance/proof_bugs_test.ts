/** The rules of the earlier omk's proof and replay, and their bugs that a test can show: none of those is here. */

import { assert, assertEquals } from "@std/assert";
import { draft, type EventDraft } from "../../src/log/event.ts";
import { exitCodeOf, runStatus } from "../../src/proof/status.ts";
import { apply } from "../../src/run/state.ts";
import { Timeline } from "../../src/run/timeline.ts";
import { createRunState, runStateJson } from "../../src/scheduler/run_state.ts";
import { makeGate } from "../gates/fixture.ts";
import { complete, CONTROLLER, fail, gateRun, HEAD, prove, retry } from "../proof/fixture.ts";
import { ProofBench } from "../proof/proved_run.ts";
import { Ledger, makePlan, makeTask } from "../run/fixture.ts";

/** What happens next in a run. */
type Step = (ledger: Ledger) => readonly EventDraft[];

/** A run of the tasks `a` and `b` with the gate `test`, after what happens; each batch is folded before the next. */
function runOf(...steps: readonly Step[]): Ledger {
  const ledger = new Ledger(makePlan([makeTask("a"), makeTask("b")], { gates: [makeGate()] })).start();
  for (const step of steps) {
    ledger.now += 100;
    ledger.add(step(ledger));
  }
  return ledger;
}

const a = (ledger: Ledger) => complete(ledger, "a");
const b = (ledger: Ledger) => complete(ledger, "b");
const passes = () => gateRun("gate_passed", { run_number: 2 });
const fails = () => gateRun("gate_failed", { run_number: 1 });
const skips = () => gateRun("gate_skipped", {});

Deno.test("proof rule 1.5: ready only if a required gate ran, every one passed, and no task failed", () => {
  const status = (...steps: readonly Step[]) => runStatus(runOf(...steps).state);
  assertEquals(status(a, b, passes), "ready");
  assertEquals(status(a, b), "not_ready");
  assertEquals(status(a, b, skips), "not_ready");
  assertEquals(status(a, b, fails), "not_ready");
  assertEquals(status(a, (ledger) => fail(ledger, "b"), passes), "not_ready");
});

Deno.test("proof/generator/events.rs bug 3.4.4: what failed before is history, and the latest run of a gate counts", () => {
  const proof = prove(runOf((ledger) => retry(ledger, "a"), a, b, fails, passes));
  assertEquals([proof.status, proof.failed], ["ready", []]);
  assertEquals(proof.retries.map(({ task_id, attempt, reason }) => [task_id, attempt, reason]), [
    ["a", 1, "exited with 75"],
  ]);
  assertEquals(proof.gates.map(({ result, runs, flaky }) => [result, runs, flaky]), [["passed", 2, true]]);
  assertEquals(
    prove(runOf(a, b, passes, () => gateRun("gate_failed", { run_number: 3 }))).status,
    "not_ready",
  );
});

Deno.test("proof/generator/events.rs bug 3.4.5: failures keep their reason, dead workers are told of, skipped gates are not passed, changes are sorted and told from the base", () => {
  const reason = 'exited with 3: "no such table"';
  const failed = prove(runOf(a, (ledger) => fail(ledger, "b", reason), skips));
  assert(failed.failed.some((each) => each.kind === "task" && each.name === "b" && each.reason === reason));
  assertEquals(failed.gates.map(({ result }) => result), ["skipped"]);
  assertEquals(failed.passed.gates, []);

  const why = "its worker is dead: no heartbeat for 31 s";
  const lost = prove(runOf((ledger) => retry(ledger, "a", { class: "recovery", reason: why }), a, b, passes));
  assertEquals(lost.retries.map(({ task_id, class: kind, reason }) => [task_id, kind, reason]), [
    ["a", "recovery", why],
  ]);

  const first = [{ path: "z.ts", change: "added" as const }, { path: 'Ä "q".ts', change: "added" as const }];
  const then = [{ path: "z.ts", change: "modified" as const }, { path: "b.ts", change: "deleted" as const }];
  const { changed } = prove(runOf(
    (ledger) => complete(ledger, "a", first),
    (ledger) => complete(ledger, "b", then),
    passes,
  ));
  assertEquals(changed.paths.map(({ path, change }) => [path, change]), [
    ["b.ts", "deleted"],
    ["z.ts", "added"],
    ['Ä "q".ts', "added"],
  ]);
});

Deno.test("cli/team/run.rs bug 3.4.6: what is not ready does not exit with 0, and a cancelled run tells what it did not test", () => {
  assertEquals((["not_ready", "failed_infra", "cancelled"] as const).map(exitCodeOf), [1, 5, 130]);
  const ledger = runOf(a);
  ledger.add([draft("run_cancelled", "run", CONTROLLER, { reason: "enough" })]);
  const proof = prove(ledger);
  assertEquals(proof.status, "cancelled");
  assertEquals(proof.passed.tasks, ["a"]);
  assert(proof.not_tested.some(({ what }) => what.includes("b")), JSON.stringify(proof.not_tested));
});

Deno.test("proof bug 3.4.7: a proof names tree, gate logs and log by digest, so that none can be changed or go stale", async () => {
  await using bench = await ProofBench.create();
  const run = await bench.run();
  const report = await bench.verify(run);
  assertEquals(report.first_failure, null);
  for (const name of ["log", "log_head", "document", "artifacts", "commits", "patch"]) {
    assert(report.checks.some((check) => check.name === name && check.ok), name);
  }
  const stale = prove(runOf(a, b, () => gateRun("gate_passed", { tree: "7".repeat(40) })));
  assertEquals([stale.status, stale.git?.tree], ["not_ready", HEAD.tree]);
});

Deno.test("goal replay 1.6: the same log gives the same state and timeline, whenever it is told", () => {
  const ledger = runOf((each) => retry(each, "a"), a, b, fails, passes);
  const tell = () => {
    const state = createRunState(ledger.state.plan);
    const timeline = new Timeline();
    for (const event of ledger.events) {
      apply(state, event);
      timeline.take(event);
    }
    return JSON.stringify([runStateJson(state), timeline.spans, timeline.moments]);
  };
  assertEquals(tell(), tell());
});
