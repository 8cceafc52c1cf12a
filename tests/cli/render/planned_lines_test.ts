import { assertEquals } from "@std/assert";
import { createStyle } from "../../../src/cli/output.ts";
import { plannedLines } from "../../../src/cli/render/planned_lines.ts";
import { makeGate, makePlan, makeTask } from "../../run/fixture.ts";

Deno.test("plannedLines() shows what would be done, every command as a whole, and what a person should know", () => {
  const { run: _, ...prompt } = makeTask("api", {
    prompt: `Limit\neach key ${"x".repeat(400)}`,
    agent: "kimi",
    dependencies: ["gen"],
    write_set: ["src/api.ts"],
    description: "the limit",
    acceptance_criteria: ["429 has Retry-After"],
    gates: [makeGate({ name: "api-check-1", command: ["grep", "-q", "x y"], scope: "task" })],
  });
  const plan = makePlan([makeTask("gen", { run: `make ${"y".repeat(400)}` }), prompt], {
    name: "limits",
    gates: [makeGate({ command: "npm test" })],
  });
  const lifted = [{ task_id: "api", paths: ["package.json"] }];
  assertEquals(plannedLines(plan, { agent: "kimi", lifted }, createStyle(false)), [
    'plan "limits" by kimi: 2 tasks',
    "",
    "  gen",
    `    runs     make ${"y".repeat(400)}`,
    "    changes  anything",
    "",
    "  api (kimi): the limit",
    `    prompt         Limit each key ${"x".repeat(300 - "Limit each key ".length)}…`,
    "    after          gen",
    "    changes        src/api.ts",
    "    check          api-check-1 (grep -q x y)",
    "    for reviewers  429 has Retry-After",
    "",
    "gates: test (npm test)",
    "warning: api may change what judges it: package.json",
  ]);
});

Deno.test("plannedLines() shows candidates for a task as one", () => {
  const task = makeTask("api", {
    dependencies: ["api.1", "api.2"],
    attempts: { pick: "smallest-diff", candidates: ["api.1", "api.2"] },
  });
  const candidates = ["api.1", "api.2"].map((id) => makeTask(id, { candidate_of: "api" }));
  const lines = plannedLines(
    makePlan([...candidates, task]),
    { agent: "kimi", lifted: [] },
    createStyle(false),
  );
  assertEquals(lines.slice(0, 6), [
    'plan "test" by kimi: 1 task',
    "",
    "  api",
    "    runs        true",
    "    candidates  2 side by side, of which one is merged (smallest-diff)",
    "    changes     anything",
  ]);
});

Deno.test("plannedLines() shows what a review judges, and by what", () => {
  const { run: _, ...task } = makeTask("look", {
    agent: "kimi",
    write_set: [],
    review: { of: ["a", "b"], rubric: { name: "security", text: "Look." }, max_rounds: 2 },
  });
  const lines = plannedLines(makePlan([task]), { agent: "kimi", lifted: [] }, createStyle(false));
  assertEquals(lines.slice(2, 5), [
    "  look (kimi)",
    "    reviews  a, b, by the rubric security",
    "    changes  nothing",
  ]);
});

Deno.test("plannedLines() shows what a loop repeats, and until when", () => {
  const { run: _, ...task } = makeTask("mend", {
    agent: "kimi",
    loop: { prompt: "Mend it", max_iterations: 3, until: makeGate({ scope: "task" }) },
  });
  const lines = plannedLines(makePlan([task]), { agent: "kimi", lifted: [] }, createStyle(false));
  assertEquals(lines.slice(2, 6), [
    "  mend (kimi)",
    "    prompt    Mend it",
    "    repeated  until test (true) passes, at most 3 times",
    "    changes   anything",
  ]);
});

Deno.test("plannedLines() says where there are no gates, and why one task has the whole request", () => {
  const lines = plannedLines(
    makePlan([makeTask("work")]),
    { agent: "kimi", fallback: "no plan", lifted: [] },
    createStyle(false),
  );
  assertEquals([lines[0], lines[2], lines.at(-1)], [
    "warning: no plan",
    'plan "test": 1 task',
    "no gates: the run can pass, but proves nothing",
  ]);
});
