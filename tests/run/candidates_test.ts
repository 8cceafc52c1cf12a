import { assertEquals } from "@std/assert";
import type { AttemptsSpec, TaskSpec } from "../../src/plan/spec.ts";
import { runStateJson } from "../../src/scheduler/run_state.ts";
import { makeGate, makePlan, makeTask } from "./fixture.ts";
import { Rig } from "./rig.ts";

function best(id: string, pick: AttemptsSpec["pick"], changes: Partial<TaskSpec> = {}): TaskSpec[] {
  const ids = [1, 2, 3].map((at) => `${id}.${at}`);
  return [
    ...ids.map((each) => makeTask(each, { ...changes, candidate_of: id })),
    makeTask(id, {
      ...changes,
      dependencies: ids,
      trigger_rule: "one_success",
      attempts: { pick, candidates: ids },
    }),
  ];
}

Deno.test("P1, P3, P7: one candidate for each task is merged, whatever becomes of the others", async () => {
  const retry_policy = { ...makeTask("x").retry_policy, max_attempts: 1 };
  const tasks = [
    ...best("a", "first-passing", { write_set: ["a.1.txt", "a.2.txt", "a.3.txt"] }),
    ...best("b", "smallest-diff", {
      write_set: ["b.1.txt", "b.2.txt", "b.3.txt"],
      retry_declared: true,
      retry_policy,
    }),
    makeTask("after", { dependencies: ["a", "b"] }),
  ];
  const rig = new Rig(makePlan(tasks, { workers: 6, gates: [makeGate()], gate_each: "batch" }), {
    // The first one never ends, and is told to.
    outcome: (id, attempt) => id === "a.1" ? null : id === "b.1" && attempt === 1 ? "signal" : "success",
    duration: (id) => id === "a.3" ? 50 : 100,
    conflict: (id, attempt) => id === "a.3" && attempt === 1 ? ["x"] : [],
  });
  assertEquals(await rig.run(), { status: "ready", exit_code: 0 });
  assertEquals(rig.state.run.violations, []);
  assertEquals(rig.foldAgain(), runStateJson(rig.state));
  assertEquals(
    rig.state.tasks.map(({ id, state, attempt }) => `${id} ${state} ${attempt}`),
    [
      "a.1 cancelled 1",
      "a.2 cancelled 1",
      "a.3 completed 2",
      "a completed 0",
      "b.1 completed 2",
      "b.2 cancelled 1",
      "b.3 cancelled 1",
      "b completed 0",
      "after completed 1",
    ],
  );
  assertEquals(rig.tasksIn(rig.state.run.head?.commit ?? null).toSorted(), ["a.3", "after", "b.1"]);
});
