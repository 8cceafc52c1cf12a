import { assert, assertEquals } from "@std/assert";
import { createRunLog, openRunLog } from "../../src/log/file_log.ts";
import type { RunEvent } from "../../src/log/event.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { collect, linesOf, OPTIONS, runStarted, spawnWriter, TemporaryDirectory } from "./fixture.ts";

/** Tag, append and number within the append of a writer's event. */
function noteOf(event: RunEvent): [string, number, number] {
  assert(event.kind === "pause_requested", event.kind);
  const [tag = "", append, position] = event.payload.reason.split("/");
  return [tag, Number(append), Number(position)];
}

Deno.test("P2: eight processes append to one log: no gap, nothing doubled, lost or out of order", async () => {
  using directory = new TemporaryDirectory();
  const first = await createRunLog(directory.file(), OPTIONS);
  await first.append([runStarted()]);
  await first.close();
  const appends = 100;
  const batch = 3;
  const writers = Array.from(
    { length: 8 },
    (_, i) => spawnWriter("append", directory.file(), "none", `w${i}`, appends, batch, 50),
  );
  const acknowledged = await Promise.all(writers.map(async (writer) => {
    const lines: [number, number][] = [];
    for await (const line of linesOf(writer.stdout)) {
      const [index, append] = line.split(" ").map(Number);
      lines.push([index ?? -1, append ?? -1]);
    }
    await writer.stdin.close();
    assertEquals((await writer.status).code, 0);
    return lines;
  }));
  const { verdict, events: count } = await verifyLog(directory.file());
  assertEquals([verdict, count], ["verified", 1 + 8 * appends * batch]);
  await using log = await openRunLog(directory.file(), OPTIONS);
  const events = await collect(log.read());
  assertEquals(new Set(events.map(({ id }) => id)).size, count);
  acknowledged.forEach((lines, writer) => {
    assertEquals(lines.map(([, append]) => append), Array.from({ length: appends }, (_, i) => i));
    for (const [index, append] of lines) {
      const found = events.slice(index, index + batch).map(noteOf);
      assertEquals(found, Array.from({ length: batch }, (_, i) => [`w${writer}`, append, i]));
    }
  });
});

Deno.test("P2: kill -9 inside a commit leaves it whole or gone, and nothing acknowledged is lost", async () => {
  const batch = 60;
  // Commits of about 2 MB, so that most kills come inside a write; each round ends at another moment.
  for (let round = 0; round < 8; round++) {
    using directory = new TemporaryDirectory();
    const log = await createRunLog(directory.file(), OPTIONS);
    await log.append([runStarted()]);
    await log.close();
    const writer = spawnWriter("append", directory.file(), "none", "w", 1_000_000, batch, 32_000);
    const acknowledged: number[] = [];
    for await (const line of linesOf(writer.stdout)) {
      acknowledged.push(Number(line.split(" ")[1]));
      // By an odd amount of work, not by a timer: what is acknowledged then is real.
      if (acknowledged.length === 3 + round) Deno.kill(writer.pid, "SIGKILL");
    }
    assertEquals((await writer.status).signal, "SIGKILL");
    await writer.stdin.close().catch(() => {});
    assert(acknowledged.length >= 3 + round);

    await using again = await openRunLog(directory.file(), OPTIONS);
    const events = (await collect(again.read(1))).filter(({ kind }) => kind !== "log_repaired");
    assertEquals(events.length % batch, 0);
    assert(events.length / batch >= acknowledged.length);
    assertEquals(events.map(noteOf), events.map((_, i) => ["w", Math.floor(i / batch), i % batch]));
    assertEquals((await verifyLog(directory.file())).verdict, "verified");
  }
});
