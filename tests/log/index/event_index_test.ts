import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UsageError } from "../../../src/errors.ts";
import type { EventDraft, FreeEvent } from "../../../src/log/event.ts";
import { type EventFilter, matches } from "../../../src/log/event_filter.ts";
import { IndexUnavailableError } from "../../../src/log/index/database.ts";
import { EventIndex } from "../../../src/log/index/event_index.ts";
import { indexPath } from "../../../src/log/index/index_path.ts";
import { followLog } from "../../../src/log/follow.ts";
import { runDirectory } from "../../../src/run/directory.ts";
import { commitEnds, encodeLog, join } from "../commits.ts";
import { fact, proposal, request, runStarted, TemporaryDirectory } from "../fixture.ts";

const FIRST = "20261120-235000-aaaa";
const SECOND = "20261121-000000-bbbb";

const BATCHES: readonly (readonly EventDraft[])[] = [
  [runStarted()],
  [fact("a'b\"c"), request("second"), proposal({ gate: "inner" })],
  [fact("x")],
];

/** A home with runs, whose logs a test writes as a whole. */
class Home extends TemporaryDirectory {
  readonly index = indexPath(this.path);

  write(runId: string, bytes: Uint8Array): void {
    const { path, events } = runDirectory(this.path, runId);
    Deno.mkdirSync(path, { recursive: true });
    Deno.writeFileSync(events, bytes);
  }

  runs(...ids: readonly string[]) {
    return ids.map((runId) => ({ runId, log: runDirectory(this.path, runId).events }));
  }
}

async function eventsOf(home: Home, runId: string, count: number): Promise<FreeEvent[]> {
  const events: FreeEvent[] = [];
  for await (const event of followLog(runDirectory(home.path, runId).events)) {
    if (events.push(event) === count) break;
  }
  return events;
}

function countsOf(index: EventIndex | undefined): unknown[] {
  const { runs, events } = index?.counts() ?? {};
  return [runs, events];
}

Deno.test("EventIndex.update() adds what is new, and gives the events back as the logs hold them", async () => {
  using home = new Home();
  const whole = encodeLog(BATCHES, FIRST);
  const start = whole.subarray(0, commitEnds(whole)[1]);
  // What a writer is at is no event yet.
  home.write(FIRST, join(start, whole.subarray(start.length, whole.length - 9)));
  home.write(SECOND, encodeLog(BATCHES.slice(0, 1), SECOND));
  using index = await EventIndex.open(home.index);
  const runs = home.runs(FIRST, SECOND);
  const nothing = { runsRead: 0, eventsRead: 0, runsRemoved: 0, problems: [] };
  assertEquals(await index.update(runs), { ...nothing, runsRead: 2, eventsRead: 5 });
  assertEquals(await index.update(runs), nothing);
  home.write(FIRST, whole);
  assertEquals(await index.update(runs), { ...nothing, runsRead: 1, eventsRead: 1 });
  const all = [...await eventsOf(home, FIRST, 5), ...await eventsOf(home, SECOND, 1)];
  assertEquals(JSON.stringify([...index.events({})]), JSON.stringify(all));
  assertEquals(countsOf(index), [2, 6]);
  assertEquals(Deno.statSync(home.index).mode! & 0o777, 0o600);

  // Every filter passes what a reader's would.
  const time = Date.parse("2026-11-20T23:50:01.123Z");
  const filters: readonly EventFilter[] = [
    { kinds: new Set(["run_started", "task_proposed"]) },
    { actors: new Set(["cli/99"]) },
    { task: "a" },
    { gate: "inner" },
    { since: time },
    { until: time - 0.5, kinds: new Set(["run_started"]) },
    { since: time, until: time },
  ];
  for (const filter of filters) {
    assertEquals([...index.events(filter)], all.filter((event) => matches(event, filter)));
  }

  // A run that is gone is forgotten.
  assertEquals(await index.update(home.runs(SECOND)), { ...nothing, runsRemoved: 1 });
  assertEquals(countsOf(index), [1, 1]);
});

