import { assertEquals, assertStringIncludes } from "@std/assert";
import { draft } from "../../../src/log/event.ts";
import type { TaskSpec } from "../../../src/plan/spec.ts";
import type { PlanReading } from "../../../src/run/planning/port.ts";
import { canonicalJson } from "../../../src/canonical_json.ts";
import { parsePlanJson } from "../../../src/plan/plan_json.ts";
import { runStateJson } from "../../../src/scheduler/run_state.ts";
import { makePlan, makeTask } from "../fixture.ts";
import { Rig } from "../rig.ts";

const ARTIFACT = {
  path: "tasks/plan/1/x",
  bytes: 1,
  kept_bytes: 1,
  truncated: false,
  sha256: "0".repeat(64),
};
const PLANNED: PlanReading = { kind: "plan", plan: ARTIFACT };
const INVALID: PlanReading = { kind: "invalid", summary: "2 problems", problems: ARTIFACT };

function planningTask(): TaskSpec {
  const { run: _, ...task } = makeTask("plan", {
    prompt: "Plan it",
    agent: "lead",
    write_set: [],
    planning: { request: "Do it", then: "run", output: null, settings: {} },
  });
  return { ...task, retry_policy: { ...task.retry_policy, max_attempts: 2, backoff_seconds: 60 } };
}

/** A run whose lead agent answers like this, one after the other. */
function rigOf(answers: readonly PlanReading[], changes = false) {
  const asked: number[] = [];
  const rig = new Rig(makePlan([planningTask()]), {
    changes: () => changes,
    planReader: {
      read({ attempt }) {
        asked.push(attempt);
        const answer = answers[asked.length - 1];
        return answer === undefined ? Promise.reject(new Error("asked too often")) : Promise.resolve(answer);
      },
    },
  });
  return { rig, asked };
}

Deno.test("A plan that can be run completes the task; it is kept as it was stored", async () => {
  const { rig } = rigOf([PLANNED]);
  assertEquals((await rig.run()).status, "passed");
  assertEquals(rig.state.tasks[0]?.outcome?.planning, { plan: ARTIFACT });
  assertEquals(rig.foldAgain(), runStateJson(rig.state));
  const stored = canonicalJson(rig.state.plan);
  assertEquals(canonicalJson(parsePlanJson(stored).plan), stored);
});

Deno.test("P6, P13: what a lead agent changes is pinned, told, and never merged", async () => {
  const { rig } = rigOf([PLANNED], true);
  assertEquals((await rig.run()).status, "passed");
  const kinds = rig.events.map(({ kind }) => kind);
  assertEquals([kinds.includes("attempt_pinned"), kinds.includes("merge_started")], [true, false]);
  assertEquals(rig.heads, []);
  const pinned = rig.events.find((event) => event.kind === "attempt_pinned");
  assertEquals(pinned?.kind === "attempt_pinned" && pinned.payload.ref, "refs/omk/test");
});

Deno.test("A plan with problems is corrected at most twice, without a pause", async () => {
  const mended = rigOf([INVALID, INVALID, PLANNED]);
  assertEquals((await mended.rig.run()).status, "passed");
  assertEquals(mended.asked, [1, 2, 3]);
  const delays = mended.rig.events.flatMap((event) =>
    event.kind === "retry_scheduled" ? event.payload.not_before - Date.parse(event.ts) : []
  );
  assertEquals(delays, [0, 0]);
  const hopeless = rigOf([INVALID, INVALID, INVALID]);
  assertEquals((await hopeless.rig.run()).status, "not_ready");
  const [task] = hopeless.rig.state.tasks;
  assertEquals([task?.state, task?.outcome?.result], ["failed", "plan_invalid"]);
  assertStringIncludes(task?.reason ?? "", "answered with no plan that can be run: 2 problems");
});

Deno.test("A question waits for a person, and the answer sends the agent back to work", async () => {
  const { rig, asked } = rigOf([{ kind: "question", question: "Which API?" }, PLANNED]);
  const end = await rig.run((event) => {
    if (event.kind !== "task_waiting") return;
    assertEquals([event.payload.on, event.payload.question], ["human", "Which API?"]);
    void rig.log.append([draft("answer_given", "run", "cli/1", {
      task_id: "plan",
      answer: "The public one",
      process: { pid: 1, pgid: 1, start_time: null, boot_id: null },
      wall: 0,
    })]);
  });
  assertEquals([asked.length, end.status], [2, "passed"]);
});

Deno.test("An answer that cannot be read is a failure of the machine, and tried again", async () => {
  const { rig } = rigOf([]);
  assertEquals((await rig.run()).status, "not_ready");
  assertEquals(rig.state.tasks[0]?.outcome?.result, "workspace_error");
  assertStringIncludes(rig.state.tasks[0]?.reason ?? "", "its answer could not be read: asked too often");
});
