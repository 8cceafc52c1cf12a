import { assertEquals, assertMatch } from "@std/assert";
import { createUuid7 } from "../../src/log/uuid7.ts";

const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

Deno.test("createUuid7() makes version 7 ids that hold the time", () => {
  const id = createUuid7(() => 0x0123456789ab)();
  assertMatch(id, UUID7);
  assertEquals(id.slice(0, 13), "01234567-89ab");
});

Deno.test("createUuid7() makes ids that sort as they were made, also when the clock stands still or goes back", () => {
  let now = 1_000_000;
  const next = createUuid7(() => now);
  const ids: string[] = [];
  for (let i = 0; i < 20_000; i++) {
    if (i === 5000) now -= 500;
    if (i === 15_000) now += 100;
    ids.push(next());
  }
  assertEquals(ids, ids.toSorted());
  assertEquals(new Set(ids).size, ids.length);
  for (const id of ids) assertMatch(id, UUID7);
});

Deno.test("createUuid7() is deterministic where its sources are", () => {
  const make = () => createUuid7(() => 1, () => "00000000-0000-4fff-8000-000000000001");
  assertEquals([make()(), make()()], [
    "00000000-0001-77ff-8000-000000000001",
    "00000000-0001-77ff-8000-000000000001",
  ]);
});
