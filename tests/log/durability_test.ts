import { assert, assertEquals } from "@std/assert";
import { createRunLog } from "../../src/log/file_log.ts";
import {
  fact,
  FaultyFiles,
  OPTIONS,
  runStarted,
  TemporaryDirectory,
  until,
  VirtualClock,
} from "./fixture.ts";

Deno.test("batch durability syncs the marked kinds before it acknowledges them, the rest within a second", async () => {
  using directory = new TemporaryDirectory();
  const files = new FaultyFiles();
  const clock = new VirtualClock();
  const log = await createRunLog(directory.file(), { ...OPTIONS, durability: "batch", files, clock });
  await log.append([runStarted()]);
  assertEquals(files.syncs, 1);
  await log.append([fact("a")]);
  await log.append([fact("b")]);
  assertEquals([files.syncs, clock.sleeping], [1, 1]);
  clock.advance(1000);
  await log.sync();
  assertEquals(files.syncs, 2);
  await log.append([fact("c")]);
  await log.close();
  assertEquals([files.syncs, clock.sleeping], [3, 0]);
});

Deno.test("batch durability syncs by itself when the second is over", async () => {
  using directory = new TemporaryDirectory();
  const files = new FaultyFiles();
  const clock = new VirtualClock();
  await using log = await createRunLog(directory.file(), { ...OPTIONS, durability: "batch", files, clock });
  await log.append([runStarted()]);
  await log.append([fact("a")]);
  const synced = Promise.withResolvers<void>();
  files.onSync = () => synced.resolve();
  clock.advance(1000);
  await synced.promise;
});

Deno.test("strict durability syncs every commit, none syncs nothing but on request", async () => {
  for (const [durability, expected] of [["strict", 4], ["none", 1]] as const) {
    using directory = new TemporaryDirectory();
    const files = new FaultyFiles();
    await using log = await createRunLog(directory.file(), { ...OPTIONS, durability, files });
    await log.append([runStarted()]);
    await log.append([fact("a")]);
    await Promise.all([log.append([fact("b")]), log.append([fact("c")])]);
    await log.sync();
    assertEquals(files.syncs, expected);
  }
});

Deno.test("append() is acknowledged only after the sync that it needs, and the event loop goes on meanwhile", async () => {
  using directory = new TemporaryDirectory();
  const files = new FaultyFiles();
  await using log = await createRunLog(directory.file(), { ...OPTIONS, durability: "strict", files });
  await log.append([runStarted()]);
  const gate = Promise.withResolvers<void>();
  files.onSync = () => gate.promise;
  let isAcknowledged = false;
  const append = log.append([fact("a")]).then(() => isAcknowledged = true);
  const later = log.append([fact("b")]);
  await until(() => files.syncs >= 2);
  assert(!isAcknowledged);
  assertEquals(log.head().index, 0);
  gate.resolve();
  await append;
  await later;
});
