import { assert, assertEquals, assertRejects } from "@std/assert";
import { CorruptLogError, LogIoError, LogPoisonedError } from "../../src/log/errors.ts";
import type { FreeEvent } from "../../src/log/event.ts";
import { openFreeLog, openRunLog, type RunLogOptions } from "../../src/log/file_log.ts";
import { followLog, followRunLog } from "../../src/log/follow.ts";
import { segmentsAmong } from "../../src/log/log_paths.ts";
import { readRunLog } from "../../src/log/reader.ts";
import { TolerantReader } from "../../src/log/tolerant_reader.ts";
import { verifyLog } from "../../src/log/verify.ts";
import {
  born,
  collect,
  fact,
  FaultyFiles,
  ioError,
  noSpace,
  OPTIONS,
  request,
  TemporaryDirectory,
} from "./fixture.ts";

/** Segments of a few commits. */
const SMALL: RunLogOptions = { ...OPTIONS, segmentBytes: 2000 };

/** A log with `count` facts in commits of one and of three. */
async function segmented(directory: TemporaryDirectory, count = 60): Promise<void> {
  await using log = await born(directory, SMALL);
  for (let i = 0; i < count; i += 4) {
    await log.append([fact(`${i}`)]);
    await log.append([fact(`${i + 1}`), fact(`${i + 2}`), fact(`${i + 3}`)]);
  }
}

/** The closed segments, by their first events. */
function segmentsIn(directory: TemporaryDirectory): number[] {
  return segmentsAmong(directory.file(), directory.names());
}

function segmentFile(directory: TemporaryDirectory, first: number): string {
  return directory.file(`events-${String(first).padStart(12, "0")}.jsonl`);
}

/** The notes of the facts, without what the log says about itself. */
function notesOf(events: readonly FreeEvent[]): unknown[] {
  return events.filter(({ kind }) => kind === "run_paused").map(({ payload }) => {
    return typeof payload === "object" && payload !== null && "reason" in payload
      ? payload.reason
      : undefined;
  });
}

const NOTES = Array.from({ length: 60 }, (_, i) => `${i}`);

Deno.test("P2: a log goes on in segments, with one sequence and one chain, and every reader joins them", async () => {
  using directory = new TemporaryDirectory();
  await segmented(directory);
  const segments = segmentsIn(directory);
  assert(segments.length >= 4, `void: ${segments.length} segments`);
  assertEquals(segments[0], 0);
  const path = directory.file();
  const events = await collect(readRunLog(path));
  assertEquals(events.map(({ index }) => index), events.map((_, i) => i));
  assertEquals(notesOf(events), NOTES);
  const started = events.filter(({ kind }) => kind === "segment_started");
  assertEquals(started.map(({ index }) => index).slice(0, -1), segments.slice(1));
  started.forEach((event, i) => {
    assert(event.kind === "segment_started");
    assertEquals(`${directory.path}/${event.payload.previous}`, segmentFile(directory, segments[i] ?? -1));
    const before = Deno.readTextFileSync(`${directory.path}/${event.payload.previous}`);
    assertEquals(before.slice(-67, -3), event.payload.sum);
  });
  for (const first of segments) {
    assert(Deno.statSync(segmentFile(directory, first)).size >= 2000);
    assertEquals((Deno.statSync(segmentFile(directory, first)).mode ?? 0) & 0o777, 0o600);
  }
  const verified = await verifyLog(path);
  assertEquals([verified.verdict, verified.events], ["verified", events.length]);
  const tolerant = new TolerantReader(path);
  assertEquals((await collect(tolerant)).map(({ id }) => id), events.map(({ id }) => id));
  assertEquals([tolerant.counts.total_lines, tolerant.counts.parse_failures], [events.length, 0]);
  await using log = await openRunLog(path, SMALL);
  assertEquals(log.head(), verified.head);
  assertEquals((await collect(log.read(segments[2]))).map(({ index }) => index)[0], segments[2]);
  const stop = new AbortController();
  const followed: number[] = [];
  for await (const { index } of followRunLog(path, { from: 7, signal: stop.signal })) {
    followed.push(index);
    if (index === verified.head.index) stop.abort();
  }
  assertEquals(followed, events.slice(7).map(({ index }) => index));
});

