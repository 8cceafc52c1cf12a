/** What a user may write into a plan, what omk says about mistakes in it, and how runs are named. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Sandbox } from "./harness.ts";

/** Runs a plan with `omk run` where it must be refused; returns the message. Nothing may have been made. */
async function refusal(sandbox: Sandbox, plan: string): Promise<string> {
  await sandbox.write({ "omk.jsonc": plan });
  const { stderr, stdout } = await sandbox.omkEnds(2, ["run", "--base", "HEAD"]);
  assertEquals(stdout, "");
  const runs = await Deno.stat(`${sandbox.project}/.git/omk/runs`).then(() => true, () => false);
  assert(!runs, "a refused plan must leave no run");
  return stderr.replaceAll(`${sandbox.project}/`, "");
}

function planOf(tasks: readonly unknown[], more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ version: 1, tasks, ...more }, null, 2);
}

Deno.test("omk run without a plan says which file it looked for and how to get one", async () => {
  await using sandbox = await Sandbox.withRepository();
  const { stderr } = await sandbox.omkEnds(2, ["run"]);
  assertMatch(stderr, /^error: Cannot find the plan .*\/project\/omk\.jsonc.*omk init/);
  const named = await sandbox.omkEnds(2, ["run", "plans/api.jsonc"]);
  assertMatch(named.stderr, /^error: Cannot find the plan .*\/project\/plans\/api\.jsonc/);
});

Deno.test("P10: a plan that cannot be read as one is refused with path, line and column", async () => {
  await using sandbox = await Sandbox.withRepository();
  assertMatch(await refusal(sandbox, ""), /omk\.jsonc:1:1.*empty/);
  assertMatch(await refusal(sandbox, "// only a remark\n"), /omk\.jsonc:\d+:\d+.*/);
  assertMatch(await refusal(sandbox, '{\n  "version": 1,\n  tasks\n}\n'), /omk\.jsonc:3:3/);
  assertMatch(await refusal(sandbox, "[]"), /omk\.jsonc:1:1/);
  assertMatch(await refusal(sandbox, planOf([])), /omk\.jsonc:3:\d+.*tasks/);
});

Deno.test("a plan may have comments, trailing commas, CRLF line ends and a byte order mark", async () => {
  await using sandbox = await Sandbox.withPlan(
    '\ufeff{\r\n  // why\r\n  "version": 1, /* and how */\r\n  "tasks": [{ "id": "a", "run": "true", },],\r\n}\r\n',
  );
  const { stdout } = await sandbox.omkEnds(0, ["run"]);
  assertStringIncludes(stdout, "1 of 1 task completed");
});

Deno.test("P10: an unknown field is refused with the one that was probably meant", async () => {
  await using sandbox = await Sandbox.withRepository();
  const stderr = await refusal(sandbox, planOf([{ id: "a", run: "true", dependancies: ["b"] }]));
  assertMatch(stderr, /omk\.jsonc:7:7.*"?dependancies"?[^]*did you mean "?dependencies"?/);
});

Deno.test("P10: dependencies that are unknown, repeated, on itself or in a cycle are refused, and the cycle printed", async () => {
  await using sandbox = await Sandbox.withRepository();
  const unknown = await refusal(
    sandbox,
    planOf([{ id: "api", run: "true" }, { id: "b", run: "true", dependencies: ["apy"] }]),
  );
  assertMatch(unknown, /omk\.jsonc:\d+:\d+.*"apy"[^]*did you mean "?api"?/);
  const twice = await refusal(
    sandbox,
    planOf([{ id: "a", run: "true" }, { id: "b", run: "true", dependencies: ["a", "a"] }]),
  );
  assertMatch(twice, /omk\.jsonc:\d+:\d+.*"a"/);
  const itself = await refusal(sandbox, planOf([{ id: "a", run: "true", dependencies: ["a"] }]));
  assertMatch(itself, /omk\.jsonc:\d+:\d+.*itself|a -> a|a → a/);
  const cycle = await refusal(
    sandbox,
    planOf([
      { id: "a", run: "true", dependencies: ["c"] },
      { id: "b", run: "true", dependencies: ["a"] },
      { id: "c", run: "true", dependencies: ["b"] },
      { id: "d", run: "true" },
    ]),
  );
  assertMatch(cycle, /omk\.jsonc:\d+:\d+.*cycle.*a (->|→) . (->|→) . (->|→) a/);
});

Deno.test("P10: a task id given twice, also in another case, is refused", async () => {
  await using sandbox = await Sandbox.withRepository();
  assertMatch(
    await refusal(sandbox, planOf([{ id: "a", run: "true" }, { id: "a", run: "false" }])),
    /omk\.jsonc:9:\d+.*"a"/,
  );
  assertMatch(
    await refusal(sandbox, planOf([{ id: "a", run: "true" }, { id: "A", run: "false" }])),
    /omk\.jsonc:9:\d+.*"A"/,
  );
});

