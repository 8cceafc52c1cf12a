/** `omk run --detach` and `omk attach`: a run in the background, and watching it. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { detachSchema } from "../../src/cli/schema/steering.ts";
import { appears, eventually } from "./call.ts";
import { Sandbox } from "./harness.ts";

function planOf({ root }: Sandbox) {
  const wait = `touch ${root}/runs; while ! test -e ${root}/go; do sleep 0.05; done`;
  return {
    version: 1,
    gates: [],
    tasks: [{ id: "one", run: `echo hello; ${wait}; echo one > one.txt; echo bye` }],
  };
}

Deno.test("P9: omk run --detach returns with the run id, and the run goes on without its terminal", async () => {
  await using sandbox = await Sandbox.withRepository();
  await sandbox.plan(planOf(sandbox));
  // A shell of its own that is gone, with its group, before the run ends: as a terminal that is closed.
  const started = await sandbox.sh(
    `setsid sh -c '${sandbox.omkCommand("run", "--detach", "--json").replaceAll("'", "'\\''")}'`,
  );
  assertEquals(started.code, 0, started.stderr);
  const document = detachSchema.parse(JSON.parse(started.stdout));
  const runId = await sandbox.runId();
  assertEquals(document.run_id, runId);
  assertEquals(document.next[0], `omk attach ${runId}`);
  await appears(`${sandbox.root}/runs`);
  assertEquals((await sandbox.omkJson(["status"])).standing, "running");
  // Two watch: one to the end, one leaves.
  const watching = sandbox.start(["attach", "--output", "prefix"]);
  const leaving = sandbox.start(["attach"]);
  await watching.printed("hello");
  await leaving.printed(runId);
  leaving.kill("SIGINT");
  const left = await leaving.ended;
  assertEquals(left.code, 130);
  assertStringIncludes(
    left.stderr,
    `run ${runId} goes on; omk attach ${runId} shows it again, omk cancel ${runId} ends it`,
  );
  assertEquals((await sandbox.omkJson(["status"])).standing, "running");
  await Deno.writeTextFile(`${sandbox.root}/go`, "");
  const { code, stdout } = await watching.ended;
  assertEquals(code, 0, stdout);
  assertMatch(stdout, /one.*bye/);
  assertMatch(stdout, /passed/);
  await sandbox.becomesQuiet();
  assertStringIncludes(await Deno.readTextFile(document.output), "passed");
  // A run that has ended is told as it ended.
  const again = await sandbox.omkEnds(0, ["attach"]);
  assertMatch(again.stdout, /passed/);
});

Deno.test("omk run --detach shows an error of the start with its exit code, and leaves nothing behind", async () => {
  await using sandbox = await Sandbox.withRepository();
  await sandbox.commit("bad", { "omk.jsonc": '{ "version": 1, "tasks": [] ' });
  const bad = await sandbox.omkEnds(2, ["run", "--detach"]);
  assertMatch(bad.stderr, /Cannot use the plan/);
  await sandbox.plan(planOf(sandbox));
  await sandbox.write({ "README.md": "changed\n" });
  assertMatch((await sandbox.omkEnds(2, ["run", "--detach"])).stderr, /changes that tasks would not see/);
  // Only the background process finds this.
  const blocked = `${sandbox.root}/file`;
  await Deno.writeTextFile(blocked, "");
  const late = await sandbox.omk(["run", "--detach", "--base", "HEAD", "--worktree-dir", `${blocked}/x`]);
  assert(late.code !== 0, late.stdout);
  assertMatch(late.stderr, /^error: The run did not start: Cannot/);
  const left: string[] = [];
  for await (const { name } of Deno.readDir(`${sandbox.project}/.git/omk/runs`)) left.push(name);
  assertEquals(left, []);
});

Deno.test("omk run --resume --detach goes on in the background, and attach tells when the omk process is gone", async () => {
  await using sandbox = await Sandbox.withRepository();
  await sandbox.plan(planOf(sandbox));
  const omk = sandbox.start(["run"]);
  await appears(`${sandbox.root}/runs`);
  const watching = sandbox.start(["attach"]);
  const runId = await sandbox.runId();
  await watching.printed(runId);
  omk.kill("SIGKILL");
  await omk.ended;
  const { code, stderr } = await watching.ended;
  assertEquals(code, 1);
  assertMatch(stderr, /its omk process is gone; go on with omk resume/);
  await sandbox.becomesQuiet();
  await Deno.remove(`${sandbox.root}/runs`);
  const { stdout } = await sandbox.omkEnds(0, ["run", "--resume", "--detach"]);
  assertStringIncludes(stdout, `run ${runId} goes on in the background`);
  assertMatch(stdout, /console-2\.log/);
  await appears(`${sandbox.root}/runs`);
  await Deno.writeTextFile(`${sandbox.root}/go`, "");
  assertEquals((await sandbox.omk(["attach"])).code, 0);
  await eventually(
    "the end",
    async () => (await sandbox.omkJson(["status"])).standing === "passed" ? true : undefined,
  );
});
