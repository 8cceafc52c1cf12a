import { assert, assertEquals, assertInstanceOf, assertNotStrictEquals, assertRejects } from "@std/assert";
import { QUEUE_CAPACITY } from "../../src/log/append_queue.ts";
import { NO_SUM } from "../../src/log/commit.ts";
import {
  AppendAbortedError,
  CorruptLogError,
  EventRefusedError,
  LogClosedError,
  LogIoError,
  MalformedEventError,
} from "../../src/log/errors.ts";
import { draft, type EventDraft, type RunEvent } from "../../src/log/event.ts";
import { createRunLog, openRunLog } from "../../src/log/file_log.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { commitEnds, encodeLog, join, smallLog } from "./commits.ts";
import {
  collect,
  fact,
  FaultyFiles,
  OPTIONS,
  proposal,
  request,
  runStarted,
  TemporaryDirectory,
  until,
  VirtualClock,
} from "./fixture.ts";
import { SECRETS } from "./secrets.ts";

/** A log with its first event. */
async function born(directory: TemporaryDirectory, options = OPTIONS) {
  const log = await createRunLog(directory.file(), options);
  await log.append([runStarted()]);
  return log;
}

/** How many events each commit of a file has. */
function commitSizes(path: string): number[] {
  const sizes: number[] = [];
  for (const line of Deno.readTextFileSync(path).trimEnd().split("\n")) {
    const { commit } = JSON.parse(line);
    if (commit !== undefined) sizes.push(commit);
  }
  return sizes;
}

Deno.test("createRunLog() makes a private log and its directory, and never touches one that exists", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("runs/x/events.jsonl");
  await using log = await createRunLog(path, OPTIONS);
  assertEquals(log.head(), { index: -1, sum: NO_SUM });
  await log.append([runStarted()]);
  for (const file of [path, directory.file("runs/x/events.lock")]) {
    assertEquals((Deno.statSync(file).mode ?? 0) & 0o777, 0o600);
  }
  const before = Deno.readFileSync(path);
  const error = await assertRejects(() => createRunLog(path, OPTIONS), LogIoError);
  assertEquals([error.path, error.operation], [path, "create"]);
  assertEquals(Deno.readFileSync(path), before);
});

Deno.test("openRunLog() fails with the path and the system's reason where there is no log", async () => {
  using directory = new TemporaryDirectory();
  const missing = await assertRejects(() => openRunLog(directory.file(), OPTIONS), LogIoError);
  assertEquals(missing.path, directory.file());
  assertInstanceOf(missing.cause, Deno.errors.NotFound);
  Deno.mkdirSync(directory.file("directory.jsonl"));
  await assertRejects(() => openRunLog(directory.file("directory.jsonl"), OPTIONS), LogIoError, "directory");
  Deno.writeTextFileSync(directory.file("file"), "");
  await assertRejects(() => createRunLog(directory.file("file/events.jsonl"), OPTIONS), LogIoError);
});

Deno.test("P1: append() resolves with the events that a reader gets", async () => {
  using directory = new TemporaryDirectory();
  await using log = await born(directory);
  const seen: [RunEvent, boolean][] = [];
  log.subscribe((event, own) => seen.push([event, own]));
  const given = proposal({
    later: undefined,
    list: [undefined, Number.NaN, -0],
    date: new Date(0),
    text: "\ud800",
  });
  const events = [...await log.append([fact("one"), given]), ...await log.append([request("two")])];
  assertEquals(events.map(({ index }) => index), [1, 2, 3]);
  assertEquals(await collect(log.read(1)), events);
  assertEquals(seen, events.map((event) => [event, true]));
  assertNotStrictEquals(events[1]?.payload, given.payload);
  assertEquals(commitSizes(directory.file()), [1, 2, 1]);
  assertEquals(new Set(events.map(({ id }) => id)).size, 3);
  assertEquals(log.head().index, 3);
  assertEquals((await verifyLog(directory.file())).head, log.head());
});

