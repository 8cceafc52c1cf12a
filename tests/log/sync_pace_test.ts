import { assert } from "@std/assert";
import { createRunLog } from "../../src/log/file_log.ts";
import { SyncPace } from "../../src/log/sync_pace.ts";
import { fact, FaultyFiles, OPTIONS, runStarted, TemporaryDirectory, VirtualClock } from "./fixture.ts";

/** How many syncs of so many milliseconds it takes until the disk counts as quick. */
function syncsUntilQuick(pace: SyncPace, ms: number): number {
  let count = 0;
  for (; !pace.isQuick; count++) pace.note(ms);
  return count;
}

Deno.test("SyncPace takes a disk for slow until some quick syncs, and after one slow sync again", () => {
  const pace = new SyncPace();
  assert(syncsUntilQuick(pace, 0.2) > 3);
  for (let i = 0; i < 1000; i++) pace.note(0.9);
  assert(pace.isQuick);
  pace.note(1.2);
  assert(pace.isQuick, "a little slower than most");
  pace.note(4);
  assert(!pace.isQuick);
  assert(syncsUntilQuick(pace, 0.2) < 5);
  pace.note(1000);
  assert(syncsUntilQuick(pace, 0.2) > 15, "the slower it was, the longer it counts as slow");
});

Deno.test("a log waits for syncs in place where they are quick, and lets the event loop go on where they are not", async () => {
  using directory = new TemporaryDirectory();
  const files = new FaultyFiles();
  const clock = new VirtualClock();
  await using log = await createRunLog(directory.file(), { ...OPTIONS, durability: "strict", files, clock });
  await log.append([runStarted()]);
  for (let i = 0; files.syncsInPlace === 0; i++) await log.append([fact(`${i}`)]);
  // This one turns out to be slow.
  files.onSync = () => clock.advance(5);
  await log.append([fact("slow")]);
  const { syncs, syncsInPlace } = files;
  files.onSync = () => {};
  await log.append([fact("behind it")]);
  assert(files.syncs === syncs + 1 && files.syncsInPlace === syncsInPlace);
});
