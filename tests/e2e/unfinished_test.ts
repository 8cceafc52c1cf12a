/** `omk run` on a plan whose run was interrupted: it says so, and offers both ways. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { appears } from "./call.ts";
import { Sandbox } from "./harness.ts";
import { hasTmux, Terminal } from "./terminal.ts";

/** A run of two tasks whose omk is killed while the second is at work. */
async function interrupted(sandbox: Sandbox): Promise<string> {
  const omk = sandbox.start(["run"]);
  await appears(`${sandbox.root}/runs`);
  omk.kill("SIGKILL");
  await omk.ended;
  await sandbox.becomesQuiet();
  await Deno.writeTextFile(`${sandbox.root}/go`, "");
  return await sandbox.runId();
}

function planOf(sandbox: Sandbox) {
  const wait = `touch ${sandbox.root}/runs; while ! test -e ${sandbox.root}/go; do sleep 0.05; done`;
  return {
    version: 1,
    gates: [],
    workers: 1,
    tasks: [
      { id: "one", run: "echo one > one.txt" },
      { id: "two", run: `${wait}; echo two > two.txt`, dependencies: ["one"] },
    ],
  };
}

Deno.test("omk run names the interrupted run of its plan and both ways; --resume and --new choose one", async () => {
  await using sandbox = await Sandbox.withRepository();
  await sandbox.plan(planOf(sandbox));
  const first = await interrupted(sandbox);
  const { stderr } = await sandbox.omkEnds(2, ["run", "--workers", "3"]);
  assertMatch(stderr, /unfinished run: run \S+ of this plan was interrupted: 1 of 2 tasks are completed/);
  assertStringIncludes(stderr, `omk resume ${first} (or omk run --resume), or start another: omk run --new`);
  const document = JSON.parse((await sandbox.omkEnds(2, ["run", "--json"])).stderr);
  assertEquals([document.error.code, document.error.exit_code], ["UnfinishedRunError", 2]);
  assertEquals(await sandbox.runId(), first, "nothing was started");
  assertMatch((await sandbox.omkEnds(2, ["run", "--new", "--resume"])).stderr, /--resume and --new/);
  // Another selection of tasks is another run.
  await sandbox.omkEnds(0, ["run", "--only", "one"]);
  await sandbox.omkEnds(0, ["run", "--new"]);
  assert(await sandbox.runId() !== first);
  // A dirty checkout is nothing to a run that has started already.
  await sandbox.write({ "README.md": "changed\n" });
  const resumed = await sandbox.omk(["run", "--resume", "--quiet"]);
  assertEquals(resumed.code, 0, resumed.stderr);
  assertStringIncludes(resumed.stderr, `going on with run ${first}`);
  assertEquals((await sandbox.omkJson(["status", first])).standing, "passed");
  await sandbox.omkEnds(2, ["run", "--resume"]);
  assertEquals((await sandbox.omk(["run", "--resume", "--base", "HEAD"])).code, 0, "none left: a new one");
});

Deno.test({
  name: "omk run asks on a terminal whether to go on with the interrupted run",
  ignore: !await hasTmux(),
  fn: askOnTerminal,
});

async function askOnTerminal(): Promise<void> {
  await using sandbox = await Sandbox.withRepository();
  await sandbox.plan(planOf(sandbox));
  const first = await interrupted(sandbox);
  await using terminal = new Terminal(sandbox);
  await terminal.run(100, 30, sandbox.omkCommand("run"));
  await terminal.shows(/or stop\? \[resume\]/);
  await terminal.press("Enter");
  await terminal.shows(/exit code 0/);
  assertEquals(await sandbox.runId(), first);
}
