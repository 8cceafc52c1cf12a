import { assertEquals } from "@std/assert";
import { parseHeartbeat } from "../../src/watchdog/heartbeat.ts";
import { thresholdsOf } from "../../src/watchdog/thresholds.ts";
import { checkOnce, judge, observe, startWatch } from "../../src/watchdog/watch.ts";
import { makePlan, makeTask } from "../run/fixture.ts";
import { beatAt, makeHeartbeat, makeSlot, reading, START, THRESHOLDS, Watched } from "./fixture.ts";

const ABSENT = { kind: "absent" } as const;

Deno.test("a worker is healthy while its heartbeats arrive, and dead 30 s after the last one", () => {
  const worker = new Watched();
  assertEquals(worker.lookUntil(0, 600, beatAt).verdict, "healthy");
  const last = () => beatAt(600);
  assertEquals(worker.lookUntil(605, 630, last).verdict, "healthy");
  assertEquals(worker.look(631, last()), { verdict: "dead", reason: "no heartbeat for 31 s", slots: [] });
  assertEquals(worker.look(635, beatAt(635)).verdict, "healthy", "it is back");
});

Deno.test("a new worker has its time for a first heartbeat, and one whose file is taken away for the next", () => {
  const worker = new Watched();
  assertEquals(worker.look(0, ABSENT).verdict, "unknown");
  assertEquals(worker.lookUntil(5, 30, () => ABSENT).reason, "it has given no heartbeat yet");
  assertEquals(worker.look(35, ABSENT).verdict, "dead");
  assertEquals(worker.look(40, beatAt(40)).verdict, "healthy");
  assertEquals(worker.lookUntil(45, 70, () => ABSENT).verdict, "healthy");
  assertEquals(worker.look(75, ABSENT).verdict, "dead");
});

Deno.test("a heartbeat that cannot be read, and a process that is gone, are dead at once", () => {
  const worker = new Watched();
  assertEquals(worker.look(1, parseHeartbeat("{")).reason, "its heartbeat cannot be read: it is no JSON");
  assertEquals(worker.look(2, parseHeartbeat('{"status":"alive"}')).verdict, "dead");
  assertEquals(worker.look(3, beatAt(3)).verdict, "healthy");
  assertEquals(worker.look(4, beatAt(4), { isGone: true }).reason, "its process is gone");
});

Deno.test("a worker that has stopped is not dead, however long ago that was and though its process is gone", () => {
  const worker = new Watched();
  const stopped = reading(makeHeartbeat(START, { status: "stopped" }));
  assertEquals(worker.lookUntil(0, 300, () => stopped).verdict, "stopped");
  assertEquals(worker.look(305, stopped, { isGone: true }).verdict, "stopped");
});

Deno.test("a worker whose heartbeat has no time, or one ahead of the clock, is stalled until one is right again", () => {
  for (const ts of ["", "yesterday", "12"]) {
    const worker = new Watched();
    const check = worker.look(0, reading(makeHeartbeat(START, { ts, slots: [makeSlot(1, 1)] })));
    assertEquals([check.verdict, check.reason], ["stalled", "its heartbeat has no valid time"]);
    assertEquals(check.slots[0]?.verdict, "stalled");
  }
  const worker = new Watched();
  assertEquals(worker.look(0, reading(makeHeartbeat(START + 5_000))).verdict, "healthy");
  const ahead = worker.look(5, reading(makeHeartbeat(START + 3_605_000)));
  assertEquals([ahead.verdict, ahead.reason], ["stalled", "its heartbeat is 3600 s ahead of the clock"]);
  assertEquals(worker.look(10, beatAt(10)).verdict, "healthy");
});

Deno.test("the clock set back or forward an hour makes nobody dead or stalled", () => {
  for (const jump of [-3_600_000, 3_600_000]) {
    const worker = new Watched();
    worker.lookUntil(0, 60, (at) => beatAt(at, [makeSlot(1, at)]));
    for (let at = 65; at <= 300; at += 5) {
      const wall = START + at * 1000 + jump;
      const found = reading(makeHeartbeat(wall, { slots: [makeSlot(1, at)] }));
      assertEquals(worker.look(at, found, { wall }).verdict, "healthy");
    }
  }
});

