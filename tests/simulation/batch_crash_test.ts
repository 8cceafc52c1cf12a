/** A controller that dies right before and right after every event of a batch of merges, with all that comes before it. */

import { assert, assertEquals } from "@std/assert";
import type { RunEvent } from "../../src/log/event.ts";
import { apply, applyAll } from "../../src/run/state.ts";
import { createRunState, runStateJson } from "../../src/scheduler/run_state.ts";
import { makeGate, makePlan, makeTask } from "../run/fixture.ts";
import { type Behaviour, DyingRun } from "./dying_run.ts";

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
function assertSound(run: DyingRun, what: string): void {
  const state = applyAll(createRunState(PLAN), run.world.events);
  assertEquals([run.world.violations, state.run.violations], [[], []], what);
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
  const again = createRunState(PLAN);
  for (const event of run.world.events) apply(again, event);
  assertEquals(runStateJson(again), runStateJson(state), `P1: ${what}`);
}

Deno.test("P1 P6 P7: a controller may die before and after every event of a batch of merges: it is judged to its end all the same", async () => {
  const quiet = new DyingRun(PLAN, BEHAVIOUR, null);
  await quiet.toEnd();
  assertSound(quiet, "nobody dies");
  const points = quiet.world.events.filter(isOfBatch);
  assert(points.length > 30, `${points.length} points`);
  for (const { index, kind } of points) {
    for (const isBefore of [true, false]) {
      const run = new DyingRun(PLAN, BEHAVIOUR, { index, isBefore });
      await run.toEnd();
      const what = `death ${isBefore ? "before" : "after"} event ${index} (${kind})`;
      assertEquals(run.deaths, 1, what);
      assertSound(run, what);
    }
  }
});
