import { assertEquals } from "@std/assert";
import { NO_SUM } from "../../src/log/commit.ts";
import { openRunLog } from "../../src/log/file_log.ts";
import { poison } from "../../src/log/poison.ts";
import { systemFiles } from "../../src/log/file_port.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { commitEnds, join, judge, smallLog } from "./commits.ts";
import { fact, OPTIONS, TemporaryDirectory, until, VirtualClock } from "./fixture.ts";

const LOG = smallLog();
const ENDS = commitEnds(LOG);

/** Sums of the commits of the small log. */
const SUMS = [...new TextDecoder().decode(LOG).matchAll(/"sum":"([0-9a-f]{64})"\}\n/g)].map((match) =>
  match[1] ?? ""
);

/** A clock on which waits are over at once. */
const clock = { wall: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };

async function verify(bytes: Uint8Array) {
  using directory = new TemporaryDirectory();
  Deno.writeFileSync(directory.file(), bytes);
  return await verifyLog(directory.file(), clock);
}

Deno.test("verifyLog() verifies a log and gives its head", async () => {
  assertEquals(await verify(LOG), {
    verdict: "verified",
    events: 7,
    commits: 4,
    head: { index: 6, sum: SUMS[3] ?? "" },
  });
  assertEquals(await verify(new Uint8Array(0)), {
    verdict: "verified",
    events: 0,
    commits: 0,
    head: { index: -1, sum: NO_SUM },
  });
});

Deno.test("verifyLog() tells a torn log, and where", async () => {
  const start = ENDS[2] ?? 0;
  const { at, ...rest } = await verify(LOG.subarray(0, start + 10));
  assertEquals(rest, { verdict: "torn", events: 5, commits: 3, head: { index: 4, sum: SUMS[2] ?? "" } });
  assertEquals(at, { line: 6, offset: start, why: "10 bytes of a commit that was not finished" });
  assertEquals(
    (await verify(LOG.subarray(0, LOG.length - 1))).at?.why,
    "the last commit lacks its line feed",
  );
  assertEquals((await verify(join(LOG, new Uint8Array(10)))).verdict, "torn");
});

Deno.test("verifyLog() tells a corrupt log, and where", async () => {
  const text = new TextDecoder().decode(LOG);
  const changed = await verify(new TextEncoder().encode(text.replace('"second"', '"Second"')));
  assertEquals([changed.verdict, changed.events, changed.commits], ["corrupt", 1, 1]);
  assertEquals(changed.at, {
    line: 2,
    offset: ENDS[0] ?? 0,
    why: "the bytes of the commit do not have its sum",
  });
  const garbage = await verify(join(LOG, new TextEncoder().encode("garbage\n")));
  assertEquals([garbage.verdict, garbage.events, garbage.at?.line], ["corrupt", 7, 8]);
});

Deno.test("verifyLog() tells a poisoned log, and that damage is worse", async () => {
  using directory = new TemporaryDirectory();
  Deno.writeFileSync(directory.file(), LOG);
  await poison(systemFiles, directory.file(), "the disk is broken");
  const { verdict, events, at } = await verifyLog(directory.file(), clock);
  assertEquals([verdict, events, at?.why], ["poisoned", 7, "the disk is broken"]);
  Deno.chmodSync(directory.file(), 0o600);
  Deno.writeTextFileSync(directory.file(), "garbage", { append: true });
  assertEquals((await verifyLog(directory.file(), clock)).verdict, "corrupt");
});

Deno.test("verifyLog() tells a log that it cannot read", async () => {
  using directory = new TemporaryDirectory();
  const missing = await verifyLog(directory.file());
  assertEquals([missing.verdict, missing.events], ["unreadable", 0]);
  assertEquals(missing.at?.why.includes("No such file"), true);
  assertEquals((await verifyLog(directory.path)).verdict, "unreadable");
});

Deno.test("verifyLog() gives a commit that is being written the time to become whole", async () => {
  using directory = new TemporaryDirectory();
  Deno.writeFileSync(directory.file(), LOG.subarray(0, LOG.length - 40));
  const virtual = new VirtualClock();
  const verified = verifyLog(directory.file(), virtual);
  await until(() => virtual.sleeping > 0);
  Deno.writeFileSync(directory.file(), LOG);
  virtual.advance(1000);
  assertEquals((await verified).verdict, "verified");
});

Deno.test("P2: verifyLog() and the appender agree about every log that was cut", async () => {
  for (let length = 1; length < LOG.length; length += 41) {
    using directory = new TemporaryDirectory();
    const bytes = LOG.subarray(0, length);
    Deno.writeFileSync(directory.file(), bytes);
    const { verdict, events } = await verifyLog(directory.file(), clock);
    const judged = judge(bytes);
    assertEquals([verdict, events], [judged.verdict === "clean" ? "verified" : "torn", judged.events.length]);
    if (events === 0) continue;
    await using log = await openRunLog(directory.file(), OPTIONS);
    await log.append([fact("next")]);
    const after = await verifyLog(directory.file(), clock);
    // The record of the repair, where there was one, and the event.
    assertEquals([after.verdict, after.events], ["verified", events + (verdict === "torn" ? 2 : 1)]);
  }
});
