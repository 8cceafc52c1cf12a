import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { z } from "zod";
import { planJsonSchema } from "../../src/plan/schema.ts";

const VALID = {
  version: 1,
  name: "rate limits",
  defaults: { timeout_secs: 1800 },
  workers: 4,
  pools: { database: 1 },
  budget: { time: "2h" },
  worktree: { setup: "npm ci", keep: ["node_modules"], copy: [".env.test"] },
  gates: [{ name: "test", command: "npm test", timeout_secs: 600 }],
  tasks: [
    { id: "schema", run: "npm run generate", write_set: ["src/schema/**"], outputs: ["dist/schema.json"] },
    {
      id: "api",
      prompt: "Limit each key to 100 requests a minute",
      dependencies: ["schema"],
      read_set: ["src/schema/**"],
      write_set: ["src/api/**"],
      acceptance_criteria: ["429 with Retry-After"],
      env: { A: { from: "B" } },
      gates: ["test", { name: "x", command: ["y"] }],
    },
  ],
};

Deno.test("planJsonSchema() accepts a valid plan and refuses unknown fields", () => {
  const schema = z.fromJSONSchema(planJsonSchema());
  assertEquals(schema.safeParse(VALID).error, undefined);
  assert(!schema.safeParse({ ...VALID, unknown: 1 }).success);
  assert(!schema.safeParse({ ...VALID, tasks: [{ id: "a", run: 1 }] }).success);
  assert(!schema.safeParse({ ...VALID, tasks: [{ id: "a", runn: "x" }] }).success);
});

Deno.test("planJsonSchema() describes every field, and says that max_attempts counts retries", () => {
  const text = JSON.stringify(planJsonSchema());
  assertStringIncludes(text, "How many retries there may be: 2 means up to 3 executions");
  const undescribed: string[] = [];
  const visit = (value: unknown, path: string) => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, each] of Object.entries(value)) {
      const isField = path.endsWith("/properties");
      if (isField && !("description" in Object(each))) undescribed.push(`${path}/${key}`);
      visit(each, `${path}/${key}`);
    }
  };
  visit(planJsonSchema(), "");
  assertEquals(undescribed, []);
});

Deno.test("planJsonSchema() has exactly the fields of the format", () => {
  const { properties } = planJsonSchema();
  assertEquals(
    Object.keys(Object(properties)).join(" "),
    "$schema version name defaults workers pools budget worktree gates gate_each protected on_failure durability watchdog " +
      "lease_secs limits proposals agents prompt_template approval tasks",
  );
});
