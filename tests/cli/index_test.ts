import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { eventsCommand } from "../../src/cli/commands/events.ts";
import { indexCommand } from "../../src/cli/commands/index.ts";
import { queryCommand } from "../../src/cli/commands/query.ts";
import { indexSchema } from "../../src/cli/schema/index.ts";
import { UsageError } from "../../src/errors.ts";
import { indexPath } from "../../src/log/index/index_path.ts";
import { runDirectory } from "../../src/run/directory.ts";
import { callCommand, PlainPlace, recordRun, storyDrafts, storyPlan } from "./fixture.ts";

const FIRST = "20261120-235000-aaaa";
const SECOND = "20261121-000000-bbbb";

async function twoRuns(place: PlainPlace): Promise<void> {
  await recordRun(place.home, FIRST, storyPlan(), storyDrafts("finished"));
  await recordRun(place.home, SECOND, storyPlan(), storyDrafts("active"));
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

Deno.test("omk index reads what is new, everything with --rebuild, and nothing where there is no run", async () => {
  await using place = await PlainPlace.make();
  const index = async (...words: string[]) => {
    const { code, stdout } = await callCommand(indexCommand, ["--json", ...words], place);
    const { duration_ms, bytes, ...said } = indexSchema.parse(JSON.parse(stdout));
    assert(duration_ms >= 0 && bytes >= 0);
    return { code, ...said };
  };
  const nothing = {
    code: 0,
    schema_version: 1 as const,
    path: indexPath(place.home),
    rebuilt: false,
    runs: 0,
    events: 0,
    runs_read: 0,
    events_read: 0,
    runs_removed: 0,
    problems: [],
  };
  assertEquals(await index(), nothing);
  await twoRuns(place);
  const events = 2 + storyDrafts("finished").length + storyDrafts("active").length;
  const known = { ...nothing, runs: 2, events };
  assertEquals(await index(), { ...known, runs_read: 2, events_read: events });
  assertEquals(await index(), known);
  assertEquals(await index("--rebuild"), { ...known, rebuilt: true, runs_read: 2, events_read: events });
  const { stdout } = await callCommand(indexCommand, [], place);
  assertMatch(stdout, /^Read 0 events of 0 runs in \d+ ms\n.*index\.sqlite: 2 runs, \d+ events, \d+ kB\n$/);
  Deno.writeTextFileSync(runDirectory(place.home, SECOND).events, "no event\n");
  const damaged = await index("--rebuild");
  assertEquals([damaged.code, damaged.runs_read, damaged.problems.length], [1, 1, 1]);
});

Deno.test("omk events --all gives the same from the index and from the logs", async () => {
  await using place = await PlainPlace.make();
  await twoRuns(place);
  const all = (...words: string[]) => callCommand(eventsCommand, ["--all", ...words], place);
  const each = [];
  for (const run of [FIRST, SECOND]) {
    each.push(...linesOf((await callCommand(eventsCommand, [run, "--json"], place)).stdout));
  }
  const filters = [[], ["--kind", "run_finished,task_claimed"], ["--task", "flaky", "--since", "1d"]];
  const indexed = [];
  for (const filter of filters) indexed.push((await all("--json", ...filter)).stdout);
  assertEquals(linesOf(indexed[0] ?? ""), each);
  const people = await all("--kind", "task_claimed");
  assertEquals(linesOf(people.stdout).filter((line) => /^\d{8}-/.test(line)), [FIRST, SECOND]);
  assertEquals(people.stderr, "");

  // What stands in the way of the index stands not in the way of the answer.
  await Deno.remove(indexPath(place.home));
  await Deno.mkdir(indexPath(place.home));
  for (const [at, filter] of filters.entries()) {
    const { code, stdout, stderr } = await all("--json", ...filter);
    assertEquals([code, stdout], [0, indexed[at]]);
    assertStringIncludes(stderr, "note: reading the logs themselves: Cannot use the index");
  }
  Deno.writeTextFileSync(runDirectory(place.home, FIRST).events, "no event\n");
  const { code, stdout, stderr } = await all("--json");
  assertEquals([code, linesOf(stdout).length > 5], [1, true]);
  assertStringIncludes(stderr, `warning: run ${FIRST} cannot be read to its end`);
  for (const words of [["--follow"], ["--from", "0"], [FIRST]]) {
    await assertRejects(() => all(...words), UsageError, "does not go with");
  }
});

Deno.test("omk query answers from the index, or from memory where that cannot be written", async () => {
  await using place = await PlainPlace.make();
  await twoRuns(place);
  const sql = "SELECT run_id, count(*) AS n FROM events WHERE kind = 'task_claimed' GROUP BY 1 ORDER BY 1";
  const { stdout } = await callCommand(queryCommand, [sql, "--json"], place);
  assertEquals(linesOf(stdout).map((line) => JSON.parse(line)), [
    { run_id: FIRST, n: 3 },
    { run_id: SECOND, n: 3 },
  ]);
  const table = (await callCommand(queryCommand, [sql], place)).stdout;
  assertEquals(table, `run_id                n\n${FIRST}  3\n${SECOND}  3\n`);
  await Deno.remove(indexPath(place.home));
  await Deno.mkdir(indexPath(place.home));
  const again = await callCommand(queryCommand, [sql], place);
  assertEquals(again.stdout, table);
  assertStringIncludes(again.stderr, "reading the logs themselves");
  await assertRejects(() => callCommand(queryCommand, ["DROP TABLE events"], place), UsageError, "SELECT");
});