Deno.test("append() writes what is queued together as one commit, each append whole and in order", async () => {
  using directory = new TemporaryDirectory();
  await using log = await born(directory);
  const results = await Promise.all(
    [[fact("a"), fact("b")], [fact("c")], [fact("d"), fact("e")]].map((drafts) => log.append(drafts)),
  );
  assertEquals(results.map((events) => events.map(({ index }) => index)), [[1, 2], [3], [4, 5]]);
  assertEquals(commitSizes(directory.file()), [1, 5]);
  assertEquals(await log.append([]), []);
});

Deno.test("append() with alone makes a commit of its own, whose end head() then gives", async () => {
  using directory = new TemporaryDirectory();
  await using log = await born(directory);
  const others = [fact("a"), fact("b")].map((one) => log.append([one]));
  const alone = log.append([fact("c")], { alone: true }).then((events) => ({ events, head: log.head() }));
  others.push(log.append([fact("d")]));
  const { events, head } = await alone;
  await Promise.all(others);
  assertEquals(head.index, events.at(-1)?.index);
  assertEquals(commitSizes(directory.file()), [1, 2, 1, 1]);
  const line = JSON.parse(Deno.readTextFileSync(directory.file()).split("\n")[3] ?? "");
  assertEquals([line.index, line.sum], [head.index, head.sum]);
});

Deno.test("append() refuses what has no place in a run's log, and writes nothing of it", async () => {
  using directory = new TemporaryDirectory();
  const log = await createRunLog(directory.file(), OPTIONS);
  const refusal = async (bad: unknown) => {
    // Drafts that the compiler would refuse: a log must not rely on it.
    const error = await assertRejects(() => log.append([runStarted(), bad as EventDraft]), EventRefusedError);
    return error.why;
  };
  assertEquals(
    await refusal({ ...fact("x"), actor: "cli/7" }),
    `"run_paused" comes from controller/<incarnation>, not from "cli/7"`,
  );
  assertEquals(
    await refusal({ ...fact("x"), actor: "controller/0" }),
    `"run_paused" comes from controller/<incarnation>, not from "controller/0"`,
  );
  assertEquals(
    await refusal({ ...request("x"), actor: "controller/1" }),
    `"pause_requested" comes from cli/<pid> or worker/<name>, not from "controller/1"`,
  );
  assertEquals(await refusal({ ...fact("x"), kind: "no_such_kind" }), "a run's log has no such kind");
  assertEquals(
    await refusal(draft("segment_started", "run", "log", { previous: "x", sum: "0".repeat(64) })),
    "only the log itself writes it",
  );
  assertEquals(
    await refusal({ ...fact("x"), payload: { reason: 7 } }),
    "payload.reason: Invalid input: expected string, received number",
  );
  assertEquals(await refusal({ ...fact("x"), subject: "all" }), '"all" is not a subject');
  await assertRejects(() => log.append([fact("first")]), EventRefusedError, "starts with run_started");
  assertEquals(Deno.readTextFileSync(directory.file()), "");
  await log.close();
});

Deno.test("P12: append() hides secrets in payload, subject and actor, and returns what is in the log", async () => {
  using directory = new TemporaryDirectory();
  await using log = await born(directory);
  const secrets = SECRETS.map(({ text }) => text);
  const secret = SECRETS[0]?.text ?? "";
  const events = await log.append([
    ...secrets.map((text) => fact(`reason ${text}`)),
    { ...request(secret), subject: `task/${secret}`, actor: `worker/${secret}` },
    proposal({ password: "hunter2", token: 1 }),
  ]);
  const text = Deno.readTextFileSync(directory.file());
  for (const { secret } of SECRETS) assert(!text.includes(JSON.stringify(secret).slice(1, -1)), secret);
  assert(!text.includes("hunter2"));
  assertEquals(events.at(-2)?.subject, "task/[REDACTED:github]");
  assertEquals(await collect(log.read(1)), [...events]);
});

