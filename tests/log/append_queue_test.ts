import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { QUEUE_CAPACITY } from "../../src/log/append_queue.ts";
import { AppendAbortedError, LogClosedError } from "../../src/log/errors.ts";
import { createRunLog } from "../../src/log/file_log.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { commitSizes } from "./commits.ts";
import {
  born,
  collect,
  fact,
  FaultyFiles,
  OPTIONS,
  runStarted,
  TemporaryDirectory,
  until,
} from "./fixture.ts";

Deno.test("append() waits where the queue is full, and loses nothing", async () => {
  using directory = new TemporaryDirectory();
  await using log = await born(directory);
  const order: number[] = [];
  const count = 3 * QUEUE_CAPACITY;
  await Promise.all(Array.from({ length: count }, async (_, i) => {
    const [event] = await log.append([fact(String(i))]);
    order.push(event?.index ?? -1);
  }));
  assertEquals(order, Array.from({ length: count }, (_, i) => i + 1));
  const notes = await collect(log.read(1));
  assertEquals(
    notes.map((event) => event.kind === "run_paused" && event.payload.reason),
    order.map((i) => String(i - 1)),
  );
  assert(commitSizes(directory.file()).every((size) => size <= QUEUE_CAPACITY));
});

Deno.test("append() with an aborted signal writes nothing, one that is taken is committed", async () => {
  using directory = new TemporaryDirectory();
  await using log = await born(directory);
  const aborted = AbortSignal.abort(new Error("enough"));
  const error = await assertRejects(
    () => log.append([fact("x")], { signal: aborted }),
    AppendAbortedError,
    "enough",
  );
  assertEquals(error.path, directory.file());
  const queued = new AbortController();
  const waiting = new AbortController();
  const taken = new AbortController();
  const filler = Array.from({ length: QUEUE_CAPACITY - 1 }, () => log.append([fact("filler")]));
  const results = Promise.allSettled([
    log.append([fact("queued")], { signal: queued.signal }),
    log.append([fact("waiting")], { signal: waiting.signal }),
    log.append([fact("last")], { signal: taken.signal }),
  ]);
  queued.abort();
  waiting.abort();
  const [first, second, last] = await results;
  taken.abort();
  await Promise.all(filler);
  assertInstanceOf(first?.status === "rejected" && first.reason, AppendAbortedError);
  assertInstanceOf(second?.status === "rejected" && second.reason, AppendAbortedError);
  assertEquals(last?.status, "fulfilled");
  assertEquals((await verifyLog(directory.file())).events, QUEUE_CAPACITY + 1);
});

Deno.test("append() that waits is let in when all that is queued is given up", async () => {
  using directory = new TemporaryDirectory();
  const files = new FaultyFiles();
  await using log = await createRunLog(directory.file(), { ...OPTIONS, durability: "strict", files });
  await log.append([runStarted()]);
  const gate = Promise.withResolvers<void>();
  files.onSync = () => gate.promise;
  const first = log.append([fact("first")]);
  await until(() => files.syncs >= 2);
  const given = new AbortController();
  const { signal } = given;
  const appends = Array.from({ length: QUEUE_CAPACITY }, () => log.append([fact("queued")], { signal }));
  const queued = Promise.allSettled(appends);
  const waiting = log.append([fact("waiting")]);
  given.abort();
  gate.resolve();
  await first;
  assertEquals((await waiting)[0]?.index, 2);
  assert((await queued).every(({ status }) => status === "rejected"));
});

Deno.test("P2: close() commits what is queued, and refuses what comes later", async () => {
  using directory = new TemporaryDirectory();
  const log = await born(directory);
  const appends = Array.from({ length: 2 * QUEUE_CAPACITY }, (_, i) => log.append([fact(String(i))]));
  const closed = log.close();
  const late = await assertRejects(() => log.append([fact("late")]), LogClosedError);
  assertEquals(late.path, directory.file());
  await closed;
  assertEquals((await Promise.all(appends)).length, 2 * QUEUE_CAPACITY);
  assertEquals((await verifyLog(directory.file())).events, 2 * QUEUE_CAPACITY + 1);
  await log.close();
  await assertRejects(() => log.poll(), LogClosedError);
});