Deno.test("P2: logs that are open go on where another has closed one or more segments", async () => {
  using directory = new TemporaryDirectory();
  await using first = await born(directory, SMALL);
  await using second = await openRunLog(directory.file(), { ...OPTIONS, segmentBytes: 1500 });
  const heard: [number, boolean][] = [];
  second.subscribe(({ index }, own) => heard.push([index, own]));
  const own: number[] = [];
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 3 * round; i++) await first.append([fact(`${round} ${i}`)]);
    own.push(...(await second.append([request(`${round}`)])).map(({ index }) => index));
    if (round % 2 === 0) assertEquals(await second.poll(), 0);
  }
  await first.append([fact("last")]);
  await second.poll();
  assert(segmentsIn(directory).length > 5);
  assertEquals(heard.map(([index]) => index), heard.map((_, i) => i + 1));
  assertEquals(
    heard.filter(([, isOwn]) => isOwn).map(([index]) => index).filter((index) => own.includes(index)),
    own,
  );
  assertEquals((await collect(readRunLog(directory.file()))).map(({ index }) => index), [
    0,
    ...heard.map(([i]) => i),
  ]);
  assertEquals((await verifyLog(directory.file())).verdict, "verified");
});

Deno.test("readRunLog() and followLog() read no segment that ends before the index that they start at", async () => {
  using directory = new TemporaryDirectory();
  await segmented(directory);
  const path = directory.file();
  const all = await collect(readRunLog(path));
  const segments = segmentsIn(directory);
  const starts = [...segments, all.findLast(({ kind }) => kind === "segment_started")?.index ?? 0];
  Deno.writeTextFileSync(segmentFile(directory, 0), "not an event\n");
  for (const start of starts.slice(1)) {
    for (const from of [start, start + 1]) {
      assertEquals(await collect(readRunLog(path, { from })), all.slice(from));
      for await (const { index } of followLog(path, { from })) {
        assertEquals(index, from);
        break;
      }
    }
  }
  await assertRejects(() => collect(readRunLog(path, { from: 1 })));
  await assertRejects(() => collect(readRunLog(path)));
});

