import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { logsCommand } from "../../src/cli/commands/logs.ts";
import { showCommand } from "../../src/cli/commands/show.ts";
import { runSummary } from "../../src/cli/render/run_summary.ts";
import { draft, type EventDraft } from "../../src/log/event.ts";
import { loadRun } from "../../src/run/load_run.ts";
import { RUN_ID } from "../run/fixture.ts";
import {
  callCommand,
  PLAIN,
  PlainPlace,
  recordRun,
  storyDrafts,
  storyPlan,
  writeStoryArtifacts,
} from "./fixture.ts";

/** The story, where `flaky` fails as the gate refuses its merge; the gate passes on another tree at the end. */
function refusedStory(): readonly EventDraft[] {
  const story = storyDrafts("finished");
  const refused = story.flatMap((each): readonly EventDraft[] => {
    if (each.kind === "gate_started") {
      const merges = { batch: 1, tasks: ["flaky"] };
      return [draft("gate_started", "run", each.actor, { ...each.payload, merges })];
    }
    return each.kind === "gate_failed" ? [each] : [];
  });
  const passed = story.flatMap((each): readonly EventDraft[] => {
    if (each.kind === "gate_started") {
      return [draft("gate_started", "run", each.actor, { ...each.payload, run_number: 2 })];
    }
    if (each.kind !== "gate_failed") return [];
    const { reason: _, infrastructure: _other, output: _file, ...payload } = each.payload;
    const output = {
      path: "gates/002-test.log",
      bytes: 5,
      kept_bytes: 5,
      truncated: false,
      sha256: "0".repeat(64),
    };
    return [draft("gate_passed", "run", each.actor, { ...payload, run_number: 2, exit_code: 0, output })];
  });
  return story.flatMap((each): readonly EventDraft[] => {
    if (each.kind === "task_failed") {
      const outcome = {
        ...each.payload.outcome,
        result: "gate_failed" as const,
        gate_output: "gates/001-test.log",
      };
      return [...refused, draft("task_failed", each.subject, each.actor, { ...each.payload, outcome })];
    }
    if (each.kind === "gate_started") return passed;
    return each.kind === "gate_failed" ? [] : [each];
  });
}

Deno.test("what a gate printed that refused a merge is shown with the task, whatever the gate says later", async () => {
  await using place = await PlainPlace.make();
  const directory = await recordRun(place.home, RUN_ID, storyPlan(), refusedStory());
  await writeStoryArtifacts(directory);
  await Deno.writeTextFile(`${directory.path}/gates/002-test.log`, "all good\n");
  const logs = async (...words: readonly string[]) => (await callCommand(logsCommand, words, place)).stdout;
  assertEquals(
    await logs("--failed"),
    "==> task flaky, attempt 2: exited with 3 <==\nsecond try\nno luck\n\n" +
      "==> gate test of task flaky: exited with 1 <==\n1 bad\n",
  );
  assertEquals(await logs("flaky", "--gate", "test"), "1 bad\n");
  assertMatch(await logs(), /==> gate test of task flaky: exited with 1 <==\n1 bad\n\n==> gate test: passed/);
  const shown = (await callCommand(showCommand, ["flaky"], place)).stdout;
  assertMatch(shown, /gates +test run 1 failed in 1\.5s .*gates\/001-test\.log/);
  const end = await runSummary((await loadRun(directory)).state, directory, PLAIN);
  assertStringIncludes(end.join("\n"), "failed flaky after 2 attempts: exited with 3\n  | 1 bad\n");
});

Deno.test("omk logs shows a gate once whose latest run refused a merge", async () => {
  await using place = await PlainPlace.make();
  const story = refusedStory().filter(({ kind, payload }) =>
    !(kind === "gate_passed" ||
      (kind === "gate_started" && "run_number" in payload && payload.run_number === 2))
  );
  await writeStoryArtifacts(await recordRun(place.home, RUN_ID, storyPlan(), story));
  const { stdout } = await callCommand(logsCommand, ["--failed"], place);
  assertEquals(stdout.split("1 bad").length, 2, stdout);
});

Deno.test("omk logs leaves out what a gate printed at the base, and omk show says that it ran there", async () => {
  await using place = await PlainPlace.make();
  const story = storyDrafts("finished").map((each): EventDraft => {
    if (each.kind === "gate_started") {
      return draft("gate_started", "run", each.actor, { ...each.payload, at_base: true });
    }
    if (each.kind !== "gate_failed") return each;
    return draft("gate_failed", "run", each.actor, { ...each.payload, at_base: true });
  });
  await writeStoryArtifacts(await recordRun(place.home, RUN_ID, storyPlan(), story));
  const { stdout } = await callCommand(logsCommand, ["--failed"], place);
  assertEquals(stdout, "second try\nno luck\n");
  assertStringIncludes((await callCommand(showCommand, [], place)).stdout, "at the base, for its tests");
});
