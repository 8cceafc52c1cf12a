import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { verifyLog } from "../../src/log/verify.ts";
import { runDirectoryAt } from "../../src/run/directory.ts";
import { loadRun } from "../../src/run/load_run.ts";
import { runStateJson } from "../../src/scheduler/run_state.ts";

/** Recorded runs: what a released omk has written must fold to the same state for ever. */
const CORPUS = fromFileUrl(new URL("../corpus", import.meta.url));

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