Deno.test("a heartbeat given just before the clock was set back is as good as any; the next must be right", () => {
  const hour = 3_600_000;
  const wallAt = (at: number) => START + at * 1000 - hour;
  const worker = new Watched();
  worker.lookUntil(0, 60, (at) => beatAt(at, [makeSlot(1, at)]));
  const check = worker.look(65, beatAt(64, [makeSlot(1, 64)]), { wall: wallAt(65) });
  assertEquals([check.verdict, check.slots[0]?.verdict], ["healthy", "healthy"]);
  const ahead = worker.look(70, beatAt(69), { wall: wallAt(70) });
  assertEquals(ahead.reason, "its heartbeat is 3599 s ahead of the clock");
  assertEquals(worker.look(75, reading(makeHeartbeat(wallAt(74))), { wall: wallAt(75) }).verdict, "healthy");
});

Deno.test("an attempt is stalled when neither its output nor its CPU time changes for as long as its task allows", () => {
  const worker = new Watched({ staleMsOf: (id) => id === "t2" ? 600_000 : 60_000 });
  const at = (bytes: number, cpu: number) => (seconds: number) =>
    beatAt(seconds, [makeSlot(1, bytes, { cpu }), makeSlot(2, 5)]);
  assertEquals(worker.lookUntil(0, 55, at(5, 0)).slots[0]?.verdict, "healthy");
  const stalled = worker.look(60, at(5, 0)(60));
  assertEquals(stalled.slots.map(({ verdict }) => verdict), ["stalled", "healthy"]);
  assertEquals(stalled.slots[0]?.reason, "neither output nor CPU time for 60 s");
  assertEquals([stalled.verdict, stalled.slots[0]?.since], ["healthy", START]);
  assertEquals(worker.look(65, at(6, 0)(65)).slots[0]?.verdict, "healthy", "one byte is progress");
  assertEquals(worker.lookUntil(70, 120, at(6, 0)).slots[0]?.verdict, "healthy");
  assertEquals(worker.lookUntil(125, 300, (s) => at(6, s)(s)).slots[0]?.verdict, "healthy", "so is CPU time");
  assertEquals(worker.lookUntil(305, 600, at(6, 300)).slots[1]?.verdict, "stalled");
});

Deno.test("only a body can stall: not a set-up, not what is kept afterwards, and not what nobody could measure", () => {
  for (const stage of ["setup", "over"] as const) {
    const check = new Watched().lookUntil(0, 600, (at) => beatAt(at, [makeSlot(1, 0, { stage })]));
    assertEquals(check.slots[0]?.verdict, "healthy", stage);
  }
  const worker = new Watched();
  worker.lookUntil(0, 50, (at) => beatAt(at, [makeSlot(1, 0, { stage: "setup" })]));
  assertEquals(worker.lookUntil(55, 110, (at) => beatAt(at, [makeSlot(1, 0)])).slots[0]?.verdict, "healthy");
  const unmeasured = new Watched().lookUntil(0, 600, (at) => beatAt(at, [makeSlot(1, 0, { cpu: null })]));
  assertEquals(unmeasured.slots[0]?.verdict, "unknown");
  assertEquals(unmeasured.slots[0]?.reason, "its CPU time could not be measured");
});

Deno.test("another attempt starts anew, in the same worker", () => {
  const worker = new Watched();
  worker.lookUntil(0, 55, (at) => beatAt(at, [makeSlot(1, 5)]));
  assertEquals(worker.lookUntil(60, 115, (at) => beatAt(at, [makeSlot(2, 5)])).slots[0]?.verdict, "healthy");
});

