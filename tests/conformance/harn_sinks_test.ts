/** The tests of the harn event sinks and event log (004) that concern a log and its readers, and bugs of theirs. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { CorruptLogError, LogIoError } from "../../src/log/errors.ts";
import type { RunEvent } from "../../src/log/event.ts";
import { createRunLog, openFreeLog, openRunLog } from "../../src/log/file_log.ts";
import type { LogFile } from "../../src/log/file_port.ts";
import { followRunLog } from "../../src/log/follow.ts";
import { EventIndex } from "../../src/log/index/event_index.ts";
import { legacyEvent } from "../../src/log/legacy/format.ts";
import { LegacyReader } from "../../src/log/legacy/legacy_reader.ts";
import { MemoryLog } from "../../src/log/memory_log.ts";
import { readRunLog } from "../../src/log/reader.ts";
import { consume } from "../../src/log/sinks/consume.ts";
import { Cursor } from "../../src/log/sinks/cursor.ts";
import { CursorRefusedError } from "../../src/log/sinks/errors.ts";
import { FanOut } from "../../src/log/sinks/fan_out.ts";
import { logFiles } from "../../src/log/stats.ts";
import { TolerantReader } from "../../src/log/tolerant_reader.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { commitEnds, encodeLog } from "../log/commits.ts";
import {
  collect,
  fact,
  FaultyFiles,
  noSpace,
  OPTIONS,
  request,
  RUN_ID,
  runStarted,
  TemporaryDirectory,
  VirtualClock,
} from "../log/fixture.ts";

Deno.test("004 each event reaches every subscriber, in the order of subscription", async () => {
  const log = new MemoryLog({ runId: RUN_ID, clock: new VirtualClock() });
  const heard: string[] = [];
  log.subscribe(({ index }) => heard.push(`a${index}`));
  const stop = log.subscribe(({ index }) => heard.push(`b${index}`));
  await log.append([runStarted(), fact("x")]);
  stop();
  await log.append([fact("y")]);
  assertEquals(heard, ["a0", "b0", "a1", "b1", "a2"]);
});

Deno.test("004 indices are contiguous, times do not decrease, the kind stands at the top level", async () => {
  using directory = new TemporaryDirectory();
  const clock = new VirtualClock();
  await using log = await createRunLog(directory.file(), { ...OPTIONS, clock });
  await log.append([runStarted()]);
  for (let i = 0; i < 50; i++) {
    clock.advance(i % 7);
    clock.jump(i % 2 === 0 ? -3000 : 2000);
    await log.append(i % 3 === 0 ? [request("r")] : [fact("f"), fact("g")]);
  }
  const lines = Deno.readTextFileSync(directory.file()).trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map(({ index }) => index), lines.map((_, i) => i));
  assert(lines.every(({ ts }, i) => i === 0 || ts >= lines[i - 1].ts));
  assertEquals(
    new Set(lines.map(({ kind }) => kind)),
    new Set(["run_started", "pause_requested", "run_paused"]),
  );
});

Deno.test("004 a log of 10,000 events is read as it was written, by both readers", async () => {
  using directory = new TemporaryDirectory();
  const batches = Array.from(
    { length: 100 },
    (_, i) => Array.from({ length: 100 }, (_, k) => fact(`${i * 100 + k}`)),
  );
  Deno.writeFileSync(directory.file(), encodeLog([[runStarted()], ...batches]));
  const strict = await collect(readRunLog(directory.file(), { from: 1 }));
  assertEquals(strict.length, 10_000);
  assert(strict.every((event, i) => event.kind === "run_paused" && event.payload.reason === `${i}`));
  assertEquals(await collect(new TolerantReader(directory.file(), { from: 1 })), strict);
});

Deno.test("004 a log survives being opened again; a torn line is cut, not joined by the next", async () => {
  using directory = new TemporaryDirectory();
  for (let round = 0; round < 3; round++) {
    await using log = round === 0
      ? await createRunLog(directory.file(), OPTIONS)
      : await openRunLog(directory.file(), OPTIONS);
    await log.append(round === 0 ? [runStarted()] : [fact(`${round}`)]);
  }
  const whole = Deno.readFileSync(directory.file());
  assertEquals(commitEnds(whole).length, 3);
  Deno.writeFileSync(directory.file(), whole.subarray(0, whole.length - 1 - 80));
  await using log = await openRunLog(directory.file(), OPTIONS);
  await log.append([fact("3")]);
  const kinds = (await collect(log.read())).map(({ kind }) => kind);
  assertEquals(kinds, ["run_started", "run_paused", "log_repaired", "run_paused"]);
});

Deno.test("004 a log that goes on in another file keeps its indices and its chain, and a part that is taken away is missed", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file();
  const options = { ...OPTIONS, segmentBytes: 1000 };
  for (let round = 0; round < 6; round++) {
    await using log = round === 0 ? await createRunLog(path, options) : await openRunLog(path, options);
    await log.append(round === 0 ? [runStarted()] : [fact(`${round}`), fact("x")]);
  }
  const events = await collect(readRunLog(path));
  assertEquals(events.map(({ index }) => index), events.map((_, at) => at));
  const { verdict, head } = await verifyLog(path);
  assertEquals([verdict, head.index], ["verified", events.length - 1]);
  const [first, second] = await logFiles(path);
  assert(first !== undefined && second !== undefined);
  for (const { path: segment } of [first, second]) {
    Deno.renameSync(segment, `${segment}.away`);
    assertEquals((await verifyLog(path)).verdict, "corrupt");
    await assertRejects(() => collect(readRunLog(path)), CorruptLogError, "is missing");
    Deno.renameSync(`${segment}.away`, segment);
  }
});

Deno.test("004 readers beside a writer see indices without a gap", async () => {
  using directory = new TemporaryDirectory();
  await using log = await createRunLog(directory.file(), OPTIONS);
  await log.append([runStarted()]);
  const stop = new AbortController();
  const last = 300;
  const readers = Array.from({ length: 4 }, async (_, from) => {
    const seen: number[] = [];
    for await (const { index } of followRunLog(directory.file(), { from, signal: stop.signal })) {
      seen.push(index);
      if (index >= last) break;
    }
    return seen;
  });
  while (log.head().index < last) {
    await log.append([fact("x".repeat(3000)), request("y")]);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  for (const [from, reader] of readers.entries()) {
    assertEquals(await reader, Array.from({ length: last + 1 - from }, (_, i) => from + i));
  }
  stop.abort();
});

Deno.test("004 bug 3.7.1: a failed append is reported, and makes no gap", async () => {
  using directory = new TemporaryDirectory();
  const files = new FaultyFiles();
  await using log = await createRunLog(directory.file(), { ...OPTIONS, files });
  await log.append([runStarted()]);
  files.onWrite = () => ({ error: noSpace() });
  await assertRejects(() => log.append([fact("lost")]), LogIoError);
  files.onWrite = () => undefined;
  assertEquals((await log.append([fact("kept")])).map(({ index }) => index), [1]);
});

Deno.test("004 bugs 3.7.3 and 3.7.4: what is acknowledged is in the file, in order, without a flush", async () => {
  using directory = new TemporaryDirectory();
  await using log = await createRunLog(directory.file(), OPTIONS);
  await log.append([runStarted()]);
  for (let i = 1; i <= 20; i++) {
    await log.append([fact(`${i}`)]);
    const lines = Deno.readTextFileSync(directory.file()).trimEnd().split("\n");
    assertEquals([lines.length, JSON.parse(lines.at(-1) ?? "").payload.reason], [i + 1, `${i}`]);
  }
});

Deno.test("004 bug 3.7.5: a subscriber that throws does not stop the others", async () => {
  const log = new MemoryLog({ runId: RUN_ID, clock: new VirtualClock() });
  const heard: number[] = [];
  log.subscribe(() => {
    throw new Error("broken");
  });
  log.subscribe(({ index }) => heard.push(index));
  await assertRejects(() => log.append([runStarted()]), Error, "broken");
  assertEquals(heard, [0]);
});

Deno.test("004 multi-sink delivers each event to every sink, in the order in which they were added", async () => {
  const log = new MemoryLog({ runId: RUN_ID, clock: new VirtualClock() });
  const fanOut = new FanOut<RunEvent>((error) => {
    throw error;
  });
  const heard: string[] = [];
  for (const name of ["a", "b", "c"]) {
    fanOut.add({
      name,
      deliver: ({ index }) => heard.push(`${name}${index}`),
    });
  }
  log.subscribe(fanOut.deliver);
  await log.append([runStarted(), fact("x")]);
  assertEquals(heard, ["a0", "b0", "c0", "a1", "b1", "c1"]);
  assertEquals(fanOut.status().map(({ delivered }) => delivered), [2, 2, 2]);
});

Deno.test("004 the sinks of one session hear nothing of another", async () => {
  const heard: Record<string, string[]> = { one: [], two: [] };
  const logs = Object.entries(heard).map(([runId, list]) => {
    const log = new MemoryLog({ runId, clock: new VirtualClock() });
    const fanOut = new FanOut<RunEvent>(() => {});
    fanOut.add({ name: "list", deliver: ({ run_id }) => list.push(run_id) });
    log.subscribe(fanOut.deliver);
    return log;
  });
  await Promise.all(logs.map((log) => log.append([runStarted(), fact("x")])));
  assertEquals(heard, { one: ["one", "one"], two: ["two", "two"] });
});

Deno.test("004 old event JSON without newer fields is still read", () => {
  const old = { index: 3, emitted_at_ms: 0, type: "tool_call" };
  const { index, ts, kind, run_id, payload } = legacyEvent("harn", old, 0);
  assertEquals([index, ts, kind, run_id, payload], [3, "1970-01-01T00:00:00.000Z", "tool_call", "", {}]);
});

Deno.test("004 memory: append, read from an index, subscribe", async () => {
  const log = new MemoryLog({ runId: RUN_ID, clock: new VirtualClock() });
  await log.append([runStarted(), fact("a"), fact("b")]);
  assertEquals((await collect(log.read(1))).map(({ index }) => index), [1, 2]);
  const heard: number[] = [];
  log.subscribe(({ index }) => heard.push(index));
  log.appendForeign([request("c")]);
  assertEquals([await log.poll(), heard], [1, [3]]);
});

Deno.test("004 the database survives being opened again, and goes on where it was", async () => {
  using directory = new TemporaryDirectory();
  const runs = [{ runId: RUN_ID, log: directory.file() }];
  const bytes = encodeLog([[runStarted()], [fact("a")], [fact("b")]]);
  for (const [round, end] of commitEnds(bytes).entries()) {
    Deno.writeFileSync(directory.file(), bytes.subarray(0, end));
    using index = await EventIndex.open(directory.file("index.sqlite"));
    assertEquals((await index.update(runs)).eventsRead, 1);
    assertEquals(
      [...index.events({})].map((event) => event.index),
      Array.from({ length: round + 1 }, (_, i) => i),
    );
  }
});

Deno.test("004 the bytes of a log say what its typed reader says", async () => {
  using directory = new TemporaryDirectory();
  await using log = await createRunLog(directory.file(), OPTIONS);
  await log.append([runStarted()]);
  await log.append([fact("a"), request("b")]);
  const lines = Deno.readTextFileSync(directory.file()).trimEnd().split("\n").map((line) => {
    const { prev: _prev, commit: _commit, sum: _sum, ...event } = JSON.parse(line);
    return event;
  });
  assertEquals(lines, await collect(readRunLog(directory.file())));
});

Deno.test("004 a consumer that lags misses nothing; where it cannot be so, that is an error", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file();
  await using log = await openFreeLog(path, OPTIONS);
  const note = (i: number) => ({ kind: "note", subject: "run", actor: "me", payload: i });
  await log.append([note(0)]);
  const seen: unknown[] = [];
  const take = async () => {
    using cursor = await Cursor.open(path, "slow");
    await consume(path, cursor, ({ payload }) => {
      seen.push(payload);
      return true;
    });
  };
  await take();
  for (let i = 1; i <= 3000; i += 100) await log.append(Array.from({ length: 100 }, (_, k) => note(i + k)));
  await take();
  assertEquals(seen, Array.from({ length: 3001 }, (_, i) => i));
  await log[Symbol.asyncDispose]();
  Deno.truncateSync(path, commitEnds(Deno.readFileSync(path))[3] ?? 0);
  await assertRejects(take, CursorRefusedError, "does not hold");
});

Deno.test("004 a follower ends when its reader goes away", async () => {
  using directory = new TemporaryDirectory();
  await using log = await createRunLog(directory.file(), OPTIONS);
  await log.append([runStarted(), fact("a")]);
  const follower = followRunLog(directory.file());
  assertEquals((await follower.next()).value?.index, 0);
  await follower.return();
  assertEquals((await follower.next()).done, true);
});

Deno.test("004 bugs 3.7.1 and 3.7.5: a sink that fails is counted, and stops neither the others nor the log", async () => {
  using directory = new TemporaryDirectory();
  await using log = await createRunLog(directory.file(), OPTIONS);
  const reports: string[] = [];
  const fanOut = new FanOut<RunEvent>((error) => reports.push(error.message));
  const heard: number[] = [];
  fanOut.add({
    name: "broken",
    deliver() {
      throw new Error("disk full");
    },
  });
  fanOut.add({ name: "whole", deliver: ({ index }) => heard.push(index) });
  log.subscribe(fanOut.deliver);
  await log.append([runStarted()]);
  await log.append([fact("a")]);
  assertEquals(heard, [0, 1]);
  assertEquals(reports.length, 2);
  assertEquals(fanOut.status()[0], { name: "broken", delivered: 0, failed: 2, lastError: "disk full" });
});

Deno.test("004 bug 3.7.2: a log of harn that was rotated is read in its order", async () => {
  using directory = new TemporaryDirectory();
  const line = (index: number) =>
    `{"index":${index},"emitted_at_ms":${index},"frame_depth":null,"type":"t"}\n`;
  Deno.writeTextFileSync(directory.file("s.jsonl"), line(0) + line(1));
  Deno.writeTextFileSync(directory.file("s-000001.jsonl"), line(2));
  const indices = (await collect(new LegacyReader(directory.file("s.jsonl"), "harn"))).map(({ index }) =>
    index
  );
  assertEquals(indices, [0, 1, 2]);
});

Deno.test("004 bug 3.7.2: opening a log again keeps what it holds", async () => {
  using directory = new TemporaryDirectory();
  for (let round = 0; round < 3; round++) {
    await using log = await openFreeLog(directory.file(), OPTIONS);
    await log.append([{ kind: "note", subject: "run", actor: "me", payload: round }]);
  }
  const events = await collect(new TolerantReader(directory.file()));
  assertEquals(events.map(({ index, payload }) => [index, payload]), [[0, 0], [1, 1], [2, 2]]);
});

Deno.test("004 bug 3.7.4: names that look alike are consumers of their own, and an empty one is refused", async () => {
  using directory = new TemporaryDirectory();
  const names = ["a.b", "a_b", "a-b", "A.b"];
  for (const [at, name] of names.entries()) {
    using cursor = await Cursor.open(directory.file(), name);
    assertEquals(cursor.mark, undefined);
    cursor.advance({ index: at, id: name });
    await cursor.keep();
  }
  for (const [at, name] of names.entries()) {
    using cursor = await Cursor.open(directory.file(), name);
    assertEquals(cursor.mark, { index: at, id: name });
  }
  await assertRejects(() => Cursor.open(directory.file(), ""), CursorRefusedError);
});

/** Counts what is read of the log. */
class CountingFiles extends FaultyFiles {
  bytesRead = 0;

  override open(path: string): LogFile {
    const file = super.open(path);
    const readAt = (offset: number, into: Uint8Array) => {
      this.bytesRead += into.length;
      return file.readAt(offset, into);
    };
    return { ...file, readAt };
  }
}

Deno.test("004 bug 3.7.6: an append reads the end of the log only; an acknowledgement never goes back", async () => {
  using directory = new TemporaryDirectory();
  const batches = Array.from({ length: 200 }, () => [fact("x".repeat(5000))]);
  Deno.writeFileSync(directory.file(), encodeLog([[runStarted()], ...batches]));
  const files = new CountingFiles();
  await using log = await openRunLog(directory.file(), { ...OPTIONS, files });
  for (let i = 0; i < 20; i++) await log.append([fact("y")]);
  const { size } = Deno.statSync(directory.file());
  assert(files.bytesRead < size / 4, `${files.bytesRead} bytes of ${size} were read`);
  using cursor = await Cursor.open(directory.file(), "c");
  cursor.advance({ index: 9, id: "nine" });
  cursor.advance({ index: 4, id: "four" });
  assertEquals(cursor.next, 10);
});
