import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadPlan } from "../../../src/plan/load.ts";
import { planJsonSchema } from "../../../src/plan/schema.ts";
import { composePlan } from "../../../src/run/planning/compose_plan.ts";
import {
  EXAMPLE_PLAN,
  PLANNING_TEMPLATE,
  planningPrompt,
  TASK_FIELDS_TOLD,
} from "../../../src/run/planning/planning_prompt.ts";
import { templateFault } from "../../../src/worker/prompt/template.ts";

const CONTEXT = {
  request: "Add rate limiting to the API\n",
  map: "src/\n  a.ts\n",
  gates: [{ name: "test", command: ["npm", "test"] }, { name: "lint", command: "make lint", scope: "task" }],
  agents: ["kimi", "codex"],
};

Deno.test("planningPrompt() holds the request, the map, the gates, the form and the agents", () => {
  const prompt = planningPrompt(CONTEXT);
  for (
    const part of [
      "Add rate limiting to the API\n",
      "```\nsrc/\n  a.ts\n```",
      "- test: npm test\n- lint (for tasks that name it in their gates): make lint",
      "- write_set: ",
      'The agent "kimi" does what names no other. There are also: codex.',
    ]
  ) assertStringIncludes(prompt, part);
  assertEquals(planningPrompt(CONTEXT), prompt);
  assertStringIncludes(planningPrompt({ ...CONTEXT, gates: [], agents: ["kimi"] }), "None were found");
  assertEquals(templateFault(PLANNING_TEMPLATE), undefined);
});

Deno.test("P12: planningPrompt() has no secret of the repository's file names in it", () => {
  const secret = `ghp_${"a1B2".repeat(9)}`;
  assert(!planningPrompt({ ...CONTEXT, map: `notes/${secret}.md\n` }).includes(secret));
});

Deno.test("The plan that a lead agent is shown can be run, and the fields that it is told are those of a task", async () => {
  const { text, objections } = composePlan(EXAMPLE_PLAN, { request: "x", settings: {} }, "kimi");
  assertEquals(objections, []);
  const loaded = await loadPlan({ text, path: "plan.jsonc", env: {}, redact: (each) => each });
  assert(loaded.ok, JSON.stringify(loaded));
  assertEquals(loaded.plan.tasks.map(({ id, gates }) => [id, gates.length]), [["limiter", 1], ["api", 0]]);
  const schema = JSON.stringify(planJsonSchema());
  for (const field of Object.keys(TASK_FIELDS_TOLD)) assertStringIncludes(schema, `"${field}":{`);
});
