/** The tests of the earlier omk's watchdog, under their names there: each is one look, as a display takes it. */

import { assertEquals } from "@std/assert";
import type { HeartbeatReading } from "../../src/watchdog/heartbeat.ts";
import { checkOnce } from "../../src/watchdog/watch.ts";
import { makeHeartbeat, reading, START, THRESHOLDS } from "../watchdog/fixture.ts";

/** The verdict on a worker that was announced ten minutes ago. */
function look(found: HeartbeatReading, missingMs = THRESHOLDS.missingMs) {
  const seen = { now: START, wall: START, reading: found, isGone: false };
  return checkOnce(START - 600_000, seen, { ...THRESHOLDS, missingMs }).verdict;
}

Deno.test("001 watchdog_healthy_worker", () => {
  assertEquals(look(reading(makeHeartbeat(START))), "healthy");
});

Deno.test("001 watchdog_missing_heartbeat", () => {
  assertEquals(look({ kind: "absent" }), "dead");
});

Deno.test("001 watchdog_stale_heartbeat", () => {
  assertEquals(look(reading(makeHeartbeat(START - 120_000)), 300_000), "stalled");
});
