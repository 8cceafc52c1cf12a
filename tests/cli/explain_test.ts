import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { explainCommand } from "../../src/cli/commands/explain.ts";
import { explainSchema } from "../../src/cli/schema/telling.ts";
import { UsageError } from "../../src/errors.ts";
import { RUN_ID } from "../run/fixture.ts";
import { callCommand, PlainPlace, recordRun, storyDrafts, storyPlan } from "./fixture.ts";

Deno.test("omk explain tells a task's story for people and as JSON", async () => {
  await using place = await PlainPlace.make();
  await recordRun(place.home, RUN_ID, storyPlan(), storyDrafts("finished"));
  const call = (...words: readonly string[]) => callCommand(explainCommand, words, place);
  const { stdout } = await call("flaky");
  assertMatch(stdout, /^task flaky of run \S+: failed\n {2}\d\d:\d\d:\d\d\.\d{3} {2}\S/);
  assertMatch(stdout, /exited with 3 \(after 0\.0 s\): retry 1 of at most 1, at once/);
  assertMatch((await call("after")).stdout, /because {2}flaky failed: exited with 3\n$/);
  const told = JSON.parse((await call(RUN_ID, "after", "--json")).stdout);
  explainSchema.parse(told);
  assertEquals([told.state, told.keeping], ["blocked", []]);
  assertEquals(told.because, [{ task_id: "flaky", state: "failed", reason: "exited with 3" }]);
  assertEquals(told.story.at(-1).what, "task_blocked");
  const flaky = JSON.parse((await call("flaky", "--json")).stdout);
  explainSchema.parse(flaky);
  assertEquals(flaky.story.at(-1).outcome.exit_code, 3);
  await assertRejects(() => call("flakey"), UsageError, "did you mean flaky?");
  await assertRejects(() => call(RUN_ID, "flaky", "after"), UsageError);
});

Deno.test("omk explain says that nobody conducts the run of a task that was at work", async () => {
  await using place = await PlainPlace.make();
  await recordRun(place.home, RUN_ID, storyPlan(), storyDrafts("active"));
  const { stdout } = await callCommand(explainCommand, ["flaky"], place);
  assertMatch(stdout, new RegExp(`\\n  nobody conducts the run: go on with omk resume ${RUN_ID}\\n$`));
});

Deno.test("omk explain tells of a plan what a task would wait for, where it is named or there is no run", async () => {
  await using place = await PlainPlace.make();
  const plan = {
    version: 1,
    pools: { db: 1 },
    defaults: { isolation: "none", write_set: [] },
    tasks: [
      { id: "schema", run: "true" },
      { id: "api", run: "true", dependencies: ["schema"], pool: "db" },
      { id: "ui", run: "true", pool: "db" },
    ],
  };
  await Deno.writeTextFile(`${place.cwd}/omk.jsonc`, JSON.stringify(plan));
  const call = (...words: readonly string[]) => callCommand(explainCommand, words, place);
  const { stdout } = await call("api");
  assertEquals(stdout.replaceAll(/task api of \S+,/g, "task api of PLAN,").split("\n"), [
    "task api of PLAN, if it was run now and everything went well:",
    "  +1.0s  its dependencies allowed it to start, by all_success: schema (completed at 00:00:01)",
    "  +1.0s  attempt 1 was given to worker local",
    "  +2.0s  it would end, after 1.0s",
    "  shares pool db with ui",
    "",
  ]);
  await recordRun(place.home, RUN_ID, storyPlan(), storyDrafts("finished"));
  const told = JSON.parse((await call("omk.jsonc", "api", "--json")).stdout);
  explainSchema.parse(told);
  assertEquals([told.run_id, told.predicted, told.pooled], [null, { start_ms: 1000, end_ms: 2000 }, ["ui"]]);
  await assertRejects(() => call("omk.jsonc", "apo"), UsageError, "did you mean api?");
});
