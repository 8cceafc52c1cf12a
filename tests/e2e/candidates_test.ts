/** Best of several: candidates do one task side by side; one is picked and merged, the others are kept. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Sandbox } from "./harness.ts";
import { assertUntouched, userState } from "./user_state.ts";

Deno.test("P3, P5, P6, P7: the best candidate alone is merged, and the others are pinned", async () => {
  // The first one is verbose, the second one fails its gate, the third one is brief.
  const writer =
    'case "$OMK_TASK_ID" in small.1) seq 9 > out.txt;; small.2) touch bad.txt;; *) echo hi > out.txt;; esac';
  const retry_policy = { max_attempts: 0 };
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    workers: 4,
    gates: [{ name: "out", command: "test -s out.txt" }],
    agents: { writer: { command: writer } },
    tasks: [
      {
        id: "small",
        prompt: "Write out.txt",
        agent: "writer",
        write_set: ["out.txt", "bad.txt"],
        gates: [{ name: "own", command: "test ! -e bad.txt" }],
        attempts: { parallel: 3, pick: "smallest-diff" },
        retry_policy,
      },
      {
        id: "first",
        run: 'echo "$OMK_TASK_ID" > first.txt; test "$OMK_TASK_ID" = first.2 || sleep 1000',
        attempts: { parallel: 2 },
      },
      { id: "after", run: "grep hi out.txt && cp first.txt after.txt", dependencies: ["small", "first"] },
    ],
  });
  const before = await userState(sandbox);
  const { stdout } = await sandbox.omkEnds(0, ["run"]);
  assertMatch(stdout, /done +small, by candidate small\.3/);
  assertStringIncludes(stdout, "ready: 5 of 5 tasks completed");
  await assertUntouched(sandbox, before);
  const { tasks, status } = await sandbox.omkJson(["status"]);
  assertEquals(status, "ready");
  assertEquals(
    tasks.map((each: { id: string; state: string }) => `${each.id} ${each.state}`),
    [
      "small.1 cancelled",
      "small.2 failed",
      "small.3 completed",
      "small completed",
      "first.1 cancelled",
      "first.2 completed",
      "first completed",
      "after completed",
    ],
  );
  const refs = `refs/omk/${await sandbox.runId()}`;
  assertEquals(await sandbox.git("show", `${refs}/head:out.txt`), "hi");
  assertEquals(await sandbox.git("show", `${refs}/head:after.txt`), "first.2");
  assertEquals(await sandbox.git("show", `${refs}/task/small.1/1/pin:out.txt`), "1\n2\n3\n4\n5\n6\n7\n8\n9");
  assertEquals(await sandbox.git("show", `${refs}/task/first.1/1/pin:first.txt`), "first.1");
  const picks = await sandbox.payloads("candidate_picked");
  assertMatch(
    String(picks.find((each) => each["task_id"] === "small")?.["reason"]),
    /^its patch is the smallest: "small\.3" \d+ bytes, "small\.1" \d+ bytes$/,
  );
  assertStringIncludes(
    (await sandbox.omkEnds(0, ["explain", "small"])).stdout,
    "candidate small.3 was picked",
  );
  assertStringIncludes(
    (await sandbox.omkEnds(0, ["explain", "first.1"])).stdout,
    'candidate "first.2" was picked',
  );
  const proof = await sandbox.omkJson(["proof"]);
  assertEquals([proof.failed, proof.picks.length], [[], 2]);
  await sandbox.omkEnds(0, ["verify"]);
  await sandbox.omkEnds(0, ["merge"]);
});
