import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { listCommand } from "../../src/cli/commands/list.ts";
import { listSchema } from "../../src/cli/schema/list.ts";
import { UsageError } from "../../src/errors.ts";
import { draft } from "../../src/log/event.ts";
import { openRunLog } from "../../src/log/file_log.ts";
import type { RunDirectory } from "../../src/run/directory.ts";
import { callCommand, PlainPlace, recordRun, storyDrafts, storyPlan } from "./fixture.ts";

const OLD = "20260101-000000-aaaa";
const NEW = "20260102-000000-bbbb";
const NEWEST = "20260103-000000-cccc";

/** As much of a proof as the list looks at. */
async function writeProof(directory: RunDirectory, status: string, times = {}): Promise<void> {
  const tasks = [
    { id: "build", state: "completed", selected: true },
    { id: "flaky", state: "failed", selected: true },
    { id: "after", state: "blocked", selected: false },
  ];
  await Deno.writeTextFile(directory.proof, JSON.stringify({ status, tasks, times }));
}

Deno.test("omk list shows the newest run first, each as it stands", async () => {
  await using place = await PlainPlace.make();
  const finished = await recordRun(place.home, OLD, storyPlan(), storyDrafts("finished"));
  await writeProof(finished, "not_ready");
  await recordRun(place.home, NEW, storyPlan(), storyDrafts("active"));
  const damaged = await recordRun(place.home, NEWEST, storyPlan(), []);
  await Deno.writeTextFile(damaged.events, "no log\n");
  await Deno.mkdir(`${place.home}/runs/.new-20260104-000000-dddd`);
  const { stdout, code } = await callCommand(listCommand, ["--json"], place);
  const { runs } = listSchema.parse(JSON.parse(stdout));
  assertEquals(code, 0);
  assertEquals(
    runs.map((run) => [run.run_id, run.standing, run.tasks_completed, run.tasks_total]),
    [[NEWEST, "unreadable", 0, 0], [NEW, "interrupted", 1, 3], [OLD, "not_ready", 1, 2]],
  );
  const plain = await callCommand(listCommand, [], place);
  assertEquals(plain.stdout.split("\n").map((line) => line.split(/\s{2,}/)[1]).slice(1, 4), [
    "unreadable",
    "interrupted",
    "not_ready",
  ]);
  assertStringIncludes(plain.stderr, `run ${NEWEST}: `);
});

Deno.test("omk list filters by status, and takes no more runs than asked for", async () => {
  await using place = await PlainPlace.make();
  for (const id of [OLD, NEW]) {
    await writeProof(await recordRun(place.home, id, storyPlan(), storyDrafts("finished")), "not_ready");
  }
  await recordRun(place.home, NEWEST, storyPlan(), []);
  const ids = async (...words: string[]) => {
    const { stdout } = await callCommand(listCommand, ["--json", ...words], place);
    return listSchema.parse(JSON.parse(stdout)).runs.map((run) => run.run_id);
  };
  assertEquals(await ids("--status", "not_ready", "--limit", "1"), [NEW]);
  assertEquals(await ids("--status", "running,interrupted"), [NEWEST]);
  assertEquals(await ids("--limit", "0"), []);
  assertEquals(await ids("--name", storyPlan().name.toUpperCase()), [NEWEST, NEW, OLD]);
  assertEquals(await ids("--name", "no such name"), []);
  assertEquals(await ids("--until", "2000-01-01"), []);
  assertEquals((await ids("--since", "2000-01-01")).length, 3);
  await assertRejects(() => ids("--since", "yesterday"), UsageError, "needs a time");
  await assertRejects(() => ids("--status", "interupted"), UsageError, "did you mean interrupted?");
});

