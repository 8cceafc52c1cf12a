/**
 * A log of ten kilobytes with every kind of damage, in real files: `verify`, the strict reader and opening for append
 * must agree. That the scanner finds every bit is also tested in memory, see `tests/log/commit_scanner_test.ts`.
 */

import { assert, assertEquals } from "@std/assert";
import { type Clock, systemClock } from "../../src/clock.ts";
import type { FreeEvent } from "../../src/log/event.ts";
import { createRunLog, openRunLog } from "../../src/log/file_log.ts";
import { lockPath } from "../../src/log/log_paths.ts";
import { readRunLog } from "../../src/log/reader.ts";
import { isDamage } from "../../src/log/scan.ts";
import { logFiles } from "../../src/log/stats.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { commitEnds, encodeLog, join, judge } from "../log/commits.ts";
import { fact, OPTIONS, proposal, request, runStarted, TemporaryDirectory } from "../log/fixture.ts";
import { report, share } from "./share.ts";

/** Nobody writes to these logs meanwhile: what is torn stays so. */
const clock: Clock = { ...systemClock, sleep: () => Promise.resolve() };

/** Commits of one to four events. */
function tenKilobytes(runId?: string): Uint8Array<ArrayBuffer> {
  const batches = Array.from({ length: 10 }, (_, i) =>
    [
      request(`ein Wort mit ümlaut ${i}`),
      proposal({ "a b": [i, { c: '\n"\\' }], "漢字": null }),
      fact(`${i} \u{1f600}`),
      fact("x".repeat(i * 10)),
    ].slice(0, 1 + i % 4));
  return encodeLog([[runStarted()], ...batches, [fact("last"), request("of"), fact("all")]], runId);
}

const LOG = tenKilobytes();
const ENDS = commitEnds(LOG);
const EVENTS = judge(LOG).events;
const LAST = ENDS.at(-2) ?? 0;
const LINES = new TextDecoder().decode(LOG).trimEnd().split("\n");
/** Every how-many-th position is taken. */
const STEP = share(61, 1);

function bytesOf(lines: readonly string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
}

function equals(some: Uint8Array, others: Uint8Array): boolean {
  return some.length === others.length && some.every((byte, i) => byte === others[i]);
}

/** A log that is not as it was written. */
interface Damaged {
  readonly what: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** How many commits end at or before an offset, how many events they have, and where the last of them ends. */
function wholeBefore(offset: number): { readonly events: number; readonly end: number } {
  const end = ENDS.findLast((each) => each <= offset) ?? 0;
  return { events: new TextDecoder().decode(LOG.subarray(0, end)).split("\n").length - 1, end };
}

/** That these are the first `count` events of the log; as JSON, since there are a hundred thousand cases. */
function assertFirstEvents(events: readonly FreeEvent[], count: number, what: string): void {
  const isEqual = JSON.stringify(events) === JSON.stringify(EVENTS.slice(0, count));
  if (!isEqual) assertEquals(events, EVENTS.slice(0, count), what);
}

/** Events that the strict reader gives, and whether it met damage. */
async function read(path: string): Promise<{ events: FreeEvent[]; isDamaged: boolean }> {
  const events: FreeEvent[] = [];
  try {
    for await (const event of readRunLog(path)) events.push(event);
    return { events, isDamaged: false };
  } catch (error) {
    if (!isDamage(error)) throw error;
    return { events, isDamaged: true };
  }
}

/** Whether the log can be opened for appending; false where it is refused as damaged. */
async function opens(path: string): Promise<boolean> {
  try {
    await (await openRunLog(path, OPTIONS)).close();
    return true;
  } catch (error) {
    if (!isDamage(error)) throw error;
    return false;
  }
}

/** Files in memory, where the system has them: what a sync of a real disk costs would be most of a hundred thousand cases. */
const MEMORY = isDirectory("/dev/shm") ? "/dev/shm" : undefined;

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A directory whose log is written anew for each case; the lock stays open, as opening it is not what is tested. */
class Bench implements Disposable {
  readonly #directory = new TemporaryDirectory(MEMORY);
  readonly path = this.#directory.file();
  readonly #kept = new Set(["events.jsonl", "events.lock"]);
  cases = 0;

  constructor() {
    Deno.writeFileSync(lockPath(this.path), new Uint8Array());
  }

