import { assert, assertEquals } from "@std/assert";
import { draft } from "../../src/log/event.ts";
import { BREAKER_RECOVERY_MS, BREAKER_THRESHOLD, breakerOf } from "../../src/scheduler/breaker.ts";
import { makeGate } from "../gates/fixture.ts";
import { ask, decideAll, ledgerOf, refusal } from "../scheduler/steps.ts";
import { makePlan, makeTask } from "./fixture.ts";
import { Rig } from "./rig.ts";

Deno.test("an open breaker makes a gate of the run wait and fail nothing; the trial after 30 s decides", async () => {
  const gate = makeGate({ name: "test", retries: 9 });
  const times: number[] = [];
  const rig: Rig = new Rig(makePlan([makeTask("a")], { gates: [gate] }), {
    gate: () => times.push(rig.clock.wall()) <= BREAKER_THRESHOLD + 1 ? "timed_out" : true,
  });
  assertEquals((await rig.run()).status, "ready");
  const waits = times.slice(1).map((time, at) => time - (times[at] ?? 0));
  assertEquals(waits.length, BREAKER_THRESHOLD + 1);
  for (const wait of waits.slice(0, -2)) assert(wait < BREAKER_RECOVERY_MS, `${waits}`);
  for (const wait of waits.slice(-2)) assert(wait >= BREAKER_RECOVERY_MS, `${waits}`);
  assertEquals(rig.state.run.gate_troubles, undefined);
});

Deno.test("a half-open breaker lets one run through at a time, whichever task wants the gate", async () => {
  const gate = makeGate({ name: "db", scope: "task" });
  const ids = Array.from({ length: 12 }, (_, at) => `t${at}`);
  let runs = 0;
  let most = 0;
  const rig = new Rig(
    makePlan(ids.map((id) => makeTask(id, { gates: [gate] })), { workers: 4 }),
    // Two times four run at once; then each waits for the verdict on the one before it.
    { gate: () => ++runs <= 9 ? "timed_out" : true },
  );
  await rig.run(({ kind }, { state, clock }) => {
    if (kind !== "gate_started") return;
    const isClosed = breakerOf(state.run, "db", clock.wall()).state === "closed";
    const running = state.run.gates.filter(({ result }) => result === "running").length;
    if (!isClosed) most = Math.max(most, running);
  });
  assertEquals(most, 1);
  const failed = rig.state.tasks.filter(({ state }) => state === "failed").length;
  assertEquals([failed, rig.state.tasks.length - failed], [9, 3]);
});

Deno.test("a verdict closes a breaker, whatever it says, and only failures of the machine open one", async () => {
  const gate = makeGate({ name: "test", retries: 8 });
  let runs = 0;
  const rig = new Rig(makePlan([makeTask("a")], { gates: [gate] }), {
    gate: () => ++runs % BREAKER_THRESHOLD === 0 ? false : "timed_out",
  });
  const began = rig.clock.wall();
  assertEquals((await rig.run()).status, "not_ready");
  assertEquals(runs, 9);
  assert(rig.clock.wall() - began < BREAKER_RECOVERY_MS);
  assertEquals(rig.state.run.gate_troubles?.[0]?.infra_failures, 4);
});

Deno.test("a request resets the breaker of one gate or of all, and is refused where there is nothing to reset", () => {
  const ledger = ledgerOf([makeTask("a")]);
  const troubles = ["x", "y", "z"].map((gate) => ({ gate, infra_failures: 5, failed_at: ledger.now }));
  ledger.state.run.gate_troubles = troubles;
  assertEquals(breakerOf(ledger.state.run, "x", ledger.now).state, "open");
  assertEquals(breakerOf(ledger.state.run, "x", ledger.now + BREAKER_RECOVERY_MS).state, "half_open");
  const reset = (gate: string | null) => {
    ask(ledger, "gate_reset_requested", { gate, reason: "it is up" });
    return decideAll(ledger);
  };
  reset("y");
  assertEquals(ledger.state.run.gate_troubles?.map(({ gate }) => gate), ["x", "z"]);
  assertEquals(refusal(reset("y")), 'gate "y" has not failed for the machine');
  reset(null);
  assertEquals(ledger.state.run.gate_troubles, undefined);
  assertEquals(refusal(reset(null)), "no gate has failed for the machine");
  ledger.add([draft("gate_reset", "run", "controller/1", { gates: ["x"], reason: "again" })]);
  assertEquals([ledger.state.run.violations, ledger.state.run.open_requests], [[], []]);
});