Deno.test("P2: readers survive rotations under way: each sees every event once", async () => {
  using directory = new TemporaryDirectory();
  await using log = await born(directory, SMALL);
  const path = directory.file();
  const stop = new AbortController();
  const last = 400;
  const followed = (async () => {
    const notes: unknown[] = [];
    for await (const event of followLog(path, { signal: stop.signal })) {
      notes.push(...notesOf([event]));
      if (notes.at(-1) === `${last}`) stop.abort();
    }
    return notes;
  })();
  let isOver = false;
  const read = (async () => {
    let reads = 0;
    for (; !isOver; reads++) {
      const events = await collect(readRunLog(path));
      assertEquals(events.map(({ index }) => index), events.map((_, i) => i));
      const lenient = await collect(new TolerantReader(path));
      assert(lenient.length >= events.length);
      assertEquals(lenient.map(({ index }) => index), lenient.map((_, i) => i));
    }
    return reads;
  })();
  for (let i = 0; i <= last; i++) {
    await log.append([fact(`${i}`)]);
    if (i % 16 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  isOver = true;
  assert(await read > 0, "void: nothing was read meanwhile");
  assertEquals(await followed, Array.from({ length: last + 1 }, (_, i) => `${i}`));
});

Deno.test("P2: a rotation that was cut short is finished by the next append", async () => {
  for (const state of ["missing", "empty", "torn"] as const) {
    using directory = new TemporaryDirectory();
    await segmented(directory);
    const path = directory.file();
    const [last = 0] = segmentsIn(directory).slice(-1);
    Deno.removeSync(path);
    if (state !== "missing") Deno.writeTextFileSync(path, state === "torn" ? '{"index":9' : "");
    const before = await collect(readRunLog(path));
    const verified = await verifyLog(path);
    assertEquals([verified.verdict, verified.events], [
      state === "torn" ? "torn" : "verified",
      before.length,
    ]);
    assertEquals((await collect(new TolerantReader(path))).length, before.length);
    {
      await using log = await openRunLog(path, SMALL);
      // A torn commit is removed at once, with the record of it.
      if (state !== "torn") assertEquals(log.head(), verified.head);
      await log.append([fact("after")]);
    }
    const added = (await collect(readRunLog(path))).slice(before.length).map(({ kind }) => kind);
    const repaired = state === "torn" ? ["log_repaired"] : [];
    assertEquals(added, ["segment_started", ...repaired, "run_paused"]);
    assertEquals(segmentsIn(directory).at(-1), last);
    assertEquals((await verifyLog(path)).verdict, "verified");
  }
});

Deno.test("P2: segments that are missing, swapped, cut or damaged are found and named", async () => {
  type Change = (directory: TemporaryDirectory, segments: readonly number[]) => void;
  const cases: [string, Change, (error: CorruptLogError, segments: readonly number[]) => void][] = [
    ["a middle segment is missing", (directory, [, second = 0]) => {
      Deno.removeSync(segmentFile(directory, second));
    }, (error, [, second = 0]) => assert(error.path.endsWith(`${second}.jsonl`), error.path)],
    ["the first is missing", (directory) => Deno.removeSync(segmentFile(directory, 0)), (error) => {
      assert(error.path.endsWith("-000000000000.jsonl"), error.path);
    }],
    ["the last closed one is missing", (directory, segments) => {
      Deno.removeSync(segmentFile(directory, segments.at(-1) ?? 0));
    }, (error, segments) => {
      assert(error.why.includes(`the segment with the events ${segments.at(-1)} to`), error.why);
    }],
    ["a closed one was cut", (directory, [, second = 0]) => {
      Deno.truncateSync(segmentFile(directory, second), 1000);
    }, (error, [, second = 0]) => assert(error.path.endsWith(`${second}.jsonl`), error.path)],
    ["two are swapped", (directory, [, second = 0, third = 0]) => {
      const [one, other] = [segmentFile(directory, second), segmentFile(directory, third)];
      Deno.renameSync(one, `${one}.x`);
      Deno.renameSync(other, one);
      Deno.renameSync(`${one}.x`, other);
    }, (error, [, second = 0]) => assert(error.path.endsWith(`${second}.jsonl`), error.path)],
  ];
  for (const [name, change, check] of cases) {
    using directory = new TemporaryDirectory();
    await segmented(directory);
    const segments = segmentsIn(directory);
    change(directory, segments);
    const error = await assertRejects(() => collect(readRunLog(directory.file())), CorruptLogError, "", name);
    check(error, segments);
    assertEquals((await verifyLog(directory.file())).verdict, "corrupt", name);
  }
  using directory = new TemporaryDirectory();
  await segmented(directory);
  Deno.removeSync(segmentFile(directory, segmentsIn(directory).at(-1) ?? 0));
  await assertRejects(() => openRunLog(directory.file(), SMALL), CorruptLogError, "missing");
});

Deno.test("P2: a fault in a rotation loses nothing that was acknowledged", async () => {
  const faults: [string, (files: FaultyFiles) => void, boolean][] = [
    ["rename", (files) => files.onRename = ioError, false],
    ["create", (files) => files.onCreate = noSpace, false],
    ["sync", (files) => {
      files.onSync = () => {
        throw ioError();
      };
    }, true],
    ["sync of the directory", (files) => {
      files.onSyncDirectory = () => {
        throw ioError();
      };
    }, true],
  ];
  for (const [name, arm, isFatal] of faults) {
    using directory = new TemporaryDirectory();
    const files = new FaultyFiles();
    await using log = await born(directory, { ...SMALL, files });
    const acknowledged: string[] = [];
    let failures = 0;
    for (let i = 0; i < 40; i++) {
      if (i === 3) arm(files);
      if (i === 20) {
        files.onRename = files.onCreate = () => undefined;
        files.onSync = files.onSyncDirectory = () => {};
      }
      await log.append([fact(`${i}`)]).then(() => acknowledged.push(`${i}`), (error) => {
        failures++;
        assert(error instanceof LogIoError || error instanceof LogPoisonedError, `${name}: ${error}`);
      });
    }
    assert(failures > 5, `void: ${name}`);
    assertEquals(notesOf(await collect(readRunLog(directory.file()))), acknowledged, name);
    assertEquals((await verifyLog(directory.file())).verdict, isFatal ? "poisoned" : "verified", name);
    if (!isFatal) assertEquals(acknowledged.at(-1), "39");
  }
});

Deno.test("a free log rotates too, and is opened where its last segment is missing", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("audit.jsonl");
  const free = (kind: string) => ({ kind, subject: "run", actor: "me", payload: {} });
  {
    await using log = await openFreeLog(path, { ...OPTIONS, segmentBytes: 500 });
    for (let i = 0; i < 10; i++) await log.append([free("deployed")]);
  }
  Deno.removeSync(path);
  {
    await using log = await openFreeLog(path, { ...OPTIONS, runId: "another" });
    const [event] = await log.append([free("tested")]);
    assertEquals(event?.run_id, OPTIONS.runId);
  }
  assertEquals((await verifyLog(path)).verdict, "verified");
  const kinds = (await collect(new TolerantReader(path))).map(({ kind }) => kind);
  assertEquals(kinds.slice(-2), ["segment_started", "tested"]);
});
