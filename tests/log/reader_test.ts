import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { CorruptLogError, LogIoError, MalformedEventError } from "../../src/log/errors.ts";
import type { EventFilter } from "../../src/log/event_filter.ts";
import type { RunEvent } from "../../src/log/event.ts";
import { type ReadOptions, readRunLog, readRunLogInBatches } from "../../src/log/reader.ts";
import { commitEnds, encodeLog, join, smallLog } from "./commits.ts";
import { collect, fact, proposal, request, runStarted, TemporaryDirectory } from "./fixture.ts";

/** What is read of some bytes until the end or an error. */
async function read(bytes: Uint8Array, options = {}): Promise<{ events: RunEvent[]; error: unknown }> {
  using directory = new TemporaryDirectory();
  Deno.writeFileSync(directory.file(), bytes);
  const events: RunEvent[] = [];
  try {
    for await (const event of readRunLog(directory.file(), options)) events.push(event);
    return { events, error: undefined };
  } catch (error) {
    return { events, error };
  }
}

Deno.test("readRunLog() gives whole commits only", async () => {
  const log = smallLog();
  const ends = commitEnds(log);
  const all = (await read(log)).events;
  assertEquals(all.map(({ index }) => index), [0, 1, 2, 3, 4, 5, 6]);
  for (let length = 0; length <= log.length; length += 53) {
    const { events, error } = await read(log.subarray(0, length));
    const whole = ends.findLast((end) => end <= length) ?? 0;
    assertEquals(error, undefined);
    assertEquals(events, all.slice(0, log.subarray(0, whole).filter((byte) => byte === 0x0a).length));
  }
});

Deno.test("readRunLog() reads a log that is larger than its buffer, from any index", async () => {
  const batches = Array.from(
    { length: 900 },
    (_, i) => [fact(`${i}`.repeat(200)), request("ü".repeat(i % 50))],
  );
  const log = encodeLog([[runStarted()], ...batches]);
  assert(log.length > 1_000_000);
  for (const from of [0, 1, 900, 1800, 1801]) {
    const { events } = await read(log, { from });
    assertEquals(events.map(({ index }) => index), Array.from({ length: 1801 - from }, (_, i) => from + i));
  }
});

Deno.test("readRunLog() filters by kind, actor, task, gate and time", async () => {
  const log = encodeLog([[runStarted()], [fact("a")], [request("b", "cli/7"), proposal({})], [fact("c")]]);
  const select = async (filter: EventFilter) =>
    (await read(log, { filter })).events.map(({ index }) => index);
  const time = (seconds: number) => Date.parse("2026-11-20T23:50:00.123Z") + seconds * 1000;
  assertEquals(await select({}), [0, 1, 2, 3, 4]);
  assertEquals(await select({ kinds: new Set(["run_paused"]) }), [1, 4]);
  assertEquals(await select({ actors: new Set(["cli/7", "worker/w1"]) }), [2, 3]);
  assertEquals(await select({ task: "a" }), [3]);
  assertEquals(await select({ gate: "test" }), []);
  assertEquals(await select({ since: time(1), until: time(1) }), [1, 2, 3]);
  assertEquals(await select({ since: time(2), kinds: new Set(["run_paused"]) }), [4]);
});

Deno.test("readRunLog() stops at the first bad line, after the events before it, and names it", async () => {
  const lines = new TextDecoder().decode(smallLog()).trimEnd().split("\n");
  const bytes = new TextEncoder().encode(lines.with(4, "not-json").map((line) => `${line}\n`).join(""));
  const { events, error } = await read(bytes);
  assertEquals(events.length, 4);
  assertInstanceOf(error, MalformedEventError);
  assertEquals(error.lineNumber, 5);
  assert(error.path.endsWith("events.jsonl"));
  assertInstanceOf(error.cause, SyntaxError);
});

