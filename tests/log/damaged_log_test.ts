/** What a writer does about a log that is torn, corrupt, or changed under it. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { CorruptLogError, MalformedEventError } from "../../src/log/errors.ts";
import { openRunLog } from "../../src/log/file_log.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { commitEnds, encodeLog, join, smallLog } from "./commits.ts";
import {
  born,
  collect,
  fact,
  OPTIONS,
  request,
  runStarted,
  TemporaryDirectory,
  VirtualClock,
} from "./fixture.ts";

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
