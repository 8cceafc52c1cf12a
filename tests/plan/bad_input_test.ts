/** Plans that are made to hurt: each is refused with its place, or handled in time that grows with its size. */

import { assert, assertEquals } from "@std/assert";
import { findCycles } from "../../src/plan/cycles.ts";
import { remainingPaths, topologicalOrder } from "../../src/plan/graph.ts";
import { matchesAny } from "../../src/plan/path_set.ts";
import { planOf, problemsOf } from "./fixture.ts";

const MILLION = 1_000_000;

/** A chain in which each task depends on the one before it. */
function chain(length: number) {
  return Array.from({ length }, (_, at) => ({
    id: `t${at}`,
    run: "true",
    dependencies: at === 0 ? [] : [`t${at - 1}`],
  }));
}

Deno.test("a chain of a million tasks runs out of no stack: order, paths, cycles", () => {
  const dependencies = Array.from({ length: MILLION }, (_, at) => at === 0 ? [] : [at - 1]);
  const dependents = dependencies.map((_, at) => at === MILLION - 1 ? [] : [at + 1]);
  const graph = { dependencies, dependents };
  assertEquals(topologicalOrder(graph).at(-1), MILLION - 1);
  assertEquals(remainingPaths(graph, () => 1)[0], MILLION);
  assertEquals(findCycles(dependencies), []);
  const closed = dependencies.with(0, [MILLION - 1]);
  assertEquals(findCycles(closed).map(({ length }) => length), [MILLION]);
});

Deno.test("a long chain is loaded in either order of its tasks", async () => {
  const tasks = chain(20_000);
  assertEquals((await planOf({ tasks })).tasks.length, 20_000);
  assertEquals((await planOf({ tasks: tasks.toReversed() })).tasks.length, 20_000);
});

Deno.test("a cycle is refused at its place, whatever its length, and told in a line that can be read", async () => {
  for (const length of [2, 3, 10, 100, 5_000]) {
    const tasks = chain(length);
    const closed = tasks.map((task, at) => at === 0 ? { ...task, dependencies: [`t${length - 1}`] } : task);
    const problems = await problemsOf({ tasks: closed });
    assertEquals(problems.length, 1);
    assert(
      /^1:\d+: task "t0": the dependencies form a cycle: t0 -> t\d+ -> /.test(problems[0] ?? ""),
      problems[0],
    );
    assert((problems[0]?.length ?? 0) < 1_000, `${problems[0]?.length} characters for ${length} tasks`);
  }
});

Deno.test("ids that are names of other things are ids like any other, and odd characters are refused", async () => {
  const ids = [
    "constructor",
    "toString",
    "hasOwnProperty",
    "valueOf",
    "null",
    "undefined",
    "NaN",
    "0",
    "1e9",
  ];
  const plan = await planOf({
    tasks: ids.map((id, at) => ({ id, run: "x", dependencies: ids.slice(0, at) })),
  });
  assertEquals(plan.tasks.map(({ id }) => id), ids);
  for (
    const id of [
      "__proto__",
      "a\n",
      "a\u0000",
      "a\u202e",
      "\ud83d\ude00",
      "a\ud800",
      "%2e",
      "a/../b",
      "CON:",
      "~",
    ]
  ) {
    const problems = await problemsOf({ tasks: [{ id, run: "x" }] });
    assert(
      problems.length > 0 && problems.every((each) => /^1:1[67]: [^\p{Cc}]*$/u.test(each)),
      JSON.stringify(problems),
    );
  }
});

Deno.test("numbers out of range are refused at their place, and so is what is no number of JSON", async () => {
  const policy = (fields: string) => `{"tasks":[{"id":"t","run":"x","retry_policy":{${fields}}}]}`;
  const refused: readonly [string, string][] = [
    [policy('"backoff_seconds":-1'), '1:65: task "t": "retry_policy.backoff_seconds" must be at least 0'],
    [
      policy('"backoff_seconds":1e308'),
      '1:65: task "t": "retry_policy.backoff_seconds" must be at most 86400',
    ],
    [policy('"max_attempts":1e9'), '1:62: task "t": "retry_policy.max_attempts" must be at most 1000'],
    [
      policy('"max_attempts":0.5'),
      '1:62: task "t": "retry_policy.max_attempts" must be a whole number, not 0.5',
    ],
  ];
  for (const [text, problem] of refused) assertEquals(await problemsOf(text), [problem]);
  for (const number of ["NaN", "-Infinity", "Infinity", "+1", "0x10", "1e", "--1"]) {
    const [problem = ""] = await problemsOf(policy(`"backoff_seconds":${number}`));
    assert(/^1:6\d: /.test(problem), `${number}: ${problem}`);
  }
});

Deno.test("globs that match everything, or could match in many ways, are compared and matched at once", async () => {
  const everything = [
    "**",
    "**/*",
    "**/**/**/*",
    "*",
    "?*",
    "{*,**}",
    "**/{a,b,c}/**",
    "./**/",
  ];
  const tasks = everything.map((entry, at) => ({ id: `t${at}`, run: "x", write_set: [entry] }));
  assertEquals((await planOf({ tasks })).tasks.length, everything.length);
  const long = `${"a".repeat(2_000)}!`;
  assertEquals(matchesAny([`${"*a".repeat(30)}*b`], long), false);
  assertEquals(matchesAny([`${"**/".repeat(30)}b`], `${"a/".repeat(1_000)}c`), false);
  const many = "{a,b}".repeat(40);
  await planOf({ tasks: [{ id: "t", run: "x", write_set: [many] }] });
  assertEquals(matchesAny([many], "ab".repeat(20)), true);
  assertEquals(matchesAny([many], "a".repeat(39)), false);
});