  put(bytes: Uint8Array): void {
    this.cases++;
    Deno.writeFileSync(this.path, bytes);
  }

  /** What stands in the copies of what was cut; they are removed. */
  takeCopies(): Uint8Array[] {
    return this.#directory.names().filter((name) => !this.#kept.has(name)).map((name) => {
      const bytes = Deno.readFileSync(this.#directory.file(name));
      Deno.removeSync(this.#directory.file(name));
      return bytes;
    });
  }

  [Symbol.dispose](): void {
    this.#directory[Symbol.dispose]();
  }
}

/** The log is cut, and then perhaps zeros: it heals by itself, all whole commits stay, and what is cut off is kept. */
async function checkHeals(bench: Bench, { what, bytes }: Damaged, cutAt: number): Promise<void> {
  const whole = wholeBefore(cutAt);
  const isClean = bytes.length === whole.end;
  bench.put(bytes);
  const found = await verifyLog(bench.path, clock);
  assertEquals([found.verdict, found.events], [isClean ? "verified" : "torn", whole.events], what);
  const undamaged = await read(bench.path);
  assertFirstEvents(undamaged.events, whole.events, what);
  assert(!undamaged.isDamaged, what);
  if (whole.events === 0) return;
  assert(await opens(bench.path), what);
  const healed = await verifyLog(bench.path, clock);
  assertEquals(healed.verdict, "verified", what);
  const { events } = await read(bench.path);
  // Where only the line feed was missing, the commit is whole.
  const isCompleted = ENDS.includes(cutAt + 1);
  const kept = isCompleted ? wholeBefore(cutAt + 1) : whole;
  assertFirstEvents(events.slice(0, kept.events), kept.events, what);
  const records = events.slice(kept.events).map(({ kind }) => kind);
  assertEquals(records, isClean || isCompleted ? [] : ["log_repaired"], what);
  const copies = bench.takeCopies();
  assertEquals(copies, records.length === 0 ? [] : [bytes.subarray(whole.end)], what);
}

/** Anything else is found, named where it is, and changed by nobody. */
async function checkFound(bench: Bench, { what, bytes }: Damaged): Promise<void> {
  const at = bytes.findIndex((byte, i) => byte !== LOG[i]);
  assert(at >= 0, `${what}: it is not damaged`);
  const whole = wholeBefore(at);
  bench.put(bytes);
  const found = await verifyLog(bench.path, clock);
  assertEquals([found.verdict, found.events], ["corrupt", whole.events], what);
  const offset = found.at?.offset ?? -1;
  // A commit that says a wrong number of events is found out at its end.
  const end = ENDS.find((each) => each > at) ?? LOG.length;
  assert(whole.end <= offset && offset <= Math.max(at, end), `${what}: damaged at ${at}, found at ${offset}`);
  const { events, isDamaged } = await read(bench.path);
  assertFirstEvents(events, whole.events, what);
  assert(isDamaged, what);
  // Opening looks at the last commit only: what is before it is for whoever reads to find.
  const isLastWhole = bytes.length > LOG.length - LAST &&
    equals(bytes.subarray(LAST - LOG.length), LOG.subarray(LAST));
  if (await opens(bench.path)) assert(isLastWhole, `${what}: opened for appending`);
  assert(equals(Deno.readFileSync(bench.path), bytes), `${what}: opening has changed it`);
  assertEquals(bench.takeCopies(), []);
}

Deno.test("P2: a log cut at any byte, or zeros from any byte on: the torn commit heals by itself", async () => {
  assert(LOG.length >= 10_000, `${LOG.length} bytes`);
  using bench = new Bench();
  for (let length = 0; length <= LOG.length; length += STEP) {
    await checkHeals(bench, { what: `cut at ${length}`, bytes: LOG.slice(0, length) }, length);
    const zeroed = LOG.slice().fill(0, length);
    if (length < LOG.length) await checkHeals(bench, { what: `zeros from ${length}`, bytes: zeroed }, length);
  }
  for (const end of ENDS) {
    for (const length of [end - 1, end, end + 1]) {
      const bytes = LOG.slice(0, length);
      if (length <= LOG.length) await checkHeals(bench, { what: `cut at ${length}`, bytes }, length);
    }
  }
  report("cut and zero-filled logs", { bytes: LOG.length, cases: bench.cases });
});

Deno.test("P2: every flipped bit of a log is found and named, and nobody appends behind it", async () => {
  using bench = new Bench();
  for (let at = 0; at < 8 * LOG.length; at += STEP) {
    const bytes = LOG.slice();
    const byte = Math.floor(at / 8);
    bytes[byte] = (bytes[byte] ?? 0) ^ (1 << at % 8);
    await checkFound(bench, { what: `bit ${at % 8} of byte ${byte}`, bytes });
  }
  report("flipped bits", { bytes: LOG.length, cases: bench.cases });
});

Deno.test("P2: lines that are swapped, doubled, left out or of another run are found and named", async () => {
  using bench = new Bench();
  const other = tenKilobytes("20261121-000000-zzzz");
  const others = new TextDecoder().decode(other).trimEnd().split("\n");
  for (const [i, line] of LINES.entries()) {
    for (let j = i + 1; j < LINES.length; j += share(7, 1)) {
      const swapped = LINES.with(i, LINES[j] ?? "").with(j, line);
      await checkFound(bench, { what: `lines ${i} and ${j} swapped`, bytes: bytesOf(swapped) });
    }
    await checkFound(bench, { what: `line ${i} doubled`, bytes: bytesOf(LINES.toSpliced(i, 0, line)) });
    await checkFound(bench, { what: `line ${i} again at the end`, bytes: bytesOf([...LINES, line]) });
    const otherLine = others[i] ?? "";
    // The first commit of another run is whole by itself: what does not fit then is the next one.
    if (i > 0) {
      await checkFound(bench, { what: `line ${i} of another run`, bytes: bytesOf(LINES.with(i, otherLine)) });
    }
    if (i < LINES.length - 1) {
      await checkFound(bench, { what: `line ${i} left out`, bytes: bytesOf(LINES.toSpliced(i, 1)) });
    }
  }
  for (const [i, end] of commitEnds(other).entries()) {
    const from = ENDS[i] ?? 0;
    if (from < LOG.length) {
      await checkFound(bench, {
        what: `commit ${i} on of another run`,
        bytes: join(LOG.subarray(0, from), other.subarray(end)),
      });
    }
    await checkFound(bench, {
      what: `commits of another run up to ${i} behind it`,
      bytes: join(LOG, other.subarray(0, end)),
    });
  }
  report("swapped, doubled and spliced lines", { lines: LINES.length, cases: bench.cases });
});

Deno.test("P2: damage of a closed segment is found at any byte, by whoever reads, and by whoever opens at its end", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file();
  {
    await using log = await createRunLog(path, { ...OPTIONS, segmentBytes: 4000 });
    await log.append([runStarted()]);
    for (let i = 0; i < 10; i++) {
      await log.append(Array.from({ length: 1 + i % 3 }, (_, k) => fact(`${i}/${k}`)));
    }
  }
  const closed = (await logFiles(path)).at(-2)?.path ?? "";
  const bytes = Deno.readFileSync(closed);
  const lastStart = bytes.subarray(0, bytes.length - 1).lastIndexOf(0x0a) + 1;
  // The sum that ends each commit, and the line feed behind it.
  const ends = [...new TextDecoder().decode(bytes).matchAll(/,"sum":"\w{64}"\}\n/g)].map(({ index }) =>
    index + 76
  );
  let cases = 0;
  const check = async (what: string, damaged: Uint8Array, at: number) => {
    Deno.writeFileSync(closed, damaged);
    cases++;
    const { verdict, at: place } = await verifyLog(path, clock);
    assertEquals(verdict, "corrupt", what);
    const end = ends.find((each) => each > at) ?? bytes.length;
    assert((place?.offset ?? Infinity) < end, `${what}: damaged at ${at}, found at ${place?.offset}`);
    assert((await read(path)).isDamaged, what);
    if (at >= lastStart) assertEquals(await opens(path), false, what);
    assert(equals(Deno.readFileSync(closed), damaged), what);
  };
  for (let at = 0; at < bytes.length; at += STEP) {
    await check(`cut at ${at}`, bytes.subarray(0, at), at);
    const flipped = bytes.slice();
    flipped[at] = (flipped[at] ?? 0) ^ (1 << at % 8);
    await check(`bit ${at % 8} of byte ${at}`, flipped, at);
    await check(`zeros from ${at}`, bytes.slice().fill(0, at), at);
  }
  report("damaged closed segments", { bytes: bytes.length, cases });
});