Deno.test("EventIndex.update() keeps what stands before damage, and reads a log anew that was replaced", async () => {
  using home = new Home();
  const whole = encodeLog(BATCHES, FIRST);
  const damaged = whole.slice();
  damaged[damaged.length - 200] = 0xff;
  home.write(FIRST, damaged);
  home.write(SECOND, encodeLog(BATCHES, SECOND));
  using index = await EventIndex.open(home.index);
  const runs = home.runs(FIRST, SECOND, "20261122-000000-cccc");
  for (let round = 0; round < 2; round++) {
    const { problems } = await index.update(runs);
    assertEquals(problems.map(({ run_id }) => run_id), [FIRST, "20261122-000000-cccc"]);
    assertEquals(countsOf(index), [3, 9]);
  }
  home.write(FIRST, encodeLog([[runStarted("another")], [fact("y")]], FIRST));
  assertEquals((await index.update(runs)).problems.length, 1);
  assertEquals(countsOf(index), [3, 7]);
});

Deno.test("EventIndex.update() by several processes at once stores each event once", async () => {
  using home = new Home();
  const batches = Array.from({ length: 600 }, (_, i) => [fact(`${i}`.repeat(400)), request("r")]);
  home.write(FIRST, encodeLog([[runStarted()], ...batches], FIRST));
  const indexes = await Promise.all([1, 2, 3].map(() => EventIndex.open(home.index)));
  const reports = await Promise.all(indexes.map((index) => index.update(home.runs(FIRST))));
  assertEquals(reports.reduce((sum, { eventsRead }) => sum + eventsRead, 0), 1201);
  assertEquals(countsOf(indexes[0]), [1, 1201]);
  const read = [...indexes[0]?.events({}) ?? []].map(({ index }) => index);
  assertEquals(read, Array.from({ length: 1201 }, (_, i) => i));
  for (const index of indexes) index[Symbol.dispose]();
});

Deno.test("EventIndex.open() makes a file anew that is damaged, of another version, or no database", async () => {
  using home = new Home();
  home.write(FIRST, encodeLog(BATCHES, FIRST));
  Deno.writeTextFileSync(home.index, "no database ".repeat(1000));
  for (const spoil of ["PRAGMA user_version = 99", "DROP TABLE events"]) {
    using index = await EventIndex.open(home.index);
    await index.update(home.runs(FIRST));
    assertEquals(index.counts().events, 5);
    const { DatabaseSync } = await import("node:sqlite");
    using database = new DatabaseSync(home.index);
    database.exec(spoil);
  }
  using index = await EventIndex.open(home.index);
  await index.update(home.runs(FIRST));
  assertEquals(index.counts().events, 5);
  Deno.removeSync(home.index);
  Deno.mkdirSync(home.index);
  await assertRejects(() => EventIndex.open(home.index), IndexUnavailableError, "--rebuild");
});

Deno.test("EventIndex.query() answers questions, and changes nothing", async () => {
  using home = new Home();
  home.write(FIRST, encodeLog(BATCHES, FIRST));
  using index = await EventIndex.open();
  await index.update(home.runs(FIRST));
  const { columns, rows } = index.query(
    "-- how many\nSELECT kind, count(*) AS n FROM events GROUP BY 1 ORDER BY 2 DESC, 1; /* all */",
  );
  assertEquals(columns, ["kind", "n"]);
  assertEquals(rows.map((row) => [row.kind, row.n]), [
    ["run_paused", 2],
    ["pause_requested", 1],
    ["run_started", 1],
    ["task_proposed", 1],
  ]);
  const inside = "SELECT payload->>'$.proposal.gate' AS gate FROM events WHERE task = 'a'";
  assertEquals(index.query(inside).rows.map(({ gate }) => gate), ["inner"]);
  for (
    const [sql, why] of [
      ["DELETE FROM events", "begins with SELECT"],
      ["PRAGMA query_only = OFF", "begins with SELECT"],
      ["WITH x AS (SELECT 1) DELETE FROM events", "readonly"],
      ["SELECT 1; DELETE FROM events", "only one statement"],
      ["SELECT kind, kind FROM events", 'two columns are called "kind"'],
      ["SELECT nosuch FROM events", "no such column"],
      ["SELECT json('{') FROM events", "malformed JSON"],
    ] as const
  ) {
    assertThrows(() => index.query(sql), UsageError, why);
  }
  assertEquals(index.counts().events, 5);
});
