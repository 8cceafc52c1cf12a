/** The tests of the omne event log (003), and its bugs that a test can show. */

import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { systemClock } from "../../src/clock.ts";
import { eventsJsonSchema } from "../../src/cli/schema/events.ts";
import { LockTimeoutError, LogIoError, MalformedEventError } from "../../src/log/errors.ts";
import { createRunLog, openRunLog } from "../../src/log/file_log.ts";
import { KINDS } from "../../src/log/kinds.ts";
import { LegacyReader } from "../../src/log/legacy/legacy_reader.ts";
import { LogLock } from "../../src/log/lock.ts";
import { readRunLog } from "../../src/log/reader.ts";
import { runDirectory } from "../../src/run/directory.ts";
import { listRunIds } from "../../src/run/find_run.ts";
import { smallLog } from "../log/commits.ts";
import {
  collect,
  fact,
  FaultyFiles,
  OPTIONS,
  request,
  RUN_ID,
  runStarted,
  TemporaryDirectory,
  VirtualClock,
} from "../log/fixture.ts";

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

Deno.test("003 read_run on a log of omne: strictly, with the number of the first bad line; blank lines are skipped", async () => {
  using directory = new TemporaryDirectory();
  const line = (id: number) =>
    `{"type":"node.started","id":"${id}","ts":"2026-02-01T00:00:00Z","run_id":"pipe-01"}\n`;
  Deno.writeTextFileSync(directory.file(), `${line(0)}\n${line(1)}not-json\n${line(2)}`);
  const strict = new LegacyReader(directory.file(), "omne", { strict: true });
  const error = await assertRejects(() => collect(strict), MalformedEventError);
  assertEquals([error.path, error.lineNumber], [directory.file(), 4]);
  assertEquals((await collect(new LegacyReader(directory.file(), "omne"))).length, 3);
});

Deno.test("003 bugs 3.6.1 and 3.6.2: a reader without the lock sees whole commits only, however large they are", async () => {
  using directory = new TemporaryDirectory();
  await using first = await createRunLog(directory.file(), OPTIONS);
  await first.append([runStarted()]);
  await using second = await openRunLog(directory.file(), OPTIONS);
  const body = "x".repeat(300_000);
  let isOver = false;
  const writing = Promise.all([first, second].map(async (log) => {
    for (let i = 0; i < 10; i++) await log.append([request(body), request(body)]);
  })).then(() => isOver = true);
  while (!isOver) {
    // Each commit but the first has two events.
    assertEquals((await collect(readRunLog(directory.file()))).length % 2, 1);
  }
  await writing;
  assertEquals((await collect(readRunLog(directory.file()))).length, 41);
});

Deno.test("003 bug 3.6.3: a strict append is synced before it is acknowledged", async () => {
  using directory = new TemporaryDirectory();
  const files = new FaultyFiles();
  await using log = await createRunLog(directory.file(), { ...OPTIONS, files, durability: "strict" });
  await log.append([runStarted()]);
  const before = files.syncs;
  await log.append([fact("x")]);
  assertEquals(files.syncs, before + 1);
});

Deno.test("003 bug 3.6.3: the budget covers the wait behind others of the same process", async () => {
  using directory = new TemporaryDirectory();
  const clock = new VirtualClock();
  using first = LogLock.open(directory.file("events.lock"), clock);
  using second = LogLock.open(directory.file("events.lock"), clock);
  await first.acquire(0);
  const waiting = second.acquire(1000).then(() => undefined, (error) => error);
  while (clock.sleeping === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  clock.advance(1000);
  assertInstanceOf(await waiting, LockTimeoutError);
  first.release();
});

Deno.test("003 bug 3.6.3: what throws while a log is used spoils no later append", async () => {
  using directory = new TemporaryDirectory();
  await using log = await createRunLog(directory.file(), OPTIONS);
  const stop = log.subscribe(() => {
    throw new Error("broken");
  });
  await assertRejects(() => log.append([runStarted()]), Error, "broken");
  stop();
  assertEquals((await log.append([fact("next")])).map(({ index }) => index), [1]);
});

Deno.test("003 bug 3.6.4: a run without a log is a typed error; a log is its owner's alone, and says its version", async () => {
  using home = new TemporaryDirectory();
  const { path, events } = runDirectory(home.path, RUN_ID);
  await Deno.mkdir(path, { recursive: true });
  await assertRejects(() => collect(readRunLog(events)), LogIoError);
  await using log = await createRunLog(events, OPTIONS);
  const [event] = await log.append([runStarted()]);
  assertEquals([event?.index, event?.schema_version], [0, 1]);
  assertEquals((Deno.statSync(events).mode ?? 0) & 0o777, 0o600);
});

Deno.test("003 bug 3.6.5: the published schema has every kind, and no other", () => {
  const { oneOf } = eventsJsonSchema();
  const published = (Array.isArray(oneOf) ? oneOf : []).map((variant) => variant.properties.kind.const);
  assertEquals(published.toSorted(), Object.keys(KINDS).toSorted());
});
