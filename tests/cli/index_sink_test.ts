import { assertEquals, assertStringIncludes } from "@std/assert";
import { IndexSink } from "../../src/cli/index_sink.ts";
import { openRunLog } from "../../src/log/file_log.ts";
import { EventIndex } from "../../src/log/index/event_index.ts";
import { indexPath } from "../../src/log/index/index_path.ts";
import { FanOut } from "../../src/log/sinks/fan_out.ts";
import { PlainPlace, recordRun, storyDrafts, storyPlan } from "./fixture.ts";

const OLD = "20260101-000000-aaaa";
const NEW = "20260102-000000-bbbb";

Deno.test("IndexSink takes what a run has appended, within a second and at its end, and leaves other runs alone", async () => {
  await using place = await PlainPlace.make();
  const path = indexPath(place.home);
  const old = await recordRun(place.home, OLD, storyPlan(), storyDrafts("finished"));
  const directory = await recordRun(place.home, NEW, storyPlan(), []);
  {
    using index = await EventIndex.open(path);
    await index.updateRun({ runId: OLD, log: old.events });
  }
  const indexed = async () => {
    using index = await EventIndex.open(path);
    const { rows } = index.query("SELECT run_id, count(*) AS count FROM events GROUP BY run_id");
    return rows.map(({ run_id, count }) => [run_id, count]);
  };
  const all = storyDrafts("finished").length + 1;
  assertEquals(await indexed(), [[OLD, all]]);
  const reports: string[] = [];
  const report = (error: Error) => void reports.push(error.message);
  const fanOut = new FanOut<unknown>(report);
  await using log = await openRunLog(directory.events, { runId: NEW, durability: "none" });
  log.subscribe((event) => fanOut.deliver(event));
  const { resolve, promise } = Promise.withResolvers<void>();
  {
    await using sink = new IndexSink({
      path,
      run: { runId: NEW, log: directory.events },
      report,
      clock: {
        wall: () => 0,
        monotonic: () => 0,
        sleep: (_ms, signal) => {
          resolve();
          return new Promise((done) => signal?.addEventListener("abort", () => done(), { once: true }));
        },
      },
    });
    fanOut.add(sink);
    await promise;
    await log.append(storyDrafts("finished"));
    assertEquals(await indexed(), [[OLD, all]]);
  }
  assertEquals(await indexed(), [[OLD, all], [NEW, all]]);
  assertEquals(fanOut.status()[0]?.failed, 0);
  assertEquals(reports, []);
});

Deno.test("IndexSink that cannot write fails at the next event or at its end, is counted and reported, and disturbs nobody", async () => {
  await using place = await PlainPlace.make();
  const path = indexPath(place.home);
  const directory = await recordRun(place.home, NEW, storyPlan(), storyDrafts("active"));
  await Deno.mkdir(`${path}/in-its-place`, { recursive: true });
  const reports: string[] = [];
  const report = (error: Error) => void reports.push(error.message);
  const fanOut = new FanOut<number>(report);
  const seen: number[] = [];
  {
    await using sink = new IndexSink({
      path,
      run: { runId: NEW, log: directory.events },
      report,
      clock: { wall: () => 0, monotonic: () => 0, sleep: () => new Promise((done) => setTimeout(done)) },
    });
    fanOut.add(sink);
    fanOut.add({ name: "other", deliver: (event) => void seen.push(event) });
    while (fanOut.status()[0]?.failed === 0 && seen.length < 1000) {
      fanOut.deliver(seen.length);
      await new Promise((done) => setTimeout(done));
    }
    assertEquals(fanOut.status().map(({ failed }) => failed), [1, 0]);
    assertStringIncludes(reports[0] ?? "", 'The sink "index" has failed at an event: ');
    reports.length = 0;
  }
  assertEquals(seen, seen.map((_, at) => at));
  assertEquals(reports.length, 1);
});