Deno.test("facts take the run clock, requests the time of the event before them; time never decreases", async () => {
  using directory = new TemporaryDirectory();
  const clock = new VirtualClock(Date.parse("2026-11-20T23:50:00.000Z"));
  await using log = await born(directory, { ...OPTIONS, clock });
  const times: string[] = [];
  log.subscribe(({ ts }) => times.push(ts.slice(14, 23)));
  await log.append([fact("a")]);
  clock.advance(1500);
  await log.append([request("b"), fact("c"), request("d")]);
  clock.jump(-3_600_000);
  clock.advance(10);
  await log.append([fact("e")]);
  assertEquals(times, ["50:00.000", "50:00.000", "50:01.500", "50:01.500", "50:01.510"]);
  assertEquals(log.clock.jump(), { wall: clock.wall(), run: log.clock.now() });
  assertEquals(log.clock.jump(), undefined);
});

Deno.test("openRunLog() goes on where the log ends, at its time if the wall clock is behind", async () => {
  using directory = new TemporaryDirectory();
  Deno.writeFileSync(directory.file(), smallLog());
  const clock = new VirtualClock(0);
  await using log = await openRunLog(directory.file(), { ...OPTIONS, clock });
  assertEquals(log.head().index, 6);
  const [event] = await log.append([fact("next")]);
  const before = await collect(log.read(6));
  assertEquals([event?.index, event?.ts], [7, before[0]?.ts]);
  assertEquals((await verifyLog(directory.file())).verdict, "verified");
});

Deno.test("openRunLog() refuses the log of another run", async () => {
  using directory = new TemporaryDirectory();
  Deno.writeFileSync(directory.file(), smallLog("20261121-000000-zzzz"));
  await assertRejects(() => openRunLog(directory.file(), OPTIONS), CorruptLogError, "20261121-000000-zzzz");
});

Deno.test("two logs on one file see each other's events, in the order of the log", async () => {
  using directory = new TemporaryDirectory();
  await using first = await born(directory);
  await using second = await openRunLog(directory.file(), OPTIONS);
  const seen: string[] = [];
  first.subscribe(({ index }, own) => seen.push(`${own ? "own" : "foreign"} ${index}`));
  await second.append([request("a"), request("b")]);
  assertEquals((await collect(first.read())).length, 1, "what has not been heard is not read");
  await first.append([fact("c")]);
  await second.append([request("d")]);
  assertEquals(await first.poll(), 1);
  assertEquals(await first.poll(), 0);
  assertEquals(seen, ["foreign 1", "foreign 2", "own 3", "foreign 4"]);
  assertEquals(first.head(), second.head());
  assertEquals(await second.poll(), 0);
  assertEquals((await verifyLog(directory.file())).events, 5);
});

Deno.test("append() waits where the queue is full, and loses nothing", async () => {
  using directory = new TemporaryDirectory();
  await using log = await born(directory);
  const order: number[] = [];
  const count = 3 * QUEUE_CAPACITY;
  await Promise.all(Array.from({ length: count }, async (_, i) => {
    const [event] = await log.append([fact(String(i))]);
    order.push(event?.index ?? -1);
  }));
  assertEquals(order, Array.from({ length: count }, (_, i) => i + 1));
  const notes = await collect(log.read(1));
  assertEquals(
    notes.map((event) => event.kind === "run_paused" && event.payload.reason),
    order.map((i) => String(i - 1)),
  );
  assert(commitSizes(directory.file()).every((size) => size <= QUEUE_CAPACITY));
});

