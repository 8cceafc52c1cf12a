import { assertEquals } from "@std/assert";
import { startRunClock } from "../../src/log/run_clock.ts";
import { VirtualClock } from "./fixture.ts";

Deno.test("startRunClock() starts at the larger of wall clock and last time, and is monotonic from there", () => {
  const clock = new VirtualClock(1_000_000);
  assertEquals(startRunClock(clock, 5).now(), 1_000_000);
  const ahead = startRunClock(clock, 2_000_000);
  assertEquals(ahead.now(), 2_000_000);
  clock.advance(250);
  clock.jump(-900_000);
  assertEquals(ahead.now(), 2_000_250);
});

Deno.test("jump() reports once that wall and run clock have moved apart by more than 5 s", () => {
  const clock = new VirtualClock(1_000_000);
  const run = startRunClock(clock, 0);
  clock.jump(5000);
  assertEquals(run.jump(), undefined);
  clock.jump(1);
  assertEquals(run.jump(), { wall: 1_005_001, run: 1_000_000 });
  clock.advance(60_000);
  assertEquals(run.jump(), undefined);
  clock.jump(-10_000);
  assertEquals(run.jump(), { wall: 1_055_001, run: 1_060_000 });
  assertEquals(startRunClock(clock, 2_000_000).jump(), { wall: 1_055_001, run: 2_000_000 });
});
