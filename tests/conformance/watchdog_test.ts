/** The tests of the earlier omk's watchdog, under their names there. */

import { assertEquals } from "@std/assert";
import { makeHeartbeat, reading, START, Watched } from "../watchdog/fixture.ts";

Deno.test("001 watchdog_healthy_worker", () => {
  assertEquals(new Watched().look(0, reading(makeHeartbeat(START))).verdict, "healthy");
});

Deno.test("001 watchdog_missing_heartbeat", () => {
  // A worker that was announced longer ago than it has for its first heartbeat.
  assertEquals(new Watched().lookUntil(5, 35, () => ({ kind: "absent" })).verdict, "dead");
});

Deno.test("001 watchdog_stale_heartbeat", () => {
  const worker = new Watched({ missingMs: 300_000, staleMs: 60_000 });
  assertEquals(worker.look(0, reading(makeHeartbeat(START - 120_000))).verdict, "stalled");
});