Deno.test("append() with an aborted signal writes nothing, one that is taken is committed", async () => {
  using directory = new TemporaryDirectory();
  await using log = await born(directory);
  const aborted = AbortSignal.abort(new Error("enough"));
  const error = await assertRejects(
    () => log.append([fact("x")], { signal: aborted }),
    AppendAbortedError,
    "enough",
  );
  assertEquals(error.path, directory.file());
  const queued = new AbortController();
  const waiting = new AbortController();
  const taken = new AbortController();
  const filler = Array.from({ length: QUEUE_CAPACITY - 1 }, () => log.append([fact("filler")]));
  const results = Promise.allSettled([
    log.append([fact("queued")], { signal: queued.signal }),
    log.append([fact("waiting")], { signal: waiting.signal }),
    log.append([fact("last")], { signal: taken.signal }),
  ]);
  queued.abort();
  waiting.abort();
  const [first, second, last] = await results;
  taken.abort();
  await Promise.all(filler);
  assertInstanceOf(first?.status === "rejected" && first.reason, AppendAbortedError);
  assertInstanceOf(second?.status === "rejected" && second.reason, AppendAbortedError);
  assertEquals(last?.status, "fulfilled");
  assertEquals((await verifyLog(directory.file())).events, QUEUE_CAPACITY + 1);
});

Deno.test("append() that waits is let in when all that is queued is given up", async () => {
  using directory = new TemporaryDirectory();
  const files = new FaultyFiles();
  await using log = await createRunLog(directory.file(), { ...OPTIONS, durability: "strict", files });
  await log.append([runStarted()]);
  const gate = Promise.withResolvers<void>();
  files.onSync = () => gate.promise;
  const first = log.append([fact("first")]);
  await until(() => files.syncs >= 2);
  const given = new AbortController();
  const { signal } = given;
  const appends = Array.from({ length: QUEUE_CAPACITY }, () => log.append([fact("queued")], { signal }));
  const queued = Promise.allSettled(appends);
  const waiting = log.append([fact("waiting")]);
  given.abort();
  gate.resolve();
  await first;
  assertEquals((await waiting)[0]?.index, 2);
  assert((await queued).every(({ status }) => status === "rejected"));
});

Deno.test("P2: close() commits what is queued, and refuses what comes later", async () => {
  using directory = new TemporaryDirectory();
  const log = await born(directory);
  const appends = Array.from({ length: 2 * QUEUE_CAPACITY }, (_, i) => log.append([fact(String(i))]));
  const closed = log.close();
  const late = await assertRejects(() => log.append([fact("late")]), LogClosedError);
  assertEquals(late.path, directory.file());
  await closed;
  assertEquals((await Promise.all(appends)).length, 2 * QUEUE_CAPACITY);
  assertEquals((await verifyLog(directory.file())).events, 2 * QUEUE_CAPACITY + 1);
  await log.close();
  await assertRejects(() => log.poll(), LogClosedError);
});

Deno.test("a subscriber that throws keeps nobody else from hearing, and its error reaches the append", async () => {
  using directory = new TemporaryDirectory();
  await using log = await born(directory);
  const heard: number[] = [];
  const stop = log.subscribe(() => {
    throw new RangeError("not folded");
  });
  log.subscribe(({ index }) => heard.push(index));
  await assertRejects(() => log.append([fact("a")]), RangeError, "not folded");
  stop();
  await log.append([fact("b")]);
  assertEquals(heard, [1, 2]);
});

Deno.test("P2: a torn commit is copied, cut and recorded, wherever it was torn", async () => {
  const whole = smallLog();
  const ends = commitEnds(whole);
  const start = ends.at(-2) ?? 0;
  for (let length = start + 1; length < whole.length; length += 37) {
    using directory = new TemporaryDirectory();
    Deno.writeFileSync(directory.file(), whole.subarray(0, length));
    {
      await using log = await openRunLog(directory.file(), OPTIONS);
      assertEquals(log.head().index, 5);
      const [event] = await log.append([fact("after")]);
      assertEquals(event?.index, 6);
      const [repaired] = await collect(log.read(5));
      assert(repaired?.kind === "log_repaired");
      assertEquals([repaired.actor, repaired.payload.offset, repaired.payload.bytes], [
        "log",
        start,
        length - start,
      ]);
      assertEquals(Deno.readFileSync(directory.file(repaired.payload.copy)), whole.subarray(start, length));
    }
    assertEquals(directory.names(), ["events.jsonl", "events.lock", `events.torn-${start}`]);
    assertEquals((await verifyLog(directory.file())).verdict, "verified");
  }
});

