import { assertEquals, assertThrows } from "@std/assert";
import { draft, type EventDraft, type RunEvent, taskSubject } from "../../src/log/event.ts";
import { apply, applyAll, FoldError } from "../../src/run/state.ts";
import { createRunState, findTask, runStateJson } from "../../src/scheduler/run_state.ts";
import { decide } from "../../src/scheduler/decide.ts";
import { Ledger, makePlan, makeTask, startPayload } from "./fixture.ts";

function started(): Ledger {
  const ledger = new Ledger(makePlan([makeTask("a")])).start();
  ledger.add(decide(ledger.state, ledger.now));
  return ledger;
}

const COMPLETED: EventDraft = draft("task_completed", taskSubject("a"), "controller/1", {
  task_id: "a",
  attempt: 1,
  token: 1,
  commit: null,
  tree: null,
});

Deno.test("P1: two folds of one log give the same bytes", () => {
  const ledger = started();
  const again = applyAll(createRunState(ledger.state.plan), ledger.events);
  assertEquals(runStateJson(again), runStateJson(ledger.state));
});

Deno.test("apply() refuses a gap and a newer format version", () => {
  const ledger = started();
  const [first] = ledger.events;
  if (first === undefined) throw new Error("no event");
  assertThrows(() => apply(ledger.state, first), FoldError, "event 2 should come here");
  const newer: RunEvent = { ...first, index: 2, schema_version: 2 };
  assertThrows(() => apply(ledger.state, newer), FoldError, "use a newer omk");
});

Deno.test("apply() lists an illegal transition and changes nothing", () => {
  const ledger = started();
  const before = findTask(ledger.state, "a")?.task.state;
  ledger.add([COMPLETED]);
  assertEquals(findTask(ledger.state, "a")?.task.state, before);
  assertEquals(ledger.state.run.violations, [{ index: 2, why: 'task "a" is claimed' }]);
});

Deno.test("apply() ignores facts of an older incarnation", () => {
  const ledger = started();
  const { controller } = startPayload(ledger.state.plan);
  ledger.add([
    draft("run_resumed", "run", "controller/2", { incarnation: 2, controller, by: "resume", onto: null }),
  ]);
  ledger.add([draft("run_paused", "run", "controller/1", { reason: "late" })]);
  assertEquals([ledger.state.run.paused, ledger.state.run.violations], [false, []]);
});

Deno.test("apply() does not let a log that was tampered with end well, or go on", () => {
  const ledger = started();
  ledger.add([draft("log_tampered", "run", "controller/1", { at: 1 })]);
  ledger.add([draft("run_finished", "run", "controller/1", { status: "ready", exit_code: 0 })]);
  assertEquals(ledger.state.run.status, null);
  assertEquals(ledger.state.run.violations.length, 1);
});
