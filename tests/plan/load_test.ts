import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { canonicalJson } from "../../src/canonical_json.ts";
import { sha256 } from "../../src/digest.ts";
import { PlanError } from "../../src/plan/load.ts";
import { formatPlanJson, parsePlanJson } from "../../src/plan/plan_json.ts";
import { load, messagesOf, planOf, problemsOf } from "./fixture.ts";

Deno.test("loadPlan() takes comments, trailing commas, a byte order mark and CRLF", async () => {
  const plain = {
    name: "n",
    tasks: [{ id: "a", run: "true" }, { id: "b", run: ["echo", "//"], dependencies: ["a"] }],
  };
  const commented = '\uFEFF// a plan\r\n{ "name": "n", /* tasks */ "tasks": [\r\n' +
    '  { "id": "a", "run": "true", },\r\n  { "id": "b", "run": ["echo", "//"], "dependencies": ["a",], },\r\n],\r\n}\r\n// end';
  assertEquals(await planOf(commented), await planOf(plain));
});

Deno.test("loadPlan() gives a digest that says what the plan is, not how it is written", async () => {
  const digestOf = async (source: unknown) => {
    const loaded = await load(source);
    assert(loaded.ok);
    assertEquals(loaded.digest, sha256(canonicalJson(loaded.plan)));
    return loaded.digest;
  };
  const digest = await digestOf({ tasks: [{ id: "a", run: "true", write_set: ["src/"] }] });
  assertEquals(
    await digestOf('{"tasks":[{"write_set":["./src/**"],"run":"true","id":"a"}], "workers": 4}'),
    digest,
  );
  assert(await digestOf({ tasks: [{ id: "a", run: "false", write_set: ["src/"] }] }) !== digest);
  // The stored form is for ever: another default or field is another digest, and a note in the changelog.
  assertEquals(digest, "54bb5533d3cda7fe9b4e083a6c0c074ec476d119289062f7e61f129c1841ebc4");
});

Deno.test("loadPlan() points at what is not JSON", async () => {
  const cases: readonly [text: string, problem: string][] = [
    ["", "1:1: the plan is empty; omk init --print shows a first one"],
    ["\uFEFF \n // nothing\n", "1:1: the plan is empty; omk init --print shows a first one"],
    ["[]", "1:1: the plan must be an object: { … }"],
    [" null", "1:2: the plan must be an object: { … }"],
    ['\n  "text"', "2:3: the plan must be an object: { … }"],
    ['{\n  "name": "x"\n  "workers": 1\n}', '2:14: a "," is missing here, between two fields'],
    ['{ "é": "😀", x }', '1:13: the name of a field stands in double quotes; write "x"'],
  ];
  for (const [text, problem] of cases) assertEquals((await problemsOf(text))[0], problem, text);
});

Deno.test("loadPlan() refuses nesting that would overflow a stack", async () => {
  const deep = `{"tasks":[{"id":"a","run":"x","metadata":{"a":${"[".repeat(100_000)}`;
  assertEquals(await problemsOf(deep), ["1:143: objects and lists lie in each other more than 100 deep"]);
});

Deno.test("loadPlan() takes settings without tasks where only they are wanted, and checks them all the same", async () => {
  const options = { mayLackTasks: true };
  for (const text of ["{}", '{"tasks": []}', "// only a remark\n{}"]) {
    assertEquals((await planOf(text, options)).tasks, [], text);
  }
  assertEquals((await planOf({ workers: 3, pools: { db: 1 } }, options)).workers, 3);
  assertEquals(await problemsOf({ wrokers: 3, tasks: [{ id: "a" }] }, options), [
    '1:2: unknown field "wrokers"; did you mean "workers"?',
    ...await problemsOf('{"wrokers":3,"tasks":[{"id":"a"}]}').then((all) => all.slice(1)),
  ]);
});

Deno.test("loadPlan() refuses keys that are given twice, at any depth", async () => {
  const text =
    '{\n "tasks": [{"id": "a", "run": "x", "env": {"A": "1", "\\u0041": "2"},\n "id": "b"}],\n "tasks": [] }';
  assertEquals(await problemsOf(text), [
    '2:54: the field "A" is given twice; keep one of the two',
    '3:2: the field "id" is given twice; keep one of the two',
    '4:2: the field "tasks" is given twice; keep one of the two',
    '4:11: "tasks" must not be empty; name what is to be done; without tasks it gives settings for omk run "PROMPT" only',
  ]);
  assertEquals(await messagesOf('{"tasks": [{"id": "a", "run": "x", "metadata": {"__proto__": {}}}]}'), [
    'a field cannot be named "__proto__"',
  ]);
});

Deno.test("P10: loadPlan() reports all problems at once, with line and column", async () => {
  const text = `{
  "nmae": "x",
  "workers": 0,
  "pools": { "database": 1 },
  "tasks": [
    { "id": "a", "run": "x", "dependencies": ["b"], "pool": "databse" },
    { "id": "b", "run": "", "dependencies": ["a", "c"], "timeout_secs": "10" },
    { "id": "a b", "run": 5, "write_set": ["../x"] },
    7,
  ],
}`;
  assertEquals(await problemsOf(text), [
    '2:3: unknown field "nmae"; did you mean "name"?',
    '3:14: "workers" must be at least 1',
    '6:47: task "a": the dependencies form a cycle: a -> b -> a; each "->" reads "waits for"; remove one of them',
    '6:61: task "a": "databse" is no pool of the plan; did you mean "database"?',
    '7:25: task "b": "run" is empty',
    '7:51: task "b": "dependencies" names "c", which is no task of the plan; the tasks are "a", "b", "a b"',
    '7:73: task "b": "timeout_secs" must be a number, not a text; write 10 without quotes',
    '8:13: task "a b": "a b" cannot be a task id; use 1 to 64 letters, digits, ".", "_" and "-", beginning with a ' +
    'letter or digit, without "..", and not ending in "." or ".lock"',
    '8:27: task "a b": "run" must be a text or a list, not 5',
    '8:44: task "a b": "../x" leads out of a folder by ".."; write it relative to the root of the repository',
    '9:5: task number 4: "tasks[3]" must be an object, not 7',
  ]);
});

