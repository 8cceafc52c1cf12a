import { assertEquals, assertRejects } from "@std/assert";
import { LogIoError } from "../../src/log/errors.ts";
import { TolerantReader } from "../../src/log/tolerant_reader.ts";
import { encodeLog, join, smallLog } from "./commits.ts";
import { collect, fact, runStarted, TemporaryDirectory } from "./fixture.ts";

async function read(bytes: Uint8Array, options = {}) {
  using directory = new TemporaryDirectory();
  Deno.writeFileSync(directory.file(), bytes);
  const reader = new TolerantReader(directory.file(), options);
  const events = await collect(reader);
  return { indices: events.map(({ index }) => index), counts: reader.counts, events };
}

function bytesOf(lines: readonly string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
}

const LINES = new TextDecoder().decode(smallLog()).trimEnd().split("\n");

Deno.test("TolerantReader skips and counts what it cannot read", async () => {
  const damaged = [...LINES.slice(0, 2), "", "not-json", "[1]", ...LINES.slice(2)];
  const { indices, counts } = await read(bytesOf(damaged));
  assertEquals(indices, [0, 1, 2, 3, 4, 5, 6]);
  assertEquals(counts, {
    total_lines: 10,
    valid_events: 7,
    parse_failures: 2,
    empty_lines: 1,
    uncommitted_lines: 0,
  });
});

Deno.test("TolerantReader gives what is left of a damaged commit, and nothing of one without an end", async () => {
  // The last line of the second commit is damaged: another follows, so it was whole.
  assertEquals((await read(bytesOf(LINES.with(3, "damaged")))).indices, [0, 1, 2, 4, 5, 6]);
  const torn = await read(smallLog().subarray(0, smallLog().length - 20));
  assertEquals(torn.indices, [0, 1, 2, 3, 4]);
  assertEquals(torn.counts, {
    total_lines: 7,
    valid_events: 5,
    parse_failures: 0,
    empty_lines: 0,
    uncommitted_lines: 2,
  });
});

Deno.test("TolerantReader loses no other line to one that is not UTF-8", async () => {
  const log = encodeLog([[runStarted()], [fact("XXXX")], [fact("c")]]);
  const at = new TextDecoder().decode(log).indexOf("XXXX");
  log[at] = 0xff;
  const { indices, counts } = await read(log);
  assertEquals([indices, counts.parse_failures], [[0, 2], 1]);
});

Deno.test("TolerantReader keeps unknown kinds as they are, and accepts CR LF", async () => {
  const lines = LINES.map((line) => line.replace('"run_paused"', '"goal_paused"'));
  const { events, indices } = await read(new TextEncoder().encode(lines.join("\r\n") + "\r\n"));
  assertEquals(indices, [0, 1, 2, 3, 4, 5, 6]);
  assertEquals(events[4]?.kind, "goal_paused");
});

Deno.test("TolerantReader filters, and starts at an index", async () => {
  assertEquals((await read(smallLog(), { from: 4 })).indices, [4, 5, 6]);
  const { indices, counts } = await read(smallLog(), { filter: { kinds: new Set(["run_paused"]) } });
  assertEquals([indices, counts.valid_events], [[1, 4, 5], 7]);
});

Deno.test("TolerantReader takes a missing log for an empty one, and names one that it may not read", async () => {
  using directory = new TemporaryDirectory();
  const reader = new TolerantReader(directory.file());
  assertEquals([await collect(reader), reader.counts.total_lines], [[], 0]);
  await assertRejects(() => collect(new TolerantReader(directory.path)), LogIoError);
  assertEquals((await read(join())).counts.total_lines, 0);
});
