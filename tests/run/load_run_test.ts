import { assertEquals, assertRejects } from "@std/assert";
import { loadRun, loadRunPlan, RunPlanError } from "../../src/run/load_run.ts";
import { VERSION } from "../../src/version.ts";
import { recordRun, storyPlan } from "../cli/fixture.ts";
import { TemporaryDirectory } from "../log/fixture.ts";

const RUN_ID = "20260102-030405-abcd";
const ODD_PLAN = { ...storyPlan(), unheard_of: true };

async function recordBy(home: string, omk: string) {
  const versions = { omk, runtime: "2.7.11", git: null, os: "linux" };
  return await recordRun(home, RUN_ID, ODD_PLAN, [], { versions });
}

Deno.test("loadRunPlan() judges again what another version of omk has stored, or what was changed", async () => {
  using scratch = new TemporaryDirectory();
  const other = await recordBy(`${scratch.path}/other`, "0.0.1");
  await assertRejects(() => loadRunPlan(other), RunPlanError, "unheard_of");
  const own = await recordBy(`${scratch.path}/own`, VERSION);
  assertEquals((await loadRunPlan(own)).plan, ODD_PLAN);
  assertEquals((await loadRun(own)).state.run.run_id, RUN_ID);
  await Deno.writeTextFile(own.plan, `${await Deno.readTextFile(own.plan)}\n`);
  await assertRejects(() => loadRunPlan(own), RunPlanError, "unheard_of");
  await Deno.writeTextFile(own.plan, JSON.stringify(storyPlan()));
  await assertRejects(() => loadRun(own), RunPlanError, "was changed");
});

Deno.test("loadRunPlan() needs no log", async () => {
  using scratch = new TemporaryDirectory();
  const directory = await recordRun(`${scratch.path}/home`, RUN_ID, storyPlan(), []);
  await Deno.remove(directory.events);
  assertEquals((await loadRunPlan(directory)).plan, storyPlan());
  await Deno.writeTextFile(directory.events, "no log at all\n");
  assertEquals((await loadRunPlan(directory)).plan, storyPlan());
});
