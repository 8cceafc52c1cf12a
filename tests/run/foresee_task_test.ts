import { assertEquals } from "@std/assert";
import { foreseeTask } from "../../src/run/foresee_task.ts";
import { makePlan, makeTask } from "./fixture.ts";

const PLAN = makePlan([
  makeTask("schema"),
  makeTask("api", { dependencies: ["schema"], pool: "db", write_set: ["src/**"] }),
  makeTask("ui", { pool: "db", priority: 1 }),
  makeTask("docs", { write_set: ["src/docs/**"] }),
  makeTask("end", { dependencies: ["api"], write_set: ["src/end.ts"] }),
], { pools: { db: 1 }, workers: 2 });

const DURATIONS = [{ task_id: "schema", ms: 5_000 }, { task_id: "ui", ms: 60_000 }];

/** What is foreseen of a task of the plan. */
function foresee(id: string) {
  const spec = PLAN.tasks.find((each) => each.id === id);
  if (spec === undefined) throw new RangeError(id);
  const { points, ...rest } = foreseeTask(PLAN, spec, DURATIONS);
  return { ...rest, story: points.map(({ ts, text }) => `${ts.slice(14, 19)} ${text}`) };
}

Deno.test("foreseeTask() tells when a task would run, what it would wait for, and with whom it shares what", () => {
  assertEquals(foresee("api"), {
    predicted: { task_id: "api", start_ms: 60_000, end_ms: 61_000 },
    story: [
      "00:05 its dependencies allowed it to start, by all_success: schema (completed at 00:00:05)",
      "01:00 attempt 1 was given to worker local; until then pool db is full (1), with ui",
    ],
    rivals: ["docs"],
    pooled: ["ui"],
  });
  const { predicted, rivals, pooled } = foresee("end");
  assertEquals([predicted?.start_ms, rivals, pooled], [61_000, [], []], "what comes before it is no rival");
});
