/** What the earlier runner did wrong with the words of its workers: 3.3.14 of the list. */

import { assertEquals } from "@std/assert";
import { draft } from "../../src/log/event.ts";
import { createRunLog } from "../../src/log/file_log.ts";
import { followRunLog } from "../../src/log/follow.ts";
import { makePlan, makeTask, RUN_ID, startPayload } from "../run/fixture.ts";

Deno.test("002 bug 3.3.14: a line that is not whole yet is waited for, and nothing before or after it is lost", async () => {
  const directory = await Deno.makeTempDir({ prefix: "omk-runner-" });
  const started = draft("run_started", "run", "controller/1", startPayload(makePlan([makeTask("a")])));
  const joined = (worker: string) =>
    draft("worker_joined", "run", `worker/${worker}`, {
      worker,
      slots: 1,
      process: { pid: 2, pgid: 2, start_time: null, boot_id: null },
      wall: 1,
    });
  await using log = await createRunLog(`${directory}/whole.jsonl`, { runId: RUN_ID, durability: "none" });
  for (const each of [started, joined("one"), joined("two")]) await log.append([each]);
  const bytes = await Deno.readFile(`${directory}/whole.jsonl`);
  const path = `${directory}/events.jsonl`;
  const half = bytes.lastIndexOf(0x0a, bytes.length - 2) + 40;
  await Deno.writeFile(path, bytes.subarray(0, half));
  const end = new AbortController();
  const seen: string[] = [];
  for await (const event of followRunLog(path, { signal: end.signal })) {
    seen.push(event.kind === "worker_joined" ? event.payload.worker : event.kind);
    // The rest of the line comes while it is followed.
    if (seen.length === 2) await Deno.writeFile(path, bytes.subarray(half), { append: true });
    if (seen.length === 3) end.abort();
  }
  assertEquals(seen, ["run_started", "one", "two"]);
  await Deno.remove(directory, { recursive: true });
});
