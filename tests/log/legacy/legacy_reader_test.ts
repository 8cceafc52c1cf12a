import { assertEquals, assertRejects } from "@std/assert";
import { LogIoError, MalformedEventError } from "../../../src/log/errors.ts";
import type { EventFilter } from "../../../src/log/event_filter.ts";
import { formatOf, type LegacyFormat } from "../../../src/log/legacy/format.ts";
import { segmentPath } from "../../../src/log/log_paths.ts";
import { detectFormat, LegacyReader } from "../../../src/log/legacy/legacy_reader.ts";
import { smallLog } from "../commits.ts";
import { collect, TemporaryDirectory } from "../fixture.ts";

/** Lines as the earlier systems wrote them. */
const OMK = [
  '{"id":"7c9e6679-7425-40de-944b-e07fc1f90ae7","run_id":"run-20260101-120000-001","ts":"2026-01-01T12:00:00.123456789Z","schema_version":1,"kind":"task_claimed","actor":"worker-1","payload":{"task_id":"t1","worker_id":"worker-1","lease_deadline":"2026-01-01T12:05:00Z"}}',
  '{"id":"7c9e6679-7425-40de-944b-e07fc1f90ae8","run_id":"run-20260101-120000-001","ts":"2026-01-01T12:00:01+00:00","schema_version":1,"kind":"gate_failed","payload":{"gate_id":"g1","name":"clippy","required":true}}',
  '{"id":"7c9e6679-7425-40de-944b-e07fc1f90ae9","run_id":"run-20260101-120000-001","ts":"2026-01-01T12:00:02Z","schema_version":1,"kind":"slice.lease.claimed","payload":{"0":"t2"}}',
];
const OMNE = [
  '{"type":"pipe.started","id":"01j","ts":"2026-02-01T00:00:00Z","run_id":"pipe-01","inputs":{"a":"b"}}',
  '{"type":"node.failed","id":"01k","ts":"2026-02-01T00:00:01Z","run_id":"pipe-01","node_id":"build","error":{"kind":"timeout","message":"late"}}',
];
const HARN = [
  '{"index":0,"emitted_at_ms":1767225600000,"frame_depth":null,"type":"tool_call","session_id":"s-1","name":"ls"}',
  '{"index":1,"emitted_at_ms":1767225600005,"frame_depth":null,"type":"turn_end","session_id":"s-1"}',
];
const TOPIC = [
  '{"id":1,"event":{"kind":"tool_call","payload":{"x":1},"headers":{"session_id":"s-1"},"occurred_at_ms":1767225600000}}',
];
const LOGS: Readonly<Record<LegacyFormat, readonly string[]>> = {
  "omk-0.5": OMK,
  "omne": OMNE,
  "harn": HARN,
  "harn-topic": TOPIC,
};

async function read(path: string, format: LegacyFormat, filter: EventFilter = {}) {
  return (await collect(new LegacyReader(path, format, { filter }))).map((event) => {
    const { index, ts, kind, subject, actor, run_id } = event;
    return [index, ts, kind, subject, actor, run_id].join(" ");
  });
}

Deno.test("detectFormat() recognises each system by the fields of the first line that has them", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file();
  for (const [format, lines] of Object.entries(LOGS)) {
    Deno.writeTextFileSync(path, `\r\n{"half\n${lines.join("\n")}`);
    assertEquals(await detectFormat(path), format);
  }
  Deno.writeFileSync(path, smallLog());
  assertEquals(await detectFormat(path), "omk");
  // Between the two steps of a rotation only the closed segment is there.
  Deno.renameSync(path, segmentPath(path, 0));
  assertEquals(await detectFormat(path), "omk");
  Deno.removeSync(segmentPath(path, 0));
  Deno.writeTextFileSync(path, "no log\n");
  assertEquals(await detectFormat(path), "omk");
  assertEquals(formatOf({ id: "x", run_id: "r", ts: "t", type: "other" }), undefined);
  await assertRejects(() => detectFormat(directory.file("missing")), LogIoError);
});

