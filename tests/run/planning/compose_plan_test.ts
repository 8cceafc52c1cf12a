import { assertEquals, assertStringIncludes } from "@std/assert";
import { composePlan, nameOf, planHeader, singleTaskPlan } from "../../../src/run/planning/compose_plan.ts";
import { criterionCommand } from "../../../src/run/planning/criteria.ts";

const REQUEST = { request: "Add rate limiting", settings: {} };

function composed(answer: object, settings: Record<string, unknown> = {}) {
  const { text, objections } = composePlan(answer, { request: "Add rate limiting", settings }, "kimi");
  return { plan: JSON.parse(text), objections };
}

Deno.test("composePlan() fills in version, name and agent, and leaves the tasks as they are", () => {
  const tasks = [{ id: "a", prompt: "Do a" }];
  assertEquals(composed({ tasks }), {
    plan: { version: 1, name: "Add rate limiting", defaults: { agent: "kimi" }, tasks },
    objections: [],
  });
});

Deno.test("composePlan() keeps what the project says, whatever the agent answers", () => {
  const settings = {
    version: 1,
    name: "project",
    tasks: [{ id: "old", run: "true" }],
    workers: 2,
    budget: { usd: 5 },
    pools: { db: 1 },
    gates: [{ name: "test", command: "make test" }],
    defaults: { agent: "claude", timeout_secs: 60 },
  };
  const { plan, objections } = composed({
    name: "mine",
    workers: 64,
    pools: { db: 9, gpu: 1 },
    gates: [{ name: "extra", command: "true" }],
    approval: "yolo",
    protected: "allow",
    tasks: [
      { id: "a", prompt: "Do a", isolation: "none", env: { A: "b" } },
      { id: "b", review: { of: ["a"], rubric: { file: "/etc/hosts" } } },
    ],
  }, settings);
  assertEquals(plan.name, "mine");
  assertEquals(plan.workers, 2);
  assertEquals(plan.budget, { usd: 5 });
  assertEquals(plan.pools, { db: 1, gpu: 1 });
  assertEquals(plan.gates.map((gate: { name: string }) => gate.name), ["test", "extra"]);
  // Who plans was chosen with the project's own in mind.
  assertEquals(plan.defaults, { agent: "kimi", timeout_secs: 60 });
  assertEquals([plan.approval, plan.protected], [undefined, undefined]);
  assertEquals(objections.map((each) => each.replace(/:? is? ?not for you.*| is not for you.*/, "")), [
    '"approval"',
    '"protected"',
    'task "a": "isolation"',
    'task "a": "env"',
    'task "b": "review.rubric.file"',
  ]);
});

Deno.test("composePlan() makes gates of criteria that are commands, and leaves the others for reviewers", () => {
  const criteria = ["$ make check", "It is fast", "`npm test -- limits`", "Run `x` by hand"];
  const task = { id: "a", prompt: "Do a", gates: ["lint"], acceptance_criteria: criteria };
  assertEquals(
    composed({ tasks: [task, { id: "b", prompt: "x", acceptance_criteria: ["$ true"] }] }).plan.tasks,
    [
      {
        id: "a",
        prompt: "Do a",
        acceptance_criteria: ["It is fast", "Run `x` by hand"],
        gates: ["lint", { name: "a-check-1", command: "make check" }, {
          name: "a-check-2",
          command: "npm test -- limits",
        }],
      },
      { id: "b", prompt: "x", gates: [{ name: "b-check-1", command: "true" }] },
    ],
  );
  assertEquals(["$5 is the price", "$ ", "``", "`a`b`"].map(criterionCommand), Array(4).fill(undefined));
});

Deno.test("composePlan() leaves what is of no known form for the checks of every plan", () => {
  assertEquals(composed({ tasks: "none", pools: 3, gates: 1 }).plan, {
    version: 1,
    name: "Add rate limiting",
    pools: 3,
    gates: 1,
    defaults: { agent: "kimi" },
    tasks: "none",
  });
  assertEquals(composed({ tasks: [null, { id: "a", acceptance_criteria: [1] }] }).plan.tasks, [
    null,
    { id: "a", acceptance_criteria: [1] },
  ]);
});

Deno.test("singleTaskPlan() has one task with the whole request", () => {
  const plan = JSON.parse(singleTaskPlan({ ...REQUEST, request: "Line one\nline two" }, "kimi"));
  assertEquals(plan.tasks, [{ id: "work", prompt: "Line one\nline two" }]);
  assertEquals(plan.defaults, { agent: "kimi" });
});

Deno.test("planHeader() is comments of one line each, whatever was asked", () => {
  const header = planHeader(`Do\nthis */ ${"x".repeat(200)}`, ["Made by kimi"]);
  assertEquals(
    header.split("\n").filter((line) => line !== "").every((line) => line.startsWith("// ")),
    true,
  );
  assertStringIncludes(header, "asked for: Do this */ xxx");
  assertEquals([...nameOf("é".repeat(100))].length, 80);
});
