/** The tests of the omne event log (003), and its bugs that a test can show. */

import { assertEquals, assertRejects } from "@std/assert";
import { systemClock } from "../../src/clock.ts";
import { MalformedEventError } from "../../src/log/errors.ts";
import { createRunLog } from "../../src/log/file_log.ts";
import { LogLock } from "../../src/log/lock.ts";
import { readRunLog } from "../../src/log/reader.ts";
import { runDirectory } from "../../src/run/directory.ts";
import { listRunIds } from "../../src/run/find_run.ts";
import { smallLog } from "../log/commits.ts";
import { collect, fact, OPTIONS, RUN_ID, runStarted, TemporaryDirectory } from "../log/fixture.ts";

Deno.test("003 append_then_read_roundtrip_one_event", async () => {
  using directory = new TemporaryDirectory();
  await using log = await createRunLog(directory.file(), OPTIONS);
  const appended = await log.append([runStarted()]);
  const events = await collect(readRunLog(directory.file()));
  assertEquals(events, [...appended]);
  assertEquals(events.map(({ run_id, kind }) => [run_id, kind]), [[RUN_ID, "run_started"]]);
});

Deno.test("003 hundred_sequential_appends_produce_hundred_parseable_lines", async () => {
  using directory = new TemporaryDirectory();
  await using log = await createRunLog(directory.file(), OPTIONS);
  await log.append([runStarted()]);
  for (let i = 1; i < 100; i++) await log.append([fact(`${i}`)]);
  const lines = Deno.readTextFileSync(directory.file()).trimEnd().split("\n");
  assertEquals(lines.map((line) => JSON.parse(line).index), Array.from({ length: 100 }, (_, i) => i));
  const notes = (await collect(readRunLog(directory.file(), { from: 1 }))).map((event) =>
    event.kind === "run_paused" ? event.payload.reason : event.kind
  );
  assertEquals(notes, Array.from({ length: 99 }, (_, i) => `${i + 1}`));
});

Deno.test("003 for_run_creates_parent_directories", async () => {
  using home = new TemporaryDirectory();
  await using log = await createRunLog(runDirectory(home.path, RUN_ID).events, OPTIONS);
  await log.append([runStarted()]);
  assertEquals((await collect(log.read())).length, 1);
});

Deno.test("003 read_run_on_malformed_line_reports_line_number", async () => {
  using directory = new TemporaryDirectory();
  const lines = new TextDecoder().decode(smallLog()).split("\n");
  Deno.writeTextFileSync(directory.file(), lines.with(1, "not-json").join("\n"));
  const error = await assertRejects(() => collect(readRunLog(directory.file())), MalformedEventError);
  assertEquals([error.path, error.lineNumber], [directory.file(), 2]);
});

/** Three runs with a log, and one directory without. */
async function fourRuns(home: string): Promise<string[]> {
  const ids = ["20261120-000000-bbbb", "20261120-000000-aaaa", "20261120-000000-cccc"];
  for (const runId of ids) {
    await using _log = await createRunLog(runDirectory(home, runId).events, { ...OPTIONS, runId });
  }
  const pending = "20261121-000000-aaaa";
  await Deno.mkdir(runDirectory(home, pending).path);
  return [...ids, pending];
}

Deno.test("003 enumerate_runs_lists_sorted_directory_names", async () => {
  using home = new TemporaryDirectory();
  const ids = await fourRuns(home.path);
  assertEquals(await listRunIds(home.path), ids.toSorted());
});

Deno.test("003 enumerate_runs_on_missing_var_runs_returns_empty", async () => {
  using home = new TemporaryDirectory();
  assertEquals(await listRunIds(home.path), []);
});

Deno.test("003 run_exists_discriminates_created_from_absent", async () => {
  using home = new TemporaryDirectory();
  const exists = async () => (await listRunIds(home.path)).includes("20261120-000000-aaaa");
  await Deno.mkdir(runDirectory(home.path, "20261119-000000-aaaa").path, { recursive: true });
  assertEquals(await exists(), false);
  await fourRuns(home.path);
  assertEquals(await exists(), true);
});

Deno.test("003 bug 3.6.1: a line that is not finished spoils neither reading nor the next append", async () => {
  using directory = new TemporaryDirectory();
  await using log = await createRunLog(directory.file(), OPTIONS);
  await log.append([runStarted()]);
  Deno.writeTextFileSync(directory.file(), '{"index":1,"id":"01936d5e', { append: true });
  assertEquals((await collect(readRunLog(directory.file()))).length, 1);
  await log.append([fact("next")]);
  const kinds = (await collect(readRunLog(directory.file()))).map(({ kind }) => kind);
  assertEquals(kinds, ["run_started", "log_repaired", "run_paused"]);
});

Deno.test("003 bug 3.6.3: a budget of nothing takes a free lock", async () => {
  using directory = new TemporaryDirectory();
  using lock = LogLock.open(directory.file("events.lock"), systemClock);
  await lock.acquire(0);
  lock.release();
});

Deno.test("003 bug 3.6.4: a run id cannot lead out of the directory of runs", async () => {
  using home = new TemporaryDirectory();
  await Deno.mkdir(`${home.path}/runs/..x`, { recursive: true });
  assertEquals(await listRunIds(home.path), []);
});