Deno.test("readRunLog() finds changed bytes by the sum, unless it is told not to look", async () => {
  const text = new TextDecoder().decode(smallLog()).replace("alone", "alane");
  const bytes = new TextEncoder().encode(text);
  const { events, error } = await read(bytes);
  assertEquals(events.length, 4);
  assertInstanceOf(error, CorruptLogError);
  assertEquals(error.line, 5);
  assertEquals((await read(bytes, { checkSums: false })).events.length, 7);
});

Deno.test("readRunLog() refuses an event that a run's log cannot hold", async () => {
  const free = encodeLog([[runStarted()], [{ ...fact("x"), kind: "run_unpaused", payload: {} }]]);
  assertEquals((await read(free)).error, undefined);
  const text = new TextDecoder().decode(free);
  const unknown = new TextEncoder().encode(text.replace('"run_unpaused"', '"no_such_kind"'));
  const { error } = await read(unknown, { checkSums: false });
  assertInstanceOf(error, MalformedEventError);
  assertEquals([error.lineNumber, error.why], [2, `"no_such_kind" is not a kind of a run's log`]);
  const newer = text.replace(
    '"schema_version":1,"kind":"run_unpaused"',
    '"schema_version":2,"kind":"no_such_kind"',
  );
  const { events } = await read(new TextEncoder().encode(newer), { checkSums: false });
  // The fold refuses it, and can say so.
  assertEquals(events[1]?.schema_version, 2);
});

Deno.test("readRunLogInBatches() gives what stands before a bad event, and looks at no commit behind the last one wanted", async () => {
  using directory = new TemporaryDirectory();
  const [fine, bad] = [fact("fine"), { ...fact("bad"), kind: "run_unpaused", payload: {} } as const];
  const text = new TextDecoder().decode(encodeLog([[runStarted()], [fine, fine], [bad, fine]]));
  Deno.writeTextFileSync(directory.file(), text.replace('"run_unpaused"', '"no_such_kind"'));
  const read = async (options: ReadOptions) => {
    const batches: number[][] = [];
    for await (const events of readRunLogInBatches(directory.file(), { checkSums: false, ...options })) {
      batches.push(events.map(({ index }) => index));
    }
    return batches;
  };
  assertEquals(await read({ until: 2 }), [[0, 1, 2]]);
  assertEquals(await read({ from: 1, until: 1 }), [[1]]);
  assertEquals(await read({ filter: { kinds: new Set() }, until: 2 }), []);
  const seen: number[] = [];
  const events = readRunLogInBatches(directory.file(), { checkSums: false });
  await assertRejects(async () => {
    for await (const batch of events) seen.push(...batch.map(({ index }) => index));
  }, MalformedEventError);
  assertEquals(seen, [0, 1, 2]);
});

Deno.test("readRunLog() fails with the system's reason where there is no log", async () => {
  using directory = new TemporaryDirectory();
  const error = await assertRejects(() => collect(readRunLog(directory.file())), LogIoError);
  assertEquals(error.path, directory.file());
  await assertRejects(() => collect(readRunLog(directory.path)), LogIoError);
  assertEquals(await read(new Uint8Array(0)), { events: [], error: undefined });
});

Deno.test("readRunLog() takes a commit that replaces a torn one for what it is", async () => {
  using directory = new TemporaryDirectory();
  const whole = encodeLog([[runStarted()], [fact("x".repeat(900_000))]]);
  const first = whole.subarray(0, commitEnds(whole)[0]);
  const torn = new TextEncoder().encode(`{"index":1,"payload":"${"y".repeat(950_000)}`);
  Deno.writeFileSync(directory.file(), join(first, torn));
  const events = readRunLog(directory.file());
  assertEquals((await events.next()).value?.index, 0);
  // The reader has read a part of the torn commit when that is cut and a whole one written in its place.
  Deno.writeFileSync(directory.file(), whole);
  assertEquals((await collect(events)).map(({ index }) => index), [1]);
});
