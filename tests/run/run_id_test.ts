import { assert, assertEquals, assertMatch } from "@std/assert";
import { isRunId } from "../../src/log/run_id.ts";
import { makeRunId } from "../../src/run/run_id.ts";

const WALL = Date.UTC(2026, 10, 20, 23, 59, 59, 900);
const random = (...bytes: readonly number[]) => Uint8Array.from(bytes);

Deno.test("makeRunId() names the second in UTC, and four characters of chance", () => {
  assertEquals(makeRunId(WALL, random(0, 31, 10, 255)), "20261120-235959-0zaz");
});

Deno.test("makeRunId() gives a greater id than the newest run's in the same second", () => {
  const newest = "20261120-235959-5zzz";
  assertEquals(makeRunId(WALL, random(6, 0, 0, 0), newest), "20261120-235959-6000");
  assertEquals(makeRunId(WALL, random(5, 0, 0, 0), newest), "20261120-235959-6000");
  assertEquals(makeRunId(WALL, random(5, 7, 0, 3), newest), "20261120-235959-6703");
});

Deno.test("makeRunId() goes on from a newest run that is a little ahead of a clock that was set back", () => {
  assertEquals(makeRunId(WALL, random(1, 1, 1, 1), "20261121-000030-0000"), "20261121-000030-0112");
  assertMatch(makeRunId(WALL, random(1, 1, 1, 1), "20271120-235959-0000"), /^20261120-235959-/);
});

Deno.test("makeRunId() takes the next second where the newest run has the last id of its own", () => {
  const id = makeRunId(WALL, random(1, 2, 3, 4), "20261120-235959-zzzz");
  assertEquals(id, "20261121-000000-1234");
  assert(isRunId(id));
});
