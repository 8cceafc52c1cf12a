import { assertEquals, assertRejects } from "@std/assert";
import { AppendAbortedError, EventRefusedError, LogClosedError } from "../../src/log/errors.ts";
import type { RunEvent } from "../../src/log/event.ts";
import { MemoryLog } from "../../src/log/memory_log.ts";
import { judge } from "./commits.ts";
import { collect, fact, proposal, request, RUN_ID, runStarted, VirtualClock } from "./fixture.ts";

Deno.test("P1: MemoryLog holds the same bytes, events and heads as a file would", async () => {
  const clock = new VirtualClock();
  const log = new MemoryLog({ runId: RUN_ID, clock });
  const heard: [number, boolean][] = [];
  log.subscribe(({ index }, own) => heard.push([index, own]));
  const events: RunEvent[] = [...await log.append([runStarted()])];
  clock.advance(10);
  events.push(...log.appendForeign([request("foreign")]));
  assertEquals(log.head().index, 0);
  assertEquals(await log.poll(), 1);
  events.push(...await log.append([fact("b"), proposal({ password: "x", n: -0 })]));
  assertEquals(heard, [[0, true], [1, false], [2, true], [3, true]]);
  const judged = judge(log.bytes());
  assertEquals(judged.verdict, "clean");
  assertEquals(judged.events, events);
  assertEquals(await collect(log.read(2)), events.slice(2));
  assertEquals(events[2]?.ts, "2026-11-20T23:50:00.010Z");
  const last = new TextDecoder().decode(log.bytes()).trimEnd().split("\n").at(-1) ?? "";
  assertEquals(log.head(), { index: 3, sum: JSON.parse(last).sum });
});

Deno.test("MemoryLog fails as it is told, and then nothing is committed", async () => {
  let failure: Error | undefined;
  const log = new MemoryLog({ runId: RUN_ID, clock: new VirtualClock(), failure: () => failure });
  await log.append([runStarted()]);
  failure = new Error("no space");
  await assertRejects(() => log.append([fact("a")]), Error, "no space");
  failure = undefined;
  await assertRejects(() => log.append([{ ...fact("a"), actor: "cli/1" }]), EventRefusedError);
  const signal = AbortSignal.abort();
  await assertRejects(() => log.append([fact("a")], { signal }), AppendAbortedError);
  assertEquals((await log.append([fact("b")])).map(({ index }) => index), [1]);
  await log.sync();
  await log.close();
  await assertRejects(() => log.append([fact("c")]), LogClosedError);
});

Deno.test("MemoryLog is deterministic where clock and ids are", async () => {
  const make = async () => {
    let id = 0;
    const newId = () => `00000000-0000-7000-8000-${String(id++).padStart(12, "0")}`;
    const log = new MemoryLog({ runId: RUN_ID, clock: new VirtualClock(), newId });
    await log.append([runStarted()]);
    await log.append([fact("a"), fact("b")]);
    return log.bytes();
  };
  assertEquals(await make(), await make());
});
