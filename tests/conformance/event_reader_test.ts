/** The tests of the earlier omk's event reader, and the bugs of its readers and its database that a test can show. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EventRefusedError, MalformedEventError } from "../../src/log/errors.ts";
import { createRunLog } from "../../src/log/file_log.ts";
import { EventIndex } from "../../src/log/index/event_index.ts";
import { indexPath } from "../../src/log/index/index_path.ts";
import { KINDS } from "../../src/log/kinds.ts";
import { LegacyReader } from "../../src/log/legacy/legacy_reader.ts";
import { readRunLog } from "../../src/log/reader.ts";
import { TolerantReader } from "../../src/log/tolerant_reader.ts";
import { runDirectory } from "../../src/run/directory.ts";
import { apply, FoldError } from "../../src/run/state.ts";
import { createRunState } from "../../src/scheduler/run_state.ts";
import { encodeLog, join, resealed, smallLog } from "../log/commits.ts";
import { collect, fact, OPTIONS, proposal, RUN_ID, runStarted, TemporaryDirectory } from "../log/fixture.ts";
import { makePlan } from "../run/fixture.ts";

const WHOLE = { total_lines: 7, valid_events: 7, parse_failures: 0, empty_lines: 0, uncommitted_lines: 0 };

/** What the tolerant reader makes of a log's bytes: how many events, and what it has met. */
async function read(
  bytes: Uint8Array | string,
): Promise<{ readonly events: number; readonly counts: unknown }> {
  using directory = new TemporaryDirectory();
  if (typeof bytes === "string") Deno.writeTextFileSync(directory.file(), bytes);
  else Deno.writeFileSync(directory.file(), bytes);
  const reader = new TolerantReader(directory.file());
  const events = await collect(reader);
  return { events: events.length, counts: reader.counts };
}

/** A line of the earlier omk, as its reader's tests had them. */
function oldLine(kind: string, payload?: unknown): string {
  const envelope = {
    id: crypto.randomUUID(),
    run_id: "run-1",
    ts: "2026-01-01T00:00:00Z",
    schema_version: 1,
  };
  return JSON.stringify({ ...envelope, kind, ...(payload !== undefined && { payload }) });
}

/** The kinds that the reader of the earlier omk's logs finds in a text, and what it has met. */
async function readOld(text: string): Promise<{ readonly kinds: string[]; readonly counts: unknown }> {
  using directory = new TemporaryDirectory();
  Deno.writeTextFileSync(directory.file(), text);
  const reader = new LegacyReader(directory.file(), "omk-0.5");
  return { kinds: (await collect(reader)).map(({ kind }) => kind), counts: reader.counts };
}

Deno.test("omk reader: a missing file is an empty log", async () => {
  using directory = new TemporaryDirectory();
  assertEquals(await collect(new TolerantReader(directory.file())), []);
});

Deno.test("omk reader: a malformed line is skipped and counted", async () => {
  const text = new TextDecoder().decode(smallLog());
  const { events, counts } = await read(`${text}{broken\n${text}`);
  assertEquals(events, 14);
  assertEquals(counts, { ...WHOLE, total_lines: 15, valid_events: 14, parse_failures: 1 });
  const old = await readOld(`${oldLine("run_started")}\n{broken\n${oldLine("run_completed")}\n`);
  assertEquals(old.kinds, ["run_started", "run_completed"]);
});

Deno.test("omk reader: CR LF ends a line", async () => {
  const text = new TextDecoder().decode(smallLog()).replaceAll("\n", "\r\n");
  assertEquals((await read(text)).counts, WHOLE);
  const old = await readOld(`${oldLine("run_started")}\r\n${oldLine("run_completed")}\r\n`);
  assertEquals(old.kinds, ["run_started", "run_completed"]);
});

Deno.test("omk reader: blank lines are passed over and counted", async () => {
  const text = new TextDecoder().decode(smallLog());
  assertEquals((await read(`\n${text}\n\r\n`)).counts, { ...WHOLE, total_lines: 10, empty_lines: 3 });
  const { counts } = await readOld(`\n${oldLine("run_started")}\n\n`);
  assertEquals(counts, {
    total_lines: 3,
    valid_events: 1,
    parse_failures: 0,
    empty_lines: 2,
    uncommitted_lines: 0,
  });
});

