/** Writers of one log get their turn. Time is measured, so no other test file may run at the same time. */

import { assert, assertEquals } from "@std/assert";
import { createRunLog } from "../../src/log/file_log.ts";
import { logStats } from "../../src/log/stats.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { linesOf, OPTIONS, runStarted, spawnWriter, TemporaryDirectory } from "../log/fixture.ts";
import { report, share } from "./share.ts";

const WRITERS = 8;
const MS = share(5_000, 30_000);

Deno.test(`eight strict writers for ${MS / 1000} s: all get their turn, and none waits longer than a second`, async () => {
  using directory = new TemporaryDirectory();
  {
    await using log = await createRunLog(directory.file(), OPTIONS);
    await log.append([runStarted()]);
  }
  const writers = Array.from({ length: WRITERS }, () => spawnWriter("wait", directory.file(), MS));
  const outputs = writers.map(({ stdout }) => linesOf(stdout));
  for (const output of outputs) assertEquals((await output.next()).value, "ready");
  for (const { stdin } of writers) await stdin.close();
  const results = await Promise.all(outputs.map(async (output) => {
    const [appends = 0, longest = 0] = String((await output.next()).value).split(" ").map(Number);
    return { appends, longest };
  }));
  for (const writer of writers) assertEquals((await writer.status).code, 0);
  for (const output of outputs) assertEquals((await output.next()).done, true);
  const counts = results.map(({ appends }) => appends);
  const total = counts.reduce((sum, count) => sum + count, 0);
  assert(total > 100, `void: ${total} appends`);
  assert(Math.min(...counts) * 4 > total / WRITERS, `appends of each: ${counts.join(" ")}`);
  const longest = results.map((result) => result.longest);
  assert(Math.max(...longest) < 1000, `longest waits: ${longest.join(" ")} ms`);
  assertEquals((await verifyLog(directory.file())).verdict, "verified");
  assertEquals((await logStats(directory.file())).kinds.pause_requested, total);
  report(`${WRITERS} strict writers`, {
    appends: total,
    "by the slowest": Math.min(...counts),
    "by the fastest": Math.max(...counts),
    "ms the longest wait": Math.max(...longest),
  });
});
