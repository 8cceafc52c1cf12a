import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createRunLog, type FreeLog, openFreeLog } from "../../../src/log/file_log.ts";
import type { FreeEvent, RunEvent } from "../../../src/log/event.ts";
import { MemoryLog } from "../../../src/log/memory_log.ts";
import { consume } from "../../../src/log/sinks/consume.ts";
import { Cursor } from "../../../src/log/sinks/cursor.ts";
import { CursorIoError, CursorRefusedError } from "../../../src/log/sinks/errors.ts";
import { FanOut } from "../../../src/log/sinks/fan_out.ts";
import { fact, OPTIONS, RUN_ID, runStarted, TemporaryDirectory, VirtualClock } from "../fixture.ts";

Deno.test("FanOut gives each event to every sink in order, also what a sink appends or delivers meanwhile", async () => {
  const log = new MemoryLog({ runId: RUN_ID, clock: new VirtualClock() });
  const fanOut = new FanOut<RunEvent>((error) => {
    throw error;
  });
  const heard: string[] = [];
  const appended: Promise<unknown>[] = [];
  fanOut.add({
    name: "first",
    deliver(event) {
      heard.push(`first ${event.index}`);
      if (event.index === 0) {
        appended.push(log.append([fact("appended by a sink")]));
        fanOut.deliver({ ...event, index: 99 });
        heard.push("first is through");
      }
    },
  });
  fanOut.add({ name: "second", deliver: ({ index }) => heard.push(`second ${index}`) });
  assertThrows(() => fanOut.add({ name: "first", deliver() {} }), RangeError);
  log.subscribe(fanOut.deliver);
  await log.append([runStarted()]);
  await Promise.all(appended);
  assertEquals(heard, [
    "first 0",
    "first is through",
    "second 0",
    "first 99",
    "second 99",
    "first 1",
    "second 1",
  ]);
});

Deno.test("FanOut isolates a sink that fails, counts and reports it, and the append succeeds", async () => {
  using directory = new TemporaryDirectory();
  const reports: string[] = [];
  const fanOut = new FanOut<RunEvent>((error) => reports.push(error.message));
  const heard: number[] = [];
  fanOut.add({
    name: "broken",
    deliver({ index }) {
      if (index > 0) throw new Error(`no ${index}`);
    },
  });
  fanOut.add({ name: "whole", deliver: ({ index }) => heard.push(index) });
  await using log = await createRunLog(directory.file(), OPTIONS);
  log.subscribe(fanOut.deliver);
  await log.append([runStarted()]);
  for (let i = 1; i <= 20; i++) await log.append([fact(`${i}`)]);
  assertEquals(heard, Array.from({ length: 21 }, (_, i) => i));
  assertEquals(fanOut.status(), [
    { name: "broken", delivered: 1, failed: 20, lastError: "no 20" },
    { name: "whole", delivered: 21, failed: 0, lastError: undefined },
  ]);
  // Each of the first, then ever fewer.
  assertEquals(reports.map((text) => text.match(/no (\d+)/)?.[1]), ["1", "2", "3", "4", "8", "16"]);
  assert(reports[0]?.startsWith('The sink "broken" has failed at an event'), reports[0]);
});

async function append(log: FreeLog, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    await log.append([{ kind: "note", subject: "run", actor: "me", payload: text }]);
  }
}

/** What a consumer is given until the log ends, or until it says that it has had enough. */
async function take(path: string, consumer: string, enough = Infinity): Promise<unknown[]> {
  const seen: unknown[] = [];
  using cursor = await Cursor.open(path, consumer);
  await consume(path, cursor, ({ payload }) => {
    if (seen.length >= enough) return false;
    seen.push(payload);
    return true;
  });
  return seen;
}

Deno.test("consume() goes on where the named consumer stood; consumers do not know of each other", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file();
  await using log = await openFreeLog(path, OPTIONS);
  await append(log, "a", "b", "c");
  assertEquals(await take(path, "one", 2), ["a", "b"]);
  assertEquals(await take(path, "two"), ["a", "b", "c"]);
  await append(log, "d");
  assertEquals(await take(path, "one"), ["c", "d"]);
  assertEquals(await take(path, "one"), []);
  assertEquals(directory.names(), [
    "events.cursor-one",
    "events.cursor-one.lock",
    "events.cursor-two",
    "events.cursor-two.lock",
    "events.jsonl",
    "events.lock",
  ]);
});

Deno.test("consume() stands before an event whose handling failed, and gives it again", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file();
  await using log = await openFreeLog(path, OPTIONS);
  await append(log, "a", "b", "c");
  {
    using cursor = await Cursor.open(path, "one");
    await assertRejects(
      () =>
        consume(path, cursor, ({ payload }) => {
          if (payload === "b") throw new Error("not now");
          return true;
        }),
      Error,
      "not now",
    );
  }
  assertEquals(await take(path, "one"), ["b", "c"]);
});

Deno.test("consume() follows, and keeps its place while the log is quiet", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file();
  await using log = await openFreeLog(path, OPTIONS);
  await append(log, "a");
  const stop = new AbortController();
  const given: FreeEvent[] = [];
  const three = Promise.withResolvers<void>();
  const clock = new VirtualClock();
  using cursor = await Cursor.open(path, "one");
  const consuming = consume(path, cursor, (event) => {
    if (given.push(event) === 3) three.resolve();
    return true;
  }, { follow: true, signal: stop.signal, clock });
  const quiet = async () => {
    while (clock.sleeping === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  };
  await quiet();
  assertEquals(JSON.parse(Deno.readTextFileSync(cursor.path)).index, 0);
  await append(log, "b", "c");
  clock.advance(1000);
  await three.promise;
  await quiet();
  assertEquals(JSON.parse(Deno.readTextFileSync(cursor.path)).index, 2);
  stop.abort();
  await consuming;
});

Deno.test("Cursor only moves forward, is held by one process, and refuses what is not its own", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file();
  const id = "01936d5e-0000-7000-8000-000000000000";
  {
    using cursor = await Cursor.open(path, "one");
    cursor.advance({ index: 5, id });
    cursor.advance({ index: 3, id: "behind" });
    await cursor.keep();
    assertEquals([cursor.mark, cursor.next], [{ index: 5, id }, 6]);
    await assertRejects(() => Cursor.open(path, "one"), CursorRefusedError, "another process reads the log");
    // A cursor that cannot be kept is as it was.
    Deno.mkdirSync(directory.file(".events.cursor-one.new"));
    cursor.advance({ index: 6, id });
    await assertRejects(() => cursor.keep(), CursorIoError);
    Deno.removeSync(directory.file(".events.cursor-one.new"));
  }
  {
    using cursor = await Cursor.open(path, "one");
    assertEquals(cursor.mark, { index: 5, id });
    await using log = await openFreeLog(path, OPTIONS);
    await append(log, "a");
    // The log ends before the place where the cursor stands; then it holds another event there.
    await assertRejects(() => consume(path, cursor, () => true), CursorRefusedError, "does not hold");
    await append(log, "b", "c", "d", "e", "f", "g");
    await assertRejects(() => consume(path, cursor, () => true), CursorRefusedError, "does not hold");
    assertEquals(cursor.mark, { index: 5, id });
  }
  Deno.writeTextFileSync(directory.file("events.cursor-two"), "{}");
  await assertRejects(() => Cursor.open(path, "two"), CursorRefusedError, "not a cursor");
  await assertRejects(() => Cursor.open(path, "../x"), CursorRefusedError, "cannot name a consumer");
});