Deno.test("omk list follows a finished run that was merged, asked or taken up again", async () => {
  await using place = await PlainPlace.make();
  const directory = await recordRun(place.home, OLD, storyPlan(), storyDrafts("finished"));
  await writeProof(directory, "not_ready");
  const look = async () => {
    const { stdout } = await callCommand(listCommand, ["--json"], place);
    const [run] = listSchema.parse(JSON.parse(stdout)).runs;
    return [run?.standing, run?.merged];
  };
  await using log = await openRunLog(directory.events, { runId: OLD, durability: "none" });
  const process = { pid: 1, pgid: 1, start_time: null, boot_id: null };
  await log.append([
    draft("run_merged", "run", "controller/1", {
      branch: "refs/heads/main",
      from: null,
      commit: "d".repeat(40),
      anyway: true,
    }),
    draft("cancel_requested", "run", "cli/7", { task_id: null, reason: "too late", process, wall: 1 }),
  ]);
  assertEquals(await look(), ["not_ready", true]);
  await log.append([
    draft("run_resumed", "run", "controller/2", {
      incarnation: 2,
      controller: { ...process, mark: "n" },
      by: "merge",
      onto: null,
    }),
  ]);
  assertEquals(await look(), ["interrupted", true]);
});

Deno.test("omk list tells of a run whose log was rotated what it tells of any other", async () => {
  await using place = await PlainPlace.make();
  const story = storyDrafts("finished");
  await writeProof(await recordRun(place.home, OLD, storyPlan(), story), "not_ready");
  const directory = await recordRun(place.home, NEW, storyPlan(), []);
  await writeProof(directory, "not_ready");
  {
    await using log = await openRunLog(directory.events, {
      runId: NEW,
      durability: "none",
      segmentBytes: 1000,
    });
    for (const each of story) await log.append([each]);
  }
  const look = async () => {
    const { stdout } = await callCommand(listCommand, ["--json"], place);
    return listSchema.parse(JSON.parse(stdout)).runs.map((
      { run_id: _, duration_ms, started_at, finished_at, ...run },
    ) => ({
      ...run,
      isTimed: started_at !== null && finished_at !== null && duration_ms < 60_000,
    }));
  };
  const [rotated, other] = await look();
  assertEquals(rotated, other);
  assertEquals([rotated?.name, rotated?.isTimed], ["a story", true]);
  // A rotation that was cut short leaves no file with the log's own name.
  const names = [...Deno.readDirSync(directory.path)].map(({ name }) => name);
  const last = names.filter((name) => /^events-\d+\.jsonl$/.test(name)).length;
  assert(last > 2);
  Deno.removeSync(directory.events);
  assertEquals((await look())[0]?.standing === "unreadable", false);
});

Deno.test("omk list tells of a delivery and of how long the run took, whatever was decided about it later", async () => {
  await using place = await PlainPlace.make();
  const directory = await recordRun(place.home, OLD, storyPlan(), storyDrafts("finished"));
  const look = async () => {
    const { stdout } = await callCommand(listCommand, ["--json"], place);
    const [run] = listSchema.parse(JSON.parse(stdout)).runs;
    return { merged: run?.merged, took: run?.duration_ms, startedAt: run?.started_at ?? "" };
  };
  const finished_at = new Date(Date.parse((await look()).startedAt) + 1234).toISOString();
  await writeProof(directory, "not_ready", { finished_at });
  await using log = await openRunLog(directory.events, { runId: OLD, durability: "none" });
  const end = draft("run_finished", "run", "controller/1", { status: "not_ready", exit_code: 1 });
  const verdict = { by: "Ada <ada@example.com>", reason: "too late ".repeat(1_000) };
  const delivery = { branch: "refs/heads/main", from: null, commit: "d".repeat(40), anyway: true };
  await log.append([draft("run_rejected", "run", "controller/1", verdict), end]);
  assertEquals([(await look()).merged, (await look()).took], [false, 1234]);
  await log.append([draft("run_merged", "run", "controller/1", delivery), end]);
  await log.append([draft("run_accepted", "run", "controller/1", verdict), end]);
  assertEquals([(await look()).merged, (await look()).took], [true, 1234]);
});

Deno.test("omk list says so where there is nothing to list", async () => {
  await using place = await PlainPlace.make();
  const { stdout, stderr } = await callCommand(listCommand, [], place);
  assertEquals([stdout, stderr], ["", "No runs here yet; start one with omk run\n"]);
});
