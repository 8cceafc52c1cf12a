import { assertEquals, assertRejects } from "@std/assert";
import { CorruptLogError, LogIoError } from "../../src/log/errors.ts";
import { createRunLog } from "../../src/log/file_log.ts";
import { followLog, followRunLog } from "../../src/log/follow.ts";
import { commitEnds, resealed, smallLog } from "./commits.ts";
import {
  collect,
  fact,
  OPTIONS,
  request,
  runStarted,
  TemporaryDirectory,
  until,
  VirtualClock,
} from "./fixture.ts";

/** Lets a follower look again, once it sleeps. */
async function look(clock: VirtualClock): Promise<void> {
  await until(() => clock.sleeping > 0);
  clock.advance(200);
}

/** Lets a follower look until it has found what is awaited: then it does not sleep. */
async function lookFor<T>(awaited: Promise<T>, clock: VirtualClock): Promise<T> {
  let isFound = false;
  const found = awaited.finally(() => isFound = true);
  await until(() => {
    if (clock.sleeping > 0) clock.advance(200);
    return isFound;
  });
  return await found;
}

Deno.test("followRunLog() gives history, then what is appended, until it is told to stop", async () => {
  using directory = new TemporaryDirectory();
  await using log = await createRunLog(directory.file(), OPTIONS);
  await log.append([runStarted()]);
  await log.append([fact("a")]);
  const clock = new VirtualClock();
  const stop = new AbortController();
  const events = followRunLog(directory.file(), { clock, signal: stop.signal });
  const next = async () => (await events.next()).value?.index;
  assertEquals([await next(), await next()], [0, 1]);
  const third = next();
  await look(clock);
  await look(clock);
  await log.append([fact("b"), request("c")]);
  assertEquals([await lookFor(third, clock), await next()], [2, 3]);
  const last = events.next();
  await until(() => clock.sleeping > 0);
  stop.abort();
  assertEquals(await last, { done: true, value: undefined });
  assertEquals(clock.sleeping, 0);
});

Deno.test("followRunLog() starts at an index, filters, and never gives a part of a commit", async () => {
  using directory = new TemporaryDirectory();
  {
    await using log = await createRunLog(directory.file(), OPTIONS);
    await log.append([runStarted()]);
    await log.append([fact("a"), fact("b")]);
    await log.append([request("c"), fact("d")]);
  }
  const whole = Deno.readFileSync(directory.file());
  const [, second = 0] = commitEnds(whole);
  Deno.writeFileSync(directory.file(), whole.subarray(0, whole.length - 30));
  const clock = new VirtualClock();
  const stop = new AbortController();
  const options = { from: 2, filter: { kinds: new Set(["run_paused"]) }, clock, signal: stop.signal };
  const followed = collect(followRunLog(directory.file(), options));
  await look(clock);
  // The torn commit is cut; then it is written anew.
  Deno.truncateSync(directory.file(), second);
  await look(clock);
  Deno.writeFileSync(directory.file(), whole.subarray(second), { append: true });
  await look(clock);
  await look(clock);
  stop.abort();
  assertEquals((await followed).map(({ index }) => index), [2, 4]);
});

Deno.test("followLog() gives events of any kind", async () => {
  using directory = new TemporaryDirectory();
  const text = new TextDecoder().decode(smallLog()).replaceAll('"run_paused"', '"goal_paused"');
  Deno.writeTextFileSync(directory.file(), resealed(text));
  const stop = new AbortController();
  const followed = followLog(directory.file(), {
    from: 1,
    filter: { kinds: new Set(["goal_paused"]) },
    signal: stop.signal,
  });
  const indices: (number | undefined)[] = [];
  while (indices.length < 3) indices.push((await followed.next()).value?.index);
  stop.abort();
  assertEquals(indices, [1, 4, 5]);
  assertEquals((await followed.next()).done, true);
});

Deno.test("followRunLog() with an aborted signal ends at once", async () => {
  using directory = new TemporaryDirectory();
  assertEquals(await collect(followRunLog(directory.file(), { signal: AbortSignal.abort() })), []);
});

Deno.test("followRunLog() stops at damage, at a log that was cut, and where there is none", async () => {
  using directory = new TemporaryDirectory();
  await assertRejects(() => collect(followRunLog(directory.file())), LogIoError);
  await using log = await createRunLog(directory.file(), OPTIONS);
  await log.append([runStarted()]);
  const clock = new VirtualClock();
  const cut = followRunLog(directory.file(), { clock });
  await cut.next();
  const rest = cut.next();
  await until(() => clock.sleeping > 0);
  const failed = assertRejects(() => rest, CorruptLogError, "cut");
  Deno.truncateSync(directory.file(), 10);
  clock.advance(200);
  await failed;
});