Deno.test("P10: absolute, escaping, drive-letter and backslash paths are refused", async () => {
  await using sandbox = await Sandbox.withRepository();
  for (const path of ["/etc/passwd", "../other", "a/../../b", "C:/x", "a\\b"]) {
    const message = await refusal(sandbox, planOf([{ id: "a", run: "true", write_set: ["src", path] }]));
    assertMatch(message, /omk\.jsonc:9:\d+/, path);
    assertStringIncludes(message, JSON.stringify(path));
  }
});

Deno.test("P10: all problems of a plan are told at once, each with path, line and column", async () => {
  await using sandbox = await Sandbox.withRepository();
  const message = await refusal(
    sandbox,
    `{
  "version": 1,
  "worker": 3,
  "tasks": [
    { "id": "a b", "run": "true" },
    { "id": "c", "run": "" },
    { "id": "d", "run": "true", "dependencies": ["nowhere"] },
    { "id": "e", "run": "true", "outputs": ["/tmp/x"] },
    { "id": "f" }
  ]
}
`,
  );
  for (const line of [3, 5, 6, 7, 8, 9]) {
    assertMatch(message, new RegExp(`omk\\.jsonc:${line}:\\d+`), message);
  }
});

Deno.test("omk run --json reports a bad plan as one JSON document on stderr", async () => {
  await using sandbox = await Sandbox.withPlan(planOf([{ id: "a", run: "true", dependancies: [] }]));
  const { stderr, stdout } = await sandbox.omkEnds(2, ["run", "--json"]);
  assertEquals(stdout, "");
  const { error } = JSON.parse(stderr);
  assertEquals(error.exit_code, 2);
  assertStringIncludes(error.message, "dependancies");
});

Deno.test("P12: a plan with a secret in a command is refused, and the secret is not repeated", async () => {
  await using sandbox = await Sandbox.withRepository();
  const secret = `ghp_${"a1B2".repeat(9)}`;
  const message = await refusal(sandbox, planOf([{ id: "a", run: `curl -H 'Authorization: ${secret}' x` }]));
  assertMatch(message, /omk\.jsonc:6:\d+/);
  assertStringIncludes(message, '{"from"');
  assertEquals(message.includes(secret), false);
});

Deno.test("a gate whose program is missing fails with a clear reason, and the run is not ready", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [{ name: "shell", command: "no-such-program --all" }, {
      name: "exec",
      command: ["no-such-program"],
    }],
    tasks: [{ id: "a", run: "true" }],
  });
  const { stdout } = await sandbox.omkEnds(1, ["run"]);
  assertMatch(stdout, /gate failed shell: .*no-such-program.*not found/);
  assertMatch(stdout, /gate failed exec: .*no-such-program/);
  assertStringIncludes(stdout, "not_ready: 1 of 1 task completed");
  const { stderr } = await sandbox.omkEnds(1, ["merge"]);
  assertMatch(stderr, /it is not_ready; see omk proof/);
});

Deno.test("a run id may be shortened, and one that matches nothing or several runs is an error that names the runs", async () => {
  await using sandbox = await Sandbox.withPlan(planOf([{ id: "a", run: "true" }], { gates: [] }));
  const none = await sandbox.omkEnds(2, ["status"]);
  assertMatch(none.stderr, /^error: Cannot find any run .*omk run/);
  await sandbox.omkEnds(0, ["run"]);
  const first = await sandbox.runId();
  await sandbox.omkEnds(0, ["run"]);
  const second = await sandbox.runId();
  assert(first < second, `${first} is older than ${second}`);
  const length = 1 + [...second].findIndex((character, at) => first[at] !== character);
  const nothing = await sandbox.omkEnds(2, ["status", "1999"]);
  assertMatch(nothing.stderr, /^error: No run matches "1999"/);
  assertStringIncludes(nothing.stderr, second);
  const several = await sandbox.omkEnds(2, ["status", first.slice(0, length - 1)]);
  assertMatch(several.stderr, /matches 2 runs/);
  for (const id of [first, second]) assertStringIncludes(several.stderr, id);
  assertEquals((await sandbox.omkJson(["status", first])).run_id, first);
  assertEquals((await sandbox.omkJson(["status", "latest"])).run_id, second);
  assertEquals((await sandbox.omkJson(["status"])).run_id, second);
  assertEquals((await sandbox.omkJson(["status", second.slice(0, length)])).run_id, second);
});

Deno.test("an edited plan is a new run: a finished run keeps the plan that it was started with", async () => {
  await using sandbox = await Sandbox.withPlan(
    planOf([{ id: "a", run: "true" }], { gates: [], name: "before" }),
  );
  await sandbox.omkEnds(0, ["run"]);
  await sandbox.plan(planOf([{ id: "b", run: "true" }], { gates: [], name: "after" }));
  const status = await sandbox.omkJson(["status"]);
  assertEquals([status.name, status.tasks[0].id], ["before", "a"]);
});
