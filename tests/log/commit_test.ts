import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { sha256 } from "../../src/digest.ts";
import { CommitEncoder, NO_SUM, openLine } from "../../src/log/commit.ts";
import { encodeLog, judge } from "./commits.ts";
import { fact, proposal, RUN_ID, runStarted } from "./fixture.ts";

const ID = "01936d5e-7c1a-7abc-8def-0123456789ab";

function line(index: number): string {
  const ts = "2026-11-20T23:50:00.123Z";
  const envelope = {
    index,
    id: ID,
    run_id: RUN_ID,
    ts,
    kind: "run_paused",
    subject: "run",
    actor: "controller/1",
  };
  return openLine({ ...envelope, subject: "run" }, `{"reason":"${index}"}`);
}

Deno.test("CommitEncoder writes the bytes that the format describes", () => {
  const { bytes, sum } = new CommitEncoder().encode([line(7), line(8)], NO_SUM);
  const text = new TextDecoder().decode(bytes);
  const start = `"id":"${ID}","run_id":"${RUN_ID}","ts":"2026-11-20T23:50:00.123Z","schema_version":1,` +
    `"kind":"run_paused","subject":"run","actor":"controller/1","payload":`;
  const body =
    `{"index":7,${start}{"reason":"7"},"prev":"${NO_SUM}","commit":2}\n{"index":8,${start}{"reason":"8"}`;
  assertEquals(text, `${body},"sum":"${sha256(body)}"}\n`);
  assertEquals(sum, sha256(body));
});

Deno.test("CommitEncoder encodes text of any length and any characters", () => {
  const encoder = new CommitEncoder();
  for (const padding of ["", "ü".repeat(100_000), "😀".repeat(10), "x".repeat(5_000_000)]) {
    const { bytes, sum } = encoder.encode([openLine({
      index: 0,
      id: ID,
      run_id: RUN_ID,
      ts: "2026-11-20T23:50:00.123Z",
      kind: "run_paused",
      subject: "run",
      actor: "controller/1",
    }, JSON.stringify({ reason: padding }))], NO_SUM);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    assertEquals(JSON.parse(text).payload.reason, padding);
    assertEquals(JSON.parse(text).sum, sum);
    assertEquals(sha256(text.slice(0, text.lastIndexOf(',"sum":'))), sum);
  }
});

Deno.test("P1: what is read back from commits is what was put into them", () => {
  const json = fc.jsonValue({ maxDepth: 3 }).map((value) => ({ value }));
  const note = fc.string({ unit: "grapheme", maxLength: 20 });
  const batch = fc.array(fc.oneof(note.map(fact), json.map((value) => proposal(value))), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(
      fc.array(batch, { maxLength: 5 }),
      fc.integer({ min: 1, max: 3000 }),
      (batches, pieceSize) => {
        const log = [[runStarted()], ...batches];
        const { verdict, events } = judge(encodeLog(log), pieceSize);
        assertEquals(verdict, "clean");
        assertEquals(events.map(({ index }) => index), events.map((_, i) => i));
        assertEquals(
          events.map(({ kind, subject, actor, payload }) => ({ kind, subject, actor, payload })),
          JSON.parse(JSON.stringify(log.flat())),
        );
        assert(events.every(({ ts }, i) => i === 0 || ts >= (events[i - 1]?.ts ?? "")));
      },
    ),
    { numRuns: 200 },
  );
});
