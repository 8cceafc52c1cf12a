import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { type Clock, systemClock } from "../../src/clock.ts";
import { LockTimeoutError, LogIoError, LogPoisonedError } from "../../src/log/errors.ts";
import type { RunEvent } from "../../src/log/event.ts";
import { openRunLog } from "../../src/log/file_log.ts";
import { readRunLog } from "../../src/log/reader.ts";
import { verifyLog } from "../../src/log/verify.ts";
import {
  born,
  collect,
  fact,
  type Fault,
  FaultyFiles,
  ioError,
  noSpace,
  OPTIONS,
  overQuota,
  request,
  syncedFact,
  TemporaryDirectory,
  until,
  VirtualClock,
} from "./fixture.ts";

/** A log on files that a test lets fail, and what has been acknowledged. */
async function faulty(
  directory: TemporaryDirectory,
  durability: "strict" | "batch" | "none" = "none",
  clock: Clock = systemClock,
) {
  const files = new FaultyFiles();
  const log = await born(directory, { ...OPTIONS, durability, files, clock });
  return { files, log };
}

function size(directory: TemporaryDirectory): number {
  return Deno.statSync(directory.file()).size;
}

Deno.test("P2: a full disk, a quota and a short write take the commit back; the log goes on when there is space", async () => {
  const faults: ((bytes: Uint8Array) => Fault)[] = [
    () => ({ error: noSpace() }),
    () => ({ error: overQuota() }),
    () => ({ short: 0 }),
    (bytes) => ({ short: 1 + Math.floor(bytes.length / 2) }),
    (bytes) => ({ short: bytes.length - 1 }),
  ];
  for (const fault of faults) {
    using directory = new TemporaryDirectory();
    const { files, log } = await faulty(directory);
    const before = { size: size(directory), head: log.head() };
    files.onWrite = (_, bytes) => fault(bytes);
    const failed = await Promise.allSettled([log.append([fact("a"), fact("b")]), log.append([fact("c")])]);
    for (const result of failed) {
      assert(result.status === "rejected");
      assertInstanceOf(result.reason, LogIoError);
      assertEquals([result.reason.path, result.reason.operation], [directory.file(), "write to"]);
    }
    assertEquals({ size: size(directory), head: log.head() }, before);
    files.onWrite = () => undefined;
    const [event] = await log.append([fact("d")]);
    assertEquals(event?.index, 1);
    await log.close();
    assertEquals(await verifyLog(directory.file()).then(({ verdict, events }) => [verdict, events]), [
      "verified",
      2,
    ]);
  }
});

/** Of a disk whose syncs take no time: some of them are enough for the next to be waited for in place. */
const quickDisk = () => new VirtualClock();

