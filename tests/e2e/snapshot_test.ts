/** Snapshots of a run's state save time, and nothing else. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openRunLog } from "../../src/log/file_log.ts";
import { snapshotPath } from "../../src/log/log_paths.ts";
import { writeSnapshot } from "../../src/log/snapshots.ts";
import { runDirectoryAt } from "../../src/run/directory.ts";
import { loadRun } from "../../src/run/load_run.ts";
import { snapshotOf } from "../../src/scheduler/state_snapshot.ts";
import { VERSION } from "../../src/version.ts";
import { Sandbox } from "./harness.ts";

Deno.test("P1: a run is loaded from its snapshot, omk verify looks at none, and one that is damaged is passed over and named", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    name: "truth",
    tasks: [{ id: "a", run: "test -e go" }],
    gates: [{ name: "g", command: "true" }],
  });
  await sandbox.omkEnds(1, ["run", "--output", "none"]);
  const [run] = JSON.parse((await sandbox.omkEnds(0, ["list", "--json"])).stdout).runs;
  const runs = `${sandbox.project}/.git/omk/runs/${run.run_id}`;
  const directory = runDirectoryAt(runs, run.run_id);
  const { state } = await loadRun(directory);
  state.run.name = "a lie";
  let index: number;
  {
    await using log = await openRunLog(directory.events, { runId: run.run_id, durability: "none" });
    index = log.head().index;
    const kept = { omk: VERSION, ...snapshotOf(state) };
    await writeSnapshot(directory.events, { position: log.position(), state: kept });
  }
  const name = async () => JSON.parse((await sandbox.omkEnds(0, ["status", "--json"])).stdout).name;
  assertEquals(await name(), "a lie");
  await sandbox.omkEnds(0, ["verify"]);
  await sandbox.omkEnds(0, ["log", "verify", directory.events]);

  const path = snapshotPath(directory.events, index);
  await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replace("a lie", "no lie"));
  assertEquals(await name(), "truth");
  const retried = await sandbox.omk(["retry", "a"]);
  assertStringIncludes(
    retried.stderr,
    `Cannot use ${path}, so the log is read instead: it is not as it was written`,
  );
  assert(retried.code === 1, retried.stderr);
});
