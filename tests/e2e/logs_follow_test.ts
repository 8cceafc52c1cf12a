/** `omk logs --follow`: output as it comes, across attempts, and of gates that still run. */

import { assertEquals, assertMatch } from "@std/assert";
import { appears } from "./call.ts";
import { Sandbox } from "./harness.ts";

Deno.test("omk logs TASK --follow prints every attempt as it comes, and ends with the task", async () => {
  await using sandbox = await Sandbox.withRepository();
  const { root } = sandbox;
  await sandbox.plan({
    version: 1,
    gates: [],
    tasks: [
      {
        id: "talks",
        run: `if [ -e ${root}/second ]; then echo again; printf 'no end'; exit 0; fi
          echo hello; touch ${root}/runs; while [ ! -e ${root}/go ]; do sleep 0.05; done; touch ${root}/second; exit 75`,
        retry_policy: { max_attempts: 1, backoff_seconds: 0 },
      },
      { id: "waits", run: `while [ ! -e ${root}/end ]; do sleep 0.05; done` },
    ],
  });
  const omk = sandbox.start(["run"]);
  await appears(`${root}/runs`);
  const follower = sandbox.start(["logs", "talks", "--follow"]);
  const first = sandbox.start(["logs", "talks", "--follow", "--attempt", "1", "--json"]);
  const both = sandbox.start(["logs", "talks", "waits", "--follow", "--tail", "1"]);
  const stopped = sandbox.start(["logs", "--follow"]);
  await follower.printed("hello\n");
  await first.printed("hello");
  await stopped.printed("hello");
  await both.printed("talks | hello\n");
  stopped.kill("SIGINT");
  assertEquals((await stopped.ended).code, 130);
  const events = sandbox.start(["events", "--follow", "--from", "1", "--json"]);
  await events.printed("task_claimed");
  events.kill("SIGINT");
  assertEquals((await events.ended).code, 130);
  await Deno.writeTextFile(`${root}/go`, "");
  const attempt = await first.ended;
  assertEquals(attempt.code, 0, "it ends with the attempt");
  assertEquals(attempt.stdout.trimEnd().split("\n").map((line) => JSON.parse(line).text), ["hello"]);
  const { code, stdout } = await follower.ended;
  assertEquals([code, stdout], [0, "hello\nagain\nno end\n"], "it ends with the task, not with the run");
  await Deno.writeTextFile(`${root}/end`, "");
  const prefixed = (await both.ended).stdout;
  assertMatch(prefixed, /talks \| again\ntalks \| no end\n/, "each line says whose it is");
  assertEquals((await omk.ended).code, 0);
  assertEquals((await sandbox.omkEnds(0, ["logs", "talks", "-f", "-n", "1"])).stdout, "hello\nno end\n");
});

Deno.test("omk logs --follow shows gates that run, each line with its source, and ends with the run", async () => {
  await using sandbox = await Sandbox.withRepository();
  const { root } = sandbox;
  await sandbox.plan({
    version: 1,
    gates: [{
      name: "unit tests",
      command:
        `echo checking; touch ${root}/checks; while [ ! -e ${root}/go ]; do sleep 0.05; done; echo checked`,
    }],
    tasks: [{ id: "a", run: "echo made" }],
  });
  const omk = sandbox.start(["run"]);
  const follower = await appears(`${root}/checks`).then(() => sandbox.start(["logs", "--follow", "--json"]));
  await follower.printed('"text":"checking"');
  const { stdout: now } = await sandbox.omkEnds(0, ["logs", "--gate", "unit tests"]);
  assertEquals(now, "checking\n", "what a gate has printed is shown while it runs");
  await Deno.writeTextFile(`${root}/go`, "");
  const { code, stdout } = await follower.ended;
  assertEquals(code, 0);
  const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map(({ task_id, gate, text }) => [task_id ?? gate, text]), [
    ["a", "made"],
    ["unit tests", "checking"],
    ["unit tests", "checked"],
  ]);
  assertEquals((await omk.ended).code, 0);
  const { stderr } = await sandbox.omkEnds(2, ["logs", "--follow", "--failed"]);
  assertMatch(stderr, /--follow and --failed exclude each other/);
  const after = await sandbox.omkEnds(0, ["logs", "--follow"]);
  assertMatch(after.stdout, /^a \| made\ngate unit tests \| checking\n/);
});
