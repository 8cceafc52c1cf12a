import { assertEquals } from "@std/assert";
import { followRun } from "../../src/cli/follow_run.ts";
import { PlainPlace, recordRun, storyDrafts, storyPlan } from "./fixture.ts";

/** Long enough for several looks of a follower that looks at each turn of the event loop. */
const TURNS = 20;

Deno.test("followRun() gives all events to who is slow to take them, though nobody is left who would append more", async () => {
  await using place = await PlainPlace.make();
  const drafts = storyDrafts("finished");
  const directory = await recordRun(place.home, "20261120-101010-abcd", storyPlan(), drafts);
  const taken: string[] = [];
  const isFinished = await followRun(directory, async ({ kind }) => {
    taken.push(kind);
    for (let turn = 0; turn < TURNS && taken.length === 1; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return true;
  }, { lookMs: 0 });
  assertEquals(taken, ["run_started", ...drafts.map((each) => each.kind)]);
  assertEquals(isFinished, true);
  const first: string[] = [];
  const isSeenToEnd = await followRun(directory, ({ kind }) => {
    first.push(kind);
    return Promise.resolve(false);
  }, { lookMs: 0 });
  assertEquals([first, isSeenToEnd], [["run_started"], false]);
});
