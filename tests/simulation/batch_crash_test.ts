/** A controller that dies right before and right after every event of a batch of merges, with all that comes before it. */

import { assertEquals } from "@std/assert";
import type { RunEvent } from "../../src/log/event.ts";
import type { RunState } from "../../src/scheduler/run_state.ts";
import { makeGate, makePlan, makeTask } from "../run/fixture.ts";
import { type Behaviour, dieEverywhere, type DyingRun } from "./dying_run.ts";

const IDS = ["a", "b", "c", "d", "e", "f"];

/** Six tasks at once, of which the work of `c` fails the gate `clean`; the other gate takes its time. */
const PLAN = makePlan(IDS.map((id) => makeTask(id)), {
  workers: 6,
  gate_each: "batch",
  gates: [makeGate({ name: "clean" }), makeGate({ name: "slow" })],
});

/** The gate `clean` tells spoiled trees; the other one takes its time. */
const BEHAVIOUR: Behaviour = {
  gate: (gate, tasks) => gate !== "clean" || !tasks.includes("c"),
  gateMs: (gate) => gate === "slow" ? 300 : 100,
};

/** Whether an event is about merges or what judges them. */
function isOfBatch({ kind }: RunEvent): boolean {
  return /^(?:merge|gate)_/.test(kind) || kind === "task_completed" || kind === "task_failed";
}

/** The run has ended as one that nobody has disturbed. */
function assertSound(run: DyingRun, state: RunState, what: string): void {
  assertEquals(state.run.status, "not_ready", what);
  assertEquals(
    state.tasks.map((task) => `${task.id} ${task.state}`),
    IDS.map((id) => `${id} ${id === "c" ? "failed" : "completed"}`),
    what,
  );
  assertEquals(run.delivered.toSorted(), IDS.filter((id) => id !== "c"), `P6, P7: ${what}`);
  assertEquals(state.run.head?.commit, run.world.heads.at(-1), what);
  const completed = run.world.events.flatMap((event) =>
    event.kind === "task_completed" ? [event.payload.task_id] : []
  );
  assertEquals(completed, run.delivered, `each once, in the order of the head: ${what}`);
}

Deno.test("P1 P6 P7: a controller may die before and after every event of a batch of merges: it is judged to its end all the same", async () => {
  await dieEverywhere(PLAN, BEHAVIOUR, { isPoint: isOfBatch, least: 30 }, assertSound);
});
