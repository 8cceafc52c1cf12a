import { assert, assertEquals, assertInstanceOf, assertNotStrictEquals, assertRejects } from "@std/assert";
import { NO_SUM } from "../../src/log/commit.ts";
import { CorruptLogError, EventRefusedError, LogIoError } from "../../src/log/errors.ts";
import { draft, type EventDraft, type RunEvent } from "../../src/log/event.ts";
import { createRunLog, openRunLog } from "../../src/log/file_log.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { commitSizes, smallLog } from "./commits.ts";
import {
  born,
  collect,
  fact,
  OPTIONS,
  proposal,
  request,
  runStarted,
  TemporaryDirectory,
  VirtualClock,
} from "./fixture.ts";
import { SECRETS } from "./secrets.ts";

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

Deno.test("a busy log lets timers and other work have their turn", async () => {
  using directory = new TemporaryDirectory();
  await using log = await born(directory);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  while (turns < 3) await log.append([fact("busy")]);
  clearInterval(timer);
});