Deno.test("after a sleep nobody is judged for the time in which nobody looked", () => {
  const worker = new Watched();
  const found = (at: number) => beatAt(at, [makeSlot(1, 5)]);
  worker.lookUntil(0, 50, found);
  const old = found(50);
  assertEquals(
    worker.look(9_000, old).verdict,
    "healthy",
    "its heartbeat is as old as it was before the sleep",
  );
  assertEquals(worker.look(9_005, found(9_005)).slots[0]?.verdict, "healthy");
  assertEquals(
    worker.look(9_010, found(9_010)).slots[0]?.verdict,
    "stalled",
    "60 s in which somebody looked",
  );
  assertEquals(new Watched().lookUntil(0, 35, () => ABSENT).verdict, "dead");
  const short = new Watched({ missingMs: 6_000 });
  short.lookUntil(0, 20, beatAt);
  assertEquals(
    short.look(45, beatAt(20)).verdict,
    "healthy",
    "nobody looked for 25 s",
  );
});

Deno.test("who always looks late, as on a machine with too much to do, finds the dead all the same", () => {
  const slow = new Watched();
  slow.look(0, beatAt(0));
  slow.look(5, beatAt(5));
  const verdicts = [1, 2, 3, 4, 5, 6].map((look) => slow.look(5 + 12 * look, beatAt(5)).verdict);
  assertEquals(verdicts, ["healthy", "healthy", "healthy", "healthy", "healthy", "dead"]);
  assertEquals(slow.look(89, beatAt(89)).verdict, "healthy");
});

Deno.test("what is found with the first look may be old, whatever its time: it proves nothing until another comes", () => {
  for (const age of [-3_600_000, 0, 40_000, 3_600_000]) {
    const worker = new Watched();
    worker.watch = startWatch(START);
    const old = reading(makeHeartbeat(START - age, { slots: [makeSlot(1, 1)] }));
    const check = worker.look(0, old);
    assertEquals([check.verdict, check.slots[0]?.verdict], ["unknown", "unknown"]);
    assertEquals(worker.lookUntil(5, 30, () => old).verdict, "unknown");
    assertEquals(worker.look(35, old).verdict, "dead");
    assertEquals(worker.look(40, beatAt(40)).verdict, "healthy");
  }
});

Deno.test("checkOnce() goes by the time in the heartbeat, which is all that one look has", () => {
  const at = (age: number) => {
    const found = reading(makeHeartbeat(START - age, { slots: [makeSlot(1, 1)] }));
    return checkOnce(START - 600_000, { now: START, wall: START, reading: found, isGone: false }, THRESHOLDS);
  };
  assertEquals([at(0).verdict, at(29_000).verdict, at(31_000).verdict], ["healthy", "healthy", "dead"]);
  assertEquals(at(-6_000).reason, "its heartbeat is 6 s ahead of the clock");
  assertEquals(at(0).slots[0]?.verdict, "healthy");
});

Deno.test("looking changes nothing: the same observations give the same verdicts, from any moment on", () => {
  const worker = new Watched();
  worker.lookUntil(0, 30, beatAt);
  const before = structuredClone(worker.watch);
  const seen = { now: START + 90_000, wall: START + 90_000, reading: beatAt(30), isGone: false };
  const once = judge(observe(worker.watch, seen), THRESHOLDS);
  assertEquals(judge(observe(worker.watch, seen), THRESHOLDS), once);
  assertEquals(worker.watch, before);
});

Deno.test("thresholdsOf() gives an agent ten times as long as a command", () => {
  const plan = makePlan([makeTask("shell"), makeTask("agent", { prompt: "do it" })]);
  const { missingMs, staleMs, staleMsOf } = thresholdsOf(
    plan,
    (id) => plan.tasks.find((each) => each.id === id),
  );
  assertEquals([missingMs, staleMs, staleMsOf("shell"), staleMsOf("agent"), staleMsOf("gone")], [
    30_000,
    60_000,
    60_000,
    600_000,
    60_000,
  ]);
});