Deno.test("omk reader: a last line without its end is read where it is whole, and never spoils what is before it", async () => {
  const old = await readOld(`${oldLine("run_started")}\n${oldLine("run_completed")}`);
  assertEquals(old.kinds, ["run_started", "run_completed"]);
  const torn = await readOld(`${oldLine("run_started")}\n${oldLine("run_completed").slice(0, 30)}`);
  assertEquals(torn.kinds, ["run_started"]);
  const bytes = smallLog();
  // In a log of commits a line counts with its commit, and a commit with its end.
  const { events, counts } = await read(bytes.subarray(0, bytes.length - 40));
  assertEquals([events, counts], [5, { ...WHOLE, valid_events: 5, uncommitted_lines: 2 }]);
});

Deno.test("000 bugs 3.1.9 and 3.1.10: the database holds all that the log holds, every field of it", async () => {
  using home = new TemporaryDirectory();
  const { events } = runDirectory(home.path, RUN_ID);
  {
    await using log = await createRunLog(events, OPTIONS);
    await log.append([runStarted(), fact("a"), proposal({ x: 1 })]);
  }
  using index = await EventIndex.open(indexPath(home.path));
  await index.update([{ runId: RUN_ID, log: events }]);
  assertEquals([...index.events({})], await collect(readRunLog(events)));
  const { rows } = index.query("SELECT count(*) AS n FROM events WHERE id = '' OR run_id = '' OR actor = ''");
  assertEquals(rows[0]?.n, 0);
});

Deno.test("000 bug 3.1.11: every opening of the database has the same settings, and a half-made one is made anew", async () => {
  using home = new TemporaryDirectory();
  const path = indexPath(home.path);
  const settings =
    "SELECT (SELECT * FROM pragma_journal_mode) AS mode, (SELECT * FROM pragma_user_version) AS version";
  const seen: unknown[] = [];
  for (let round = 0; round < 2; round++) {
    using index = await EventIndex.open(path);
    seen.push(JSON.stringify(index.query(settings).rows));
  }
  assertEquals(seen[1], seen[0]);
  const { DatabaseSync } = await import("node:sqlite");
  {
    using database = new DatabaseSync(path);
    database.exec("DROP TABLE runs");
  }
  using index = await EventIndex.open(path);
  assertEquals((await index.update([])).problems, []);
});

Deno.test("000 bug 3.1.13: a byte that is not UTF-8 spoils one line; unknown kinds are shown; a newer version is refused", async () => {
  const log = encodeLog([[runStarted()], [fact("a")]]);
  const bad = new Uint8Array([0x7b, 0xff, 0x0a]);
  assertEquals((await read(join(log, bad, encodeLog([[runStarted()]])))).events, 3);
  assertEquals((await readOld(`${oldLine("kind_of_tomorrow")}\n`)).kinds, ["kind_of_tomorrow"]);
  const text = new TextDecoder().decode(log);
  const unknown = text.replace('"kind":"run_paused"', '"kind":"kind_of_tomorrow"');
  assertEquals((await read(unknown)).events, 2);
  using directory = new TemporaryDirectory();
  Deno.writeTextFileSync(directory.file(), resealed(unknown));
  await assertRejects(() => collect(readRunLog(directory.file())), MalformedEventError, "not a kind");
  Deno.writeFileSync(directory.file(), log);
  const [started] = await collect(readRunLog(directory.file()));
  assert(started !== undefined);
  const newer = { ...started, schema_version: 2 };
  assertThrows(() => apply(createRunState(makePlan([])), newer), FoldError, "format version 2");
});

Deno.test("000 bug 3.1.14: every end has its kind", () => {
  const kinds = Object.keys(KINDS);
  for (
    const kind of ["task_cancelled", "gate_skipped", "gate_started", "worker_stopped", "retry_scheduled"]
  ) {
    assert(kinds.includes(kind), kind);
  }
});

Deno.test("000 bug 3.1.16: only the controller records what happens to a task", async () => {
  using directory = new TemporaryDirectory();
  await using log = await createRunLog(directory.file(), OPTIONS);
  await log.append([runStarted()]);
  await assertRejects(
    () => log.append([{ ...fact("x"), actor: "worker/w1" }]),
    EventRefusedError,
    "comes from",
  );
});