/** Of a disk whose syncs take long: the event loop goes on meanwhile. */
function slowDisk(): Clock {
  const clock = new VirtualClock();
  return {
    wall: () => clock.wall(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    monotonic() {
      clock.advance(10);
      return clock.monotonic();
    },
  };
}

Deno.test("P2: a failed sync is never acknowledged, and poisons the log for every process", async () => {
  for (const durability of ["strict", "batch"] as const) {
    using directory = new TemporaryDirectory();
    const { files, log } = await faulty(directory, durability);
    await using other = await openRunLog(directory.file(), OPTIONS);
    await using idle = await openRunLog(directory.file(), OPTIONS);
    files.onSync = () => {
      throw ioError();
    };
    const rejected = await assertRejects(() => log.append([syncedFact("a")]), LogIoError);
    assertEquals(rejected.operation, "sync");
    assertEquals(log.head().index, 0);
    files.onSync = () => {};
    // The next sync would succeed: nobody may rely on it.
    for (const refused of [log, other, idle]) {
      await assertRejects(() => refused.append([request("b")]), LogPoisonedError);
      await assertRejects(() => refused.poll(), LogPoisonedError);
    }
    const fresh = await assertRejects(() => openRunLog(directory.file(), OPTIONS), LogPoisonedError);
    assertEquals(fresh.path, directory.file());
    assert(fresh.reason.includes("could not sync it: Input/output error"), fresh.reason);
    await log.close();
    const { verdict, events } = await verifyLog(directory.file());
    assertEquals([verdict, events], ["poisoned", 2]);
    assertEquals(directory.names(), ["events.jsonl", "events.lock", "events.poisoned"]);
    // Reading goes on, and other processes have not seen what was not acknowledged.
    assertEquals((await collect(readRunLog(directory.file()))).length, 2);
    assertEquals((await collect(other.read())).length, 1);
  }
});

Deno.test("P2: appends that are queued behind a failed sync are rejected too", async () => {
  using directory = new TemporaryDirectory();
  const { files, log } = await faulty(directory, "strict");
  const gate = Promise.withResolvers<void>();
  files.onSync = () => gate.promise;
  const told: RunEvent[] = [];
  log.subscribe((event) => told.push(event));
  const appends = [log.append([fact("a")])];
  await until(() => files.syncs >= 2);
  appends.push(log.append([fact("b")]), log.append([fact("c")]));
  gate.reject(ioError());
  const results = await Promise.allSettled(appends);
  assertEquals(results.map(({ status }) => status), ["rejected", "rejected", "rejected"]);
  assertEquals([told, log.head().index], [[], 0]);
  await log.close();
});

Deno.test("P2: the sync of what batch durability has put off poisons the log as well", async () => {
  using directory = new TemporaryDirectory();
  const { files, log } = await faulty(directory, "batch");
  await log.append([fact("acknowledged, unsynced")]);
  files.onSync = () => {
    throw ioError();
  };
  await assertRejects(() => log.close(), LogIoError);
  await assertRejects(() => openRunLog(directory.file(), OPTIONS), LogPoisonedError);
});

Deno.test("P2: a write that fails for another reason than space poisons the log", async () => {
  using directory = new TemporaryDirectory();
  const { files, log } = await faulty(directory);
  files.onWrite = () => ({ error: ioError() });
  await assertRejects(() => log.append([fact("a")]), LogIoError, "Input/output error");
  files.onWrite = () => undefined;
  await assertRejects(() => log.append([fact("b")]), LogPoisonedError);
  await log.close();
});

Deno.test("P2: a failed write that cannot be taken back poisons the log", async () => {
  using directory = new TemporaryDirectory();
  const { files, log } = await faulty(directory);
  files.onWrite = (_, bytes) => ({ short: bytes.length - 1 });
  files.onTruncate = ioError;
  await assertRejects(() => log.append([fact("a")]), LogIoError, "take back");
  await assertRejects(() => openRunLog(directory.file(), OPTIONS), LogPoisonedError);
  await log.close();
});

Deno.test("P2: where the marker cannot be created, the lock keeps other processes out until the log is closed", async () => {
  using directory = new TemporaryDirectory();
  const { files, log } = await faulty(directory, "strict");
  await using other = await openRunLog(directory.file(), { ...OPTIONS, lockBudgetMs: 0 });
  files.onSync = () => {
    throw ioError();
  };
  files.onCreateWhole = () => ioError();
  await assertRejects(() => log.append([fact("a")]), LogIoError);
  await assertRejects(() => log.append([fact("b")]), LogPoisonedError);
  await assertRejects(() => other.append([request("c")]), LockTimeoutError);
  await log.close();
  assertEquals(directory.names(), ["events.jsonl", "events.lock"]);
});

Deno.test("a marker that somebody else has put there is honoured by logs that are open", async () => {
  using directory = new TemporaryDirectory();
  const { log } = await faulty(directory);
  Deno.writeTextFileSync(directory.file("events.poisoned"), "by hand\n");
  let refusal: unknown;
  // Within a few milliseconds, as the marker is looked for no more often.
  while (refusal === undefined) await log.append([fact("a")]).catch((error) => refusal = error);
  assertInstanceOf(refusal, LogPoisonedError);
  assertEquals(refusal.reason, "by hand");
  await log.close();
});

Deno.test("P2: a torn commit that cannot be copied stays, and is repaired when there is space again", async () => {
  using directory = new TemporaryDirectory();
  const { log: first } = await faulty(directory);
  await first.close();
  Deno.writeTextFileSync(directory.file(), '{"index":1,"i', { append: true });
  const torn = Deno.readFileSync(directory.file());
  const files = new FaultyFiles();
  files.onCreateWhole = noSpace;
  await assertRejects(() => openRunLog(directory.file(), { ...OPTIONS, files }), LogIoError, "torn");
  assertEquals(Deno.readFileSync(directory.file()), torn);
  files.onCreateWhole = () => undefined;
  // Cut, but no room for the record of it: that is owed, and comes first when there is.
  files.onWrite = () => ({ error: noSpace() });
  await assertRejects(() => openRunLog(directory.file(), { ...OPTIONS, files }), LogIoError, "write");
  files.onWrite = () => undefined;
  await using log = await openRunLog(directory.file(), OPTIONS);
  await log.append([fact("a")]);
  assertEquals((await verifyLog(directory.file())).verdict, "verified");
});

Deno.test("P2: the record of a repair is owed until there is space for it", async () => {
  using directory = new TemporaryDirectory();
  const { files, log } = await faulty(directory);
  Deno.writeTextFileSync(directory.file(), '{"index":1,"i', { append: true });
  files.onWrite = () => ({ error: noSpace() });
  await assertRejects(() => log.append([fact("a")]), LogIoError);
  files.onWrite = () => undefined;
  await log.append([fact("b")]);
  assertEquals((await collect(log.read(1))).map(({ kind }) => kind), ["log_repaired", "run_paused"]);
  await log.close();
});

Deno.test("P2: with a fault at the n-th write or sync, what was acknowledged is there, once and in order", async () => {
  const faults: Record<string, (files: FaultyFiles, n: number) => void> = {
    "no space": (files, n) => files.onWrite = (call) => call === n ? { error: noSpace() } : undefined,
    "short write": (files, n) => files.onWrite = (call) => call === n ? { short: 100 } : undefined,
    "write error": (files, n) => files.onWrite = (call) => call >= n ? { error: ioError() } : undefined,
    "sync error": (files, n) => {
      files.onSync = (call) => {
        if (call === n) throw ioError();
      };
    },
  };
  for (
    const [name, arm, disk] of Object.entries(faults).flatMap(([name, arm]) =>
      [quickDisk, slowDisk].map((disk) => [`${name}, ${disk.name}`, arm, disk] as const)
    )
  ) {
    for (let n = 2; n <= 9; n++) {
      using directory = new TemporaryDirectory();
      const { files, log } = await faulty(directory, "strict", disk());
      arm(files, n);
      const acknowledged: string[] = [];
      let isOver = false;
      for (let i = 0; i < 8; i++) {
        const appended = await log.append([fact(`${i}`), fact(`${i}b`)]).then(() => true, () => false);
        // A failed sync is never followed by an acknowledgement.
        assert(!(isOver && appended), `${name} at ${n}`);
        isOver ||= !appended && /^(?:write|sync) error/.test(name);
        if (appended) acknowledged.push(`${i}`, `${i}b`);
      }
      if (n === 9 && !isOver) assertEquals(files.syncsInPlace > 0, disk === quickDisk);
      await log.close().catch(() => {});
      const { verdict } = await verifyLog(directory.file());
      assertEquals(verdict, isOver ? "poisoned" : "verified", `${name} at ${n}`);
      const events = await collect(readRunLog(directory.file(), { from: 1 }));
      const notes = events.map((event) => event.kind === "run_paused" ? event.payload.reason : "");
      assertEquals(notes.slice(0, acknowledged.length), acknowledged, `${name} at ${n}`);
      assert(notes.length <= acknowledged.length + 2);
    }
  }
});