Deno.test("PlanError lists every problem, and is a usage error", async () => {
  const loaded = await load({ workers: "four", tasks: [{ id: "a" }] });
  assert(!loaded.ok);
  const error = new PlanError(loaded.problems);
  assertEquals(error.exitCode, 2);
  assertEquals(
    error.message,
    "Cannot use the plan (omk.jsonc): 2 problems\n" +
      '  omk.jsonc:1:12: "workers" must be a number, not a text\n' +
      '  omk.jsonc:1:28: task "a": there is nothing to do; give it a command: "run": "make test"',
  );
  assertEquals(loaded.problems.map((problem) => problem.pointer), ["/workers", "/tasks/0/run"]);
  const many = new PlanError(Array.from({ length: 150 }, () => loaded.problems).flat());
  assertStringIncludes(many.message, "300 problems");
  assertStringIncludes(many.message, "and 200 more");
});

Deno.test("loadPlan() warns of a gate that no task names", async () => {
  const gates = [{ name: "unit", command: "true", scope: "task" }, {
    name: "lint",
    command: "true",
    scope: "task",
  }];
  const loaded = await load({ gates, tasks: [{ id: "a", run: "true", gates: ["lint"] }] });
  assert(loaded.ok);
  assertEquals(loaded.warnings.map((each) => each.message), [
    'gate "unit": no task names the gate "unit", so it never runs',
  ]);
});

Deno.test("loadPlan() throws for no text, and what it takes can be stored and read back", async () => {
  const junk = fc.oneof(
    fc.constantFrom<unknown>(null, -1, 1e9, "", "../x", ["b", "b"], [[]], { from: 1 }, { x: {} }),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const mostly = (...good: unknown[]) => fc.oneof({ weight: 150, arbitrary: fc.constantFrom(...good) }, junk);
  const fields = {
    name: mostly("n"),
    description: mostly("d"),
    run: mostly("true", ["a", "b"]),
    priority: mostly(0, -0, 5),
    pool: mostly("p"),
    read_set: mostly([], ["src/"], ["**", "a/*.ts"]),
    write_set: mostly([], ["src/"], ["[a]/{b,c}"]),
    outputs: mostly([], ["dist/[id]"]),
    isolation: mostly("none", "worktree"),
    env: mostly({}, { A: "1" }, { A: { from: "HOME" } }),
    cwd: mostly(".", "sub/"),
    timeout_secs: mostly(1, 0.5),
    retry_policy: mostly({}, { max_attempts: 3, jitter: 0 }),
    gates: mostly([], ["g"], [{ name: "h", command: "x" }]),
    metadata: mostly({}, { a: [1e-7, -0, "\u2028"] }),
  };
  const task = fc.record({ ...fields, id: fc.uuid(), dependencies: mostly([], []) }, {
    requiredKeys: ["id", "run"],
  });
  const plan = fc.record({
    defaults: fc.record(fields, { requiredKeys: [] }),
    workers: mostly(1, 8),
    budget: mostly({ time: "2h" }, { time: 0.5 }),
    worktree: mostly({ setup: "x", keep: ["a/"] }, {}),
    watchdog: mostly({ heartbeat_missing_secs: 10 }),
    limits: mostly({ output_bytes: 2048 }),
    unknown: mostly(undefined),
    pools: fc.constant({ p: 1 }),
    gates: fc.constant([{ name: "g", command: "x", scope: "task" }]),
    tasks: fc.array(task, { minLength: 1, maxLength: 3 }),
  }, { requiredKeys: ["pools", "gates", "tasks"] });
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(plan, async (source) => {
      const loaded = await load(source);
      if (!loaded.ok) return assert(loaded.problems.length > 0);
      accepted++;
      const text = formatPlanJson(loaded.plan);
      assertEquals(parsePlanJson(text), { plan: JSON.parse(text), digest: loaded.digest });
    }),
    { numRuns: 500 },
  );
  assert(accepted > 50, `only ${accepted} of the plans say anything about storing`);
  await fc.assert(fc.asyncProperty(fc.string(), async (text) => assert(!(await load(text)).ok)));
});

Deno.test("loadPlan() takes a chain of 20,000 tasks, and prints a ring of them in part", async () => {
  const chain = (first: string[]) => ({
    tasks: Array.from({ length: 20_000 }, (_, at) => ({
      id: `t${at}`,
      run: "true",
      dependencies: at === 0 ? first : [`t${at - 1}`],
    })),
  });
  assertEquals((await planOf(chain([]))).tasks.length, 20_000);
  const [message, ...others] = await messagesOf(chain(["t19999"]));
  assertEquals(others, []);
  assertStringIncludes(message ?? "", "t0 -> t19999 -> t19998 ->");
  assertStringIncludes(message ?? "", "-> (19980 more) ->");
  assert((message ?? "").endsWith("-> t1 -> t0"));
});
