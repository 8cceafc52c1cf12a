/** The tests of the harn event sinks and event log (004) that concern a log and its readers, and bugs of theirs. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { LogIoError } from "../../src/log/errors.ts";
import { createRunLog, openRunLog } from "../../src/log/file_log.ts";
import { followRunLog } from "../../src/log/follow.ts";
import { MemoryLog } from "../../src/log/memory_log.ts";
import { readRunLog } from "../../src/log/reader.ts";
import { TolerantReader } from "../../src/log/tolerant_reader.ts";
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
