/** Disks that stay full, and output without end. */

import { assertEquals, assertMatch } from "@std/assert";
import { appears } from "../e2e/call.ts";
import { Sandbox } from "../e2e/harness.ts";
import { canMount } from "../e2e/mount_namespace.ts";
import { SmallDisk } from "../e2e/small_disk.ts";

Deno.test("P2: a disk that stays full ends the run after a minute, loses nothing, and omk resume goes on", {
  ignore: !canMount(),
}, async () => {
  await using sandbox = await Sandbox.withRepository();
  const filler = `${sandbox.project}/.git/filler`;
  await sandbox.plan({
    version: 1,
    gates: [{ name: "look", command: "test -e one.txt && test -e two.txt" }],
    tasks: [
      { id: "one", run: "echo one > one.txt" },
      {
        id: "fill",
        run:
          `test $OMK_ATTEMPT -gt 1 || { cat /dev/zero > ${filler}; touch ${sandbox.root}/filled; }; echo two > two.txt`,
        dependencies: ["one"],
      },
      { id: "waits", run: `test $OMK_ATTEMPT -gt 1 || sleep 1000`, write_set: [] },
    ],
  });
  await using disk = await SmallDisk.mount(sandbox, sandbox.project, "4m");
  const omk = disk.start(["run", "--json"]);
  await appears(`${sandbox.root}/filled`);
  const { code, stdout, stderr } = await omk.ended;
  assertEquals(code, 5, stderr);
  assertMatch(stderr, /Cannot write to the log.*ENOSPC.*make room/);
  await sandbox.becomesQuiet();
  await disk.sh(`rm ${filler}`);
  const log = (await disk.sh("cat .git/omk/runs/2*/events.jsonl")).stdout.trimEnd().split("\n").map((line) =>
    JSON.parse(line)
  );
  const logged = new Map(log.map((event) => [event.index, event.id]));
  for (const line of stdout.trimEnd().split("\n")) {
    const { index, id, kind } = JSON.parse(line);
    assertEquals(logged.get(index), id, `${index} ${kind} was acknowledged and is lost`);
  }
  assertEquals((await disk.omk(["log", "verify"])).code, 0);
  assertEquals(JSON.parse((await disk.omk(["status", "--json"])).stdout).standing, "interrupted");
  const resumed = await disk.omk(["resume"]);
  assertEquals(resumed.code, 0, resumed.stdout + resumed.stderr);
  assertEquals((await disk.omk(["verify"])).code, 0);
});

Deno.test("a task that prints 1 GB leaves a capped artifact and a run that is ready", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [{ name: "look", command: "true" }],
    tasks: [{ id: "prints", run: "yes 'a line of a chatty program' | head -c 1000000000" }],
    limits: { output_bytes: 1_000_000 },
  });
  await sandbox.omkEnds(0, ["run"]);
  const { tasks } = await sandbox.omkJson(["status"]);
  assertEquals([tasks[0].outcome.output.bytes, tasks[0].outcome.output.truncated], [1_000_000_000, true]);
});