Deno.test("LegacyReader gives the events of each system in the terms of this one", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file();
  const write = (lines: readonly string[]) => Deno.writeTextFileSync(path, lines.join("\r\n"));
  write(OMK);
  assertEquals(await read(path, "omk-0.5"), [
    "0 2026-01-01T12:00:00.123Z task_claimed task/t1 worker-1 run-20260101-120000-001",
    "1 2026-01-01T12:00:01.000Z gate_failed run unknown run-20260101-120000-001",
    "2 2026-01-01T12:00:02.000Z slice.lease.claimed task/t2 unknown run-20260101-120000-001",
  ]);
  const indices = async (filter: EventFilter) =>
    (await read(path, "omk-0.5", filter)).map((line) => line.slice(0, 1)).join("");
  assertEquals(await indices({ gate: "g1" }) + await indices({ gate: "other" }), "1");
  assertEquals(await indices({ task: "t2" }) + await indices({ actors: new Set(["worker-1"]) }), "20");
  assertEquals(await indices({ since: Date.parse("2026-01-01T12:00:01Z") }), "12");
  write(OMNE);
  assertEquals(await read(path, "omne"), [
    "0 2026-02-01T00:00:00.000Z pipe.started run unknown pipe-01",
    "1 2026-02-01T00:00:01.000Z node.failed task/build unknown pipe-01",
  ]);
  const [, failed] = await collect(new LegacyReader(path, "omne"));
  assertEquals(failed?.payload, { node_id: "build", error: { kind: "timeout", message: "late" } });
  write(TOPIC);
  assertEquals(await read(path, "harn-topic"), ["1 2026-01-01T00:00:00.000Z tool_call run s-1 s-1"]);
});

Deno.test("LegacyReader joins the files that a log of harn went on in", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("session.jsonl");
  const line = (index: number) => (HARN[0] ?? "").replace('"index":0', `"index":${index}`);
  Deno.writeTextFileSync(path, `${line(0)}\n${line(1)}\n`);
  Deno.writeTextFileSync(directory.file("session-000002.jsonl"), `${line(3)}\n`);
  Deno.writeTextFileSync(directory.file("session-000001.jsonl"), `${line(2)}\n`);
  Deno.writeTextFileSync(directory.file("session-other.jsonl"), `${line(9)}\n`);
  const reader = new LegacyReader(path, "harn");
  assertEquals((await collect(reader)).map(({ index }) => index), [0, 1, 2, 3]);
  assertEquals(reader.counts.total_lines, 4);
});

Deno.test("LegacyReader counts as the earlier readers did, and stops at the first bad line where it is strict", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file();
  const [first = "", second = "", third = ""] = OMK;
  const bytes = [
    `${first}\n\n  \r\nnot json\n[1]\n`,
    '{"id":1}\n',
    `${second.replace("gate_failed", "kind_of_tomorrow")}\n`,
    `${third.replace("2026-01-01T12:00:02Z", "yesterday")}\n`,
  ].map((text) => new TextEncoder().encode(text));
  const parts = [...bytes, new Uint8Array([0x22, 0xff, 0x0a]), new TextEncoder().encode(third)];
  Deno.writeFileSync(path, new Uint8Array(parts.flatMap((part) => [...part])));
  const reader = new LegacyReader(path, "omk-0.5");
  const kinds = (await collect(reader)).map(({ kind }) => kind);
  assertEquals(kinds, ["task_claimed", "kind_of_tomorrow", "slice.lease.claimed"]);
  assertEquals(reader.counts, {
    total_lines: 10,
    valid_events: 3,
    parse_failures: 5,
    empty_lines: 2,
    uncommitted_lines: 0,
  });
  const strict = new LegacyReader(path, "omk-0.5", { strict: true });
  const error = await assertRejects(() => collect(strict), MalformedEventError);
  assertEquals([error.lineNumber, error.why], [4, "not JSON"]);
  assertEquals(strict.counts.valid_events, 1);
});
