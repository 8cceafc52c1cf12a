import { assertEquals, assertThrows } from "@std/assert";
import { findLastCommit } from "../../src/log/last_commit.ts";
import { commitEnds, encodeLog, join, smallLog } from "./commits.ts";
import { fact, runStarted } from "./fixture.ts";

function find(bytes: Uint8Array) {
  const readAt = (offset: number, into: Uint8Array) => {
    const piece = bytes.subarray(offset, offset + into.length);
    into.set(piece);
    return piece.length;
  };
  return findLastCommit(readAt, bytes.length);
}

Deno.test("findLastCommit() finds the last whole commit at every length of a log", () => {
  const log = smallLog();
  const ends = commitEnds(log);
  for (let length = 0; length <= log.length; length++) {
    const last = ends.findLastIndex((end) => end <= length);
    const expected = last < 0 ? undefined : { start: ends[last - 1] ?? 0, end: ends[last] ?? 0 };
    assertEquals(find(log.subarray(0, length)), expected);
  }
});

Deno.test("findLastCommit() looks back as far as a large commit and a large torn one reach", () => {
  const large = Array.from({ length: 40 }, (_, i) => fact(`${i}`.padEnd(10_000, ".")));
  const log = encodeLog([[runStarted()], large, [fact("b")], large]);
  const ends = commitEnds(log);
  assertEquals(find(log), { start: ends[2] ?? 0, end: log.length });
  assertEquals(find(log.subarray(0, log.length - 1)), { start: ends[1] ?? 0, end: ends[2] ?? 0 });
  assertEquals(find(log.subarray(0, (ends[1] ?? 0) - 1)), { start: 0, end: ends[0] ?? 0 });
});

Deno.test("findLastCommit() refuses a commit without a beginning", () => {
  const log = smallLog();
  const second = log.subarray(commitEnds(log)[0]);
  const headless = second.subarray(second.indexOf(0x0a) + 1, commitEnds(log)[1]);
  assertThrows(
    () => find(headless.subarray(0, (commitEnds(log)[1] ?? 0) - (commitEnds(log)[0] ?? 0) - 1)),
    RangeError,
  );
  assertEquals(find(join(new TextEncoder().encode("garbage\n"))), undefined);
  assertEquals(find(new Uint8Array(0)), undefined);
});