Deno.test("P2: a commit that lacks only its line feed is completed; trailing zeros are cut", async () => {
  const whole = smallLog();
  for (
    const bytes of [
      whole.subarray(0, whole.length - 1),
      join(whole.subarray(0, whole.length - 1), new Uint8Array(50)),
    ]
  ) {
    using directory = new TemporaryDirectory();
    Deno.writeFileSync(directory.file(), bytes);
    await using log = await openRunLog(directory.file(), OPTIONS);
    assertEquals(log.head().index, 6);
    assertEquals(Deno.readFileSync(directory.file()), whole);
    assertEquals(directory.names(), ["events.jsonl", "events.lock"]);
  }
});

Deno.test("P2: a commit that another process tore is repaired by the next append", async () => {
  using directory = new TemporaryDirectory();
  await using log = await born(directory);
  Deno.writeTextFileSync(directory.file(), '{"index":1,"id":"01', { append: true });
  const events = await log.append([fact("b")]);
  assertEquals(events.map(({ index }) => index), [2]);
  assertEquals((await collect(log.read(1))).map(({ kind }) => kind), ["log_repaired", "run_paused"]);
  // A second one at the same place does not overwrite the copy of the first.
  await log.append([fact("c")]);
  const whole = Deno.readFileSync(directory.file());
  Deno.writeFileSync(directory.file(), whole.subarray(0, commitEnds(whole)[0]));
  Deno.writeTextFileSync(directory.file(), '{"index":1', { append: true });
  await using again = await openRunLog(directory.file(), OPTIONS);
  assertEquals(again.head().index, 1);
  const torn = directory.names().filter((name) => name.includes("torn"));
  assertEquals(torn, [`events.torn-${commitEnds(whole)[0]}`, `events.torn-${commitEnds(whole)[0]}-2`]);
});

Deno.test("P2: corruption is refused, named by its line, and nothing is written", async () => {
  const whole = smallLog();
  const flipped = new TextEncoder().encode(
    new TextDecoder().decode(whole).replace("last of all", "last of ale"),
  );
  const ends = commitEnds(whole);
  const cases: [Uint8Array, number][] = [
    [flipped, 6],
    [join(whole, new TextEncoder().encode("garbage\n")), 8],
    [join(whole, new TextEncoder().encode("garbage")), 8],
    [join(whole, whole.subarray(ends[1], ends[2])), 8],
    [new TextEncoder().encode("garbage\n"), 1],
  ];
  for (const [bytes, line] of cases) {
    using directory = new TemporaryDirectory();
    Deno.writeFileSync(directory.file(), bytes);
    const error = await assertRejects(() => openRunLog(directory.file(), OPTIONS));
    assert(error instanceof CorruptLogError || error instanceof MalformedEventError);
    assert(error.message.includes(`(${directory.file()}:${line})`), error.message);
    assertEquals(Deno.readFileSync(directory.file()), bytes);
  }
});

Deno.test("P2: a bad commit of another process is refused at once and for ever, what is good before it is heard", async () => {
  using directory = new TemporaryDirectory();
  await using log = await born(directory);
  const heard: number[] = [];
  log.subscribe(({ index }) => heard.push(index));
  {
    await using other = await openRunLog(directory.file(), OPTIONS);
    await other.append([request("fine")]);
  }
  Deno.writeTextFileSync(directory.file(), '{"kind":"gate_passed"}\n', { append: true });
  await assertRejects(() => log.poll());
  await assertRejects(() => log.append([fact("x")]));
  assertEquals([heard, log.head().index], [[1], 1]);
});

Deno.test("P2: a foreign commit that is whole but breaks the rules of a run's log is corruption", async () => {
  using directory = new TemporaryDirectory();
  await using log = await born(directory, { ...OPTIONS, clock: new VirtualClock(0) });
  const { index, sum } = log.head();
  const forged = encodeLog([[runStarted()], [fact("forged")]]);
  const line = new TextDecoder().decode(forged.subarray(commitEnds(forged)[0]));
  const { sum: _, ...event } = JSON.parse(line);
  const body = JSON.stringify({ ...event, index: index + 1, payload: { no: "reason" }, prev: sum }).slice(
    0,
    -1,
  );
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body)));
  const hex = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  Deno.writeTextFileSync(directory.file(), `${body},"sum":"${hex}"}\n`, { append: true });
  assertEquals((await verifyLog(directory.file())).verdict, "verified");
  await assertRejects(() => log.append([fact("x")]), CorruptLogError, "payload");
});

