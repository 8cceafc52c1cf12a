import { assertRejects } from "@std/assert";
import { cancelCommand } from "../../src/cli/commands/cancel.ts";
import { OmkError, UsageError } from "../../src/errors.ts";
import { RUN_ID } from "../run/fixture.ts";
import { callCommand, PlainPlace, recordRun, storyDrafts, storyPlan } from "./fixture.ts";

Deno.test("omk cancel takes a task of the newest run, of a run, and nothing that is neither", async () => {
  await using place = await PlainPlace.make();
  await recordRun(place.home, RUN_ID, storyPlan(), storyDrafts("active"));
  const call = (...words: readonly string[]) => callCommand(cancelCommand, words, place);
  await assertRejects(() => call("flaky"), OmkError, 'Cannot cancel task "flaky"');
  await assertRejects(() => call("latest", "flaky"), OmkError, 'Cannot cancel task "flaky"');
  await assertRejects(() => call("flakey"), UsageError, "did you mean flaky?");
  await assertRejects(() => call("nowhere", "flaky"), UsageError, 'No run matches "nowhere"');
});
