import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadPlan } from "../../../src/plan/load.ts";
import { formatProblem } from "../../../src/plan/problem.ts";
import { writeArtifact } from "../../../src/process/artifact_file.ts";
import { runDirectoryAt } from "../../../src/run/directory.ts";
import { createPlanReader } from "../../../src/run/planning/plan_reader.ts";
import { RUN_ID } from "../fixture.ts";

const REF = { task_id: "plan", attempt: 2, token: 7 };

async function reading() {
  const path = await Deno.makeTempDir();
  await Deno.mkdir(`${path}/tasks/plan/2`, { recursive: true });
  const reader = createPlanReader({
    directory: runDirectoryAt(path, RUN_ID),
    planning: {
      request: "Limit it",
      then: "run",
      output: null,
      settings: { gates: [{ name: "test", command: "true" }] },
    },
    agent: "kimi",
    load: (text, name) => loadPlan({ text, path: name, env: {}, redact: (each) => each }),
    describe: (problems) => problems.map(formatProblem).join("\n"),
  });
  return {
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
    read: async (reply: string) =>
      await reader.read(REF, await writeArtifact(path, "tasks/plan/2/reply.md", reply)),
    text: async (name: string) => await Deno.readTextFile(`${path}/${name}`),
  };
}

Deno.test("createPlanReader() keeps a plan that can be run, with the gates of the project and where it comes from", async () => {
  await using rig = await reading();
  const { read, text } = rig;
  const result = await read('Here.\n```json\n{"tasks": [{"id": "a", "prompt": "Do a"}]}\n```');
  assert(result.kind === "plan");
  assertEquals(result.plan.path, "tasks/plan/2/plan.jsonc");
  const kept = await text(result.plan.path);
  assertStringIncludes(kept, "// A plan of kimi, made by omk plan in run");
  const loaded = await loadPlan({ text: kept, path: "plan.jsonc", env: {}, redact: (each) => each });
  assert(loaded.ok);
  assertEquals(loaded.plan.gates?.map(({ name }) => name), ["test"]);
});

Deno.test("createPlanReader() tells all that is wrong, beside the plan as it was read", async () => {
  await using rig = await reading();
  const { read, text } = rig;
  const result = await read(
    '{"approval": "yolo", "tasks": [{"id": "a", "promt": "x", "dependencies": ["b"]}]}',
  );
  assert(result.kind === "invalid");
  const problems = await text(result.problems.path);
  for (
    const part of [
      '"promt": "x"',
      '"approval" is not for you to say',
      'unknown field "promt"',
      '"dependencies" names "b"',
    ]
  ) assertStringIncludes(problems, part);
  assertEquals(/^\d problems$/.test(result.summary), true);
});

Deno.test("createPlanReader() shows where a broken answer is broken, and says so where there is no plan", async () => {
  await using rig = await reading();
  const { read, text } = rig;
  const broken = await read('```json\n{\n  "tasks": [}\n```');
  assert(broken.kind === "invalid");
  assertEquals(broken.summary, "1 problem");
  assertStringIncludes(await text(broken.problems.path), "plan.jsonc:2:");
  const none = await read("I would rather not.");
  assert(none.kind === "invalid");
  assertStringIncludes(await text(none.problems.path), "The answer holds no JSON object");
});

Deno.test("createPlanReader() takes a question, but not beside a plan, and not an empty one", async () => {
  await using rig = await reading();
  const { read } = rig;
  assertEquals(await read('{"question": "Which API?"}'), { kind: "question", question: "Which API?" });
  assertEquals((await read('{"question": " "}')).kind, "invalid");
  assertEquals((await read('{"question": "Why?", "tasks": [{"id": "a", "prompt": "x"}]}')).kind, "invalid");
});