Deno.test("P2: a log that is cut, removed or replaced under its writer is refused", async () => {
  const tamper: ((path: string) => void)[] = [
    (path) => Deno.truncateSync(path, 100),
    (path) => Deno.removeSync(path),
    (path) => {
      Deno.copyFileSync(path, `${path}.new`);
      Deno.renameSync(`${path}.new`, path);
    },
  ];
  for (const change of tamper) {
    using directory = new TemporaryDirectory();
    await using log = await born(directory);
    await log.append([fact("a")]);
    // The lock is given back when this turn of the event loop is over.
    await new Promise((resolve) => setTimeout(resolve, 0));
    change(directory.file());
    await assertRejects(() => log.append([fact("b")]), CorruptLogError);
    await assertRejects(() => log.poll(), CorruptLogError);
  }
});

Deno.test("a busy log lets timers and other work have their turn", async () => {
  using directory = new TemporaryDirectory();
  await using log = await born(directory);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  while (turns < 3) await log.append([fact("busy")]);
  clearInterval(timer);
});

Deno.test("batch durability syncs the marked kinds before it acknowledges them, the rest within a second", async () => {
  using directory = new TemporaryDirectory();
  const files = new FaultyFiles();
  const clock = new VirtualClock();
  const log = await createRunLog(directory.file(), { ...OPTIONS, durability: "batch", files, clock });
  await log.append([runStarted()]);
  assertEquals(files.syncs, 1);
  await log.append([fact("a")]);
  await log.append([fact("b")]);
  assertEquals([files.syncs, clock.sleeping], [1, 1]);
  clock.advance(1000);
  await log.sync();
  assertEquals(files.syncs, 2);
  await log.append([fact("c")]);
  await log.close();
  assertEquals([files.syncs, clock.sleeping], [3, 0]);
});

Deno.test("batch durability syncs by itself when the second is over", async () => {
  using directory = new TemporaryDirectory();
  const files = new FaultyFiles();
  const clock = new VirtualClock();
  await using log = await createRunLog(directory.file(), { ...OPTIONS, durability: "batch", files, clock });
  await log.append([runStarted()]);
  await log.append([fact("a")]);
  const synced = Promise.withResolvers<void>();
  files.onSync = () => synced.resolve();
  clock.advance(1000);
  await synced.promise;
});

Deno.test("strict durability syncs every commit, none syncs nothing but on request", async () => {
  for (const [durability, expected] of [["strict", 4], ["none", 1]] as const) {
    using directory = new TemporaryDirectory();
    const files = new FaultyFiles();
    await using log = await createRunLog(directory.file(), { ...OPTIONS, durability, files });
    await log.append([runStarted()]);
    await log.append([fact("a")]);
    await Promise.all([log.append([fact("b")]), log.append([fact("c")])]);
    await log.sync();
    assertEquals(files.syncs, expected);
  }
});

Deno.test("append() is acknowledged only after the sync that it needs, and the event loop goes on meanwhile", async () => {
  using directory = new TemporaryDirectory();
  const files = new FaultyFiles();
  await using log = await createRunLog(directory.file(), { ...OPTIONS, durability: "strict", files });
  await log.append([runStarted()]);
  const gate = Promise.withResolvers<void>();
  files.onSync = () => gate.promise;
  let isAcknowledged = false;
  const append = log.append([fact("a")]).then(() => isAcknowledged = true);
  const later = log.append([fact("b")]);
  await until(() => files.syncs >= 2);
  assert(!isAcknowledged);
  assertEquals(log.head().index, 0);
  gate.resolve();
  await append;
  await later;
});
