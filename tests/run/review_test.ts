import { assertEquals } from "@std/assert";
import type { TaskSpec } from "../../src/plan/spec.ts";
import { runStateJson } from "../../src/scheduler/run_state.ts";
import { makeGate, makePlan, makeTask } from "./fixture.ts";
import { Rig } from "./rig.ts";

function reviewOf(id: string, of: readonly string[], changes: Partial<TaskSpec> = {}): TaskSpec {
  const { run: _, ...rest } = makeTask(id, { dependencies: of, write_set: [], ...changes });
  return { ...rest, agent: "a", review: { of, rubric: { name: "code", text: "Look" }, max_rounds: 2 } };
}

const BLOCKS = { severity: "blocking", message: "wrong" } as const;

Deno.test("P1, P7: reviewed work comes to ready only through its reviews, conflicts and red merges included", async () => {
  const tasks = [
    makeTask("a", { retry_declared: true, retry_policy: { ...makeTask("x").retry_policy, max_attempts: 2 } }),
    makeTask("b"),
    reviewOf("ra", ["a"], { retry_policy: { ...makeTask("x").retry_policy, max_attempts: 1 } }),
    reviewOf("rb", ["a", "b"]),
    makeTask("c", { dependencies: ["rb"] }),
  ];
  const rig = new Rig(makePlan(tasks, { workers: 4, gates: [makeGate()], gate_each: "task" }), {
    findings: (id, attempt) => id === "rb" && attempt === 1 ? [BLOCKS] : [],
    outcome: (id, attempt) => id === "ra" && attempt === 2 ? "timeout" : "success",
    conflict: (id, attempt) => id === "a" && attempt === 2 ? ["x"] : [],
    gate: ({ runNumber }) => runNumber !== 2,
  });
  assertEquals(await rig.run(), { status: "ready", exit_code: 0 });
  assertEquals(rig.state.run.violations, []);
  assertEquals(rig.foldAgain(), runStateJson(rig.state));
  const passed = new Map<number, number>();
  for (const { kind, payload } of rig.events) {
    if (kind === "task_reviewed" && payload.verdict === "passed") {
      passed.set(payload.token, (passed.get(payload.token) ?? 0) + 1);
    }
    if (kind === "merge_started") {
      assertEquals(passed.get(payload.token) ?? 0, { a: 2, b: 1, c: 0 }[payload.task_id], payload.task_id);
    }
  }
});

Deno.test("P8: a review whose worker reports no findings has not passed", async () => {
  const tasks = [makeTask("a"), reviewOf("r", ["a"])];
  const rig = new Rig(makePlan(tasks, { gates: [makeGate()] }), {
    changes: (id) => id === "a",
    silent: ["r"],
  });
  assertEquals((await rig.run()).status, "not_ready");
  const { state, outcome } = rig.state.tasks[1] ?? {};
  assertEquals([state, outcome?.result, rig.state.tasks[0]?.state], [
    "failed",
    "findings_invalid",
    "finished",
  ]);
  assertEquals(rig.tasksIn(rig.state.run.head?.commit ?? null), []);
});
