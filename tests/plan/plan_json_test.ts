import { assert, assertEquals, assertThrows } from "@std/assert";
import { formatPlanJson, parsePlanJson, PlanJsonError } from "../../src/plan/plan_json.ts";
import type { Plan } from "../../src/plan/spec.ts";
import { load } from "./fixture.ts";

const SOURCE = {
  pools: { db: 2 },
  worktree: { setup: "make" },
  gates: [{ name: "g", command: ["a", "b"], scope: "task" }],
  budget: { time: 1.5 },
  tasks: [
    {
      id: "a",
      run: "true",
      description: "d",
      priority: -0,
      metadata: { z: { b: [null, 1e21, -0.5], a: "\u2028" } },
    },
    { id: "b", run: ["x"], dependencies: ["a"], gates: ["g"], pool: "db", env: { A: { from: "HOME" } } },
  ],
};

async function loaded() {
  const result = await load(SOURCE);
  assert(result.ok);
  return result;
}

Deno.test("parsePlanJson() gives back the plan and the digest that loading gave", async () => {
  const { plan, digest } = await loaded();
  const text = formatPlanJson(plan);
  const stored = parsePlanJson(text);
  assertEquals(stored, { plan: JSON.parse(text), digest });
  assertEquals(formatPlanJson(stored.plan), text);
  assertEquals(parsePlanJson(formatPlanJson({ ...plan, gates: null })).plan.gates, null);
});

Deno.test("parsePlanJson() gives another digest to a text that was changed in any way", async () => {
  const { plan, digest } = await loaded();
  const text = formatPlanJson(plan);
  assert(parsePlanJson(`${text}\n`).digest !== digest);
  assert(parsePlanJson(text.replace('"make"', '"rm"')).digest !== digest);
});

Deno.test("parsePlanJson() refuses what is damaged", async () => {
  const { plan } = await loaded();
  const [first, second] = plan.tasks;
  assert(first !== undefined && second !== undefined);
  const refuse = (text: string, why: string) => assertThrows(() => parsePlanJson(text), PlanJsonError, why);
  const refusePlan = (change: object, why: string) =>
    refuse(formatPlanJson({ ...plan, ...change } as Plan), why);
  refuse("", "JSON");
  refuse(formatPlanJson(plan).slice(0, -1), "JSON");
  refuse("{}", "version");
  refusePlan({ extra: 1 }, "extra");
  refusePlan({ workers: 0 }, "workers");
  refusePlan({ tasks: [second] }, '"a", which is no task');
  refusePlan({ tasks: [first, { ...second, id: "A" }] }, "two tasks have the same id");
  refusePlan({ tasks: [{ ...first, dependencies: ["b"] }, second] }, "cycle");
  refusePlan({ tasks: [{ ...first, id: "../x" }] }, "tasks.0.id");
});
