import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { readRunLog } from "../../src/log/reader.ts";
import { scanLog } from "../../src/log/scan.ts";
import { logFiles } from "../../src/log/stats.ts";
import { TolerantReader } from "../../src/log/tolerant_reader.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { runDirectoryAt } from "../../src/run/directory.ts";
import { loadRun } from "../../src/run/load_run.ts";
import { runStateJson } from "../../src/scheduler/run_state.ts";

/** Recorded runs: what a released omk has written must fold to the same state for ever. */
const CORPUS = fromFileUrl(new URL("../corpus", import.meta.url));

Deno.test("P1: the recorded free log is verified, and gives its recorded events to every reader", async () => {
  const path = `${CORPUS}/free-log.jsonl`;
  const recorded = JSON.parse(await Deno.readTextFile(`${CORPUS}/free-log.json`));
  const { verdict, head, commits } = await verifyLog(path);
  assertEquals({ verdict, head, commits }, {
    verdict: recorded.verdict,
    head: recorded.head,
    commits: recorded.commits,
  });
  assertEquals(await Array.fromAsync(new TolerantReader(path)), recorded.events);
  const scanned = await Array.fromAsync(scanLog(path));
  assertEquals(scanned.flat().flatMap(({ events }) => events), recorded.events);
});

Deno.test("the recorded rotated run is in segments, and one of them begins behind a torn commit that was repaired", async () => {
  const path = `${CORPUS}/rotated-run/events.jsonl`;
  const kinds = await Array.fromAsync(readRunLog(path), ({ kind }) => kind);
  assertEquals((await logFiles(path)).length, 3);
  assertEquals(kinds.filter((kind) => kind === "segment_started").length, 2);
  assertEquals(kinds.filter((kind) => kind === "log_repaired").length, 1);
});

for (const entry of Deno.readDirSync(CORPUS)) {
  if (!entry.isDirectory) continue;
  Deno.test(`P1 P11: the recorded run ${entry.name} folds to its recorded state`, async () => {
    const path = `${CORPUS}/${entry.name}`;
    const verified = await verifyLog(`${path}/events.jsonl`);
    assertEquals(verified.verdict, "verified");
    const first = JSON.parse((await Deno.readTextFile(`${path}/events.jsonl`)).split("\n")[0] ?? "");
    assert(typeof first.run_id === "string");
    const { state } = await loadRun(runDirectoryAt(path, first.run_id));
    assertEquals(runStateJson(state), (await Deno.readTextFile(`${path}/state.json`)).trimEnd());
  });
}
