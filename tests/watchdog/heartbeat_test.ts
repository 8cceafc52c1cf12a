import { assertEquals } from "@std/assert";
import { parseHeartbeat, timeOfHeartbeat } from "../../src/watchdog/heartbeat.ts";
import { makeHeartbeat, makeSlot, reading, START } from "./fixture.ts";

Deno.test("parseHeartbeat() reads what was written, and leaves out what it does not know", () => {
  const heartbeat = makeHeartbeat(START, { slots: [makeSlot(3, 12, { cpu: 40, last_line: "half" })] });
  assertEquals(parseHeartbeat(JSON.stringify(heartbeat)), reading(heartbeat));
  assertEquals(parseHeartbeat(JSON.stringify({ ...heartbeat, later: 1 })), reading(heartbeat));
});

Deno.test("parseHeartbeat() says why something is no heartbeat", () => {
  const heartbeat = makeHeartbeat(START);
  const cases: readonly (readonly [unknown, string])[] = [
    [null, ""],
    [{ ...heartbeat, status: "asleep" }, "status"],
    [{ ...heartbeat, pid: "7" }, "pid"],
    [{ ...heartbeat, slots: [{}] }, "slots.0.task_id"],
    [{ ...heartbeat, slots: [makeSlot(1, -1)] }, "slots.0.progress.output_bytes"],
  ];
  for (const [value, place] of cases) {
    const found = parseHeartbeat(JSON.stringify(value));
    assertEquals(found.kind === "unreadable" ? found.reason.split(":")[0] : found.kind, place);
  }
  assertEquals(parseHeartbeat('{"status":').kind, "unreadable");
});

Deno.test("a time that is none is no reason not to read a heartbeat", () => {
  for (const ts of [undefined, 12, "soon"]) {
    const found = parseHeartbeat(JSON.stringify({ ...makeHeartbeat(START), ts }));
    assertEquals(found.kind === "read" ? timeOfHeartbeat(found.heartbeat) : found, null);
  }
  assertEquals(timeOfHeartbeat(makeHeartbeat(START)), START);
});
