import { assertEquals } from "@std/assert";
import { type Known, transitionsOf } from "../../src/watchdog/transitions.ts";
import type { SlotCheck, Verdict, WorkerCheck } from "../../src/watchdog/watch.ts";
import { makeSlot, START } from "./fixture.ts";

const SLOT = makeSlot(1, 5);

function check(verdict: WorkerCheck["verdict"], slots: readonly SlotCheck[] = []): WorkerCheck {
  return { verdict, reason: verdict === "healthy" ? null : "a reason", slots };
}

function slotCheck(verdict: Verdict, slot = SLOT): SlotCheck {
  return { slot, verdict, reason: verdict === "healthy" ? null : "a reason", since: START };
}

function known(state: Known["state"], attempt?: ReturnType<Known["attempt"]>): Known {
  return { state, attempt: () => attempt };
}

Deno.test("transitionsOf() tells of a death once, of a recovery once, and of nothing while it is too early to say", () => {
  assertEquals(transitionsOf(check("dead"), known("started")), [{ kind: "dead", reason: "a reason" }]);
  assertEquals(transitionsOf(check("dead"), known("dead")), []);
  assertEquals(transitionsOf(check("unknown"), known("dead")), []);
  assertEquals(transitionsOf(check("healthy"), known("dead")), [{ kind: "recovered", slot: null }]);
  assertEquals(transitionsOf(check("healthy"), known("started")), []);
});

Deno.test("transitionsOf() takes a stop for a stop, also of a worker that was taken for dead", () => {
  assertEquals(transitionsOf(check("stopped"), known("started")), [{ kind: "stopped", reason: "a reason" }]);
  assertEquals(transitionsOf(check("stopped"), known("dead")), [{ kind: "stopped", reason: "a reason" }]);
  assertEquals(transitionsOf(check("stopped"), known("stopped")), []);
  assertEquals(transitionsOf(check("dead"), known("stopped")), [], "what has stopped does not die");
});

Deno.test("transitionsOf() tells of a stall once, and of its end where the attempt may go on", () => {
  const stalled = check("healthy", [slotCheck("stalled")]);
  const healthy = check("healthy", [slotCheck("healthy")]);
  const state = (isStalled: boolean, mayRecover: boolean) => known("started", { isStalled, mayRecover });
  assertEquals(transitionsOf(stalled, state(false, false)), [
    { kind: "stalled", slot: SLOT, since: START, reason: "a reason" },
  ]);
  assertEquals(transitionsOf(stalled, state(true, true)), []);
  assertEquals(transitionsOf(healthy, state(true, true)), [{ kind: "recovered", slot: SLOT }]);
  assertEquals(transitionsOf(healthy, state(true, false)), [], "it is being ended");
  assertEquals(transitionsOf(healthy, state(false, true)), []);
  const over = check("healthy", [slotCheck("healthy", makeSlot(1, 5, { stage: "over" }))]);
  assertEquals(transitionsOf(over, state(true, true)), [], "its end says enough");
});

Deno.test("P3: transitionsOf() says nothing of an attempt that is not the current one", () => {
  assertEquals(transitionsOf(check("healthy", [slotCheck("stalled")]), known("started")), []);
});
