/** The tests of the earlier omk's event writer (000), and its bugs that a test can show. */

import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { LogIoError } from "../../src/log/errors.ts";
import { createRunLog, openRunLog } from "../../src/log/file_log.ts";
import { verifyLog } from "../../src/log/verify.ts";
import {
  collect,
  fact,
  FaultyFiles,
  noSpace,
  OPTIONS,
  proposal,
  request,
  runStarted,
  TemporaryDirectory,
} from "../log/fixture.ts";
import { SECRETS } from "../log/secrets.ts";

Deno.test("000 concurrent_producers_do_not_interleave_lines", async () => {
  using directory = new TemporaryDirectory();
  {
    await using log = await createRunLog(directory.file(), OPTIONS);
    await log.append([runStarted()]);
    const body = "x".repeat(8192);
    await Promise.all(Array.from({ length: 64 }, (_, i) => log.append([proposal({ i, body })])));
  }
  const lines = Deno.readTextFileSync(directory.file()).trimEnd().split("\n").slice(1);
  assertEquals(lines.length, 64);
  const seen = lines.map((line) => {
    const { proposal } = JSON.parse(line).payload;
    assertEquals(proposal.body.length, 8192);
    return proposal.i;
  });
  assertEquals(seen.toSorted((a, b) => a - b), Array.from({ length: 64 }, (_, i) => i));
});

Deno.test("000 open_failure_surfaces_to_every_caller", async () => {
  using directory = new TemporaryDirectory();
  Deno.mkdirSync(directory.file());
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, () => openRunLog(directory.file(), OPTIONS)),
  );
  for (const result of results) assertInstanceOf(result.status === "rejected" && result.reason, LogIoError);
});

Deno.test("000 bug 3.1.5: a missing parent directory is made, and an open that failed can be tried again", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("a/b/events.jsonl");
  Deno.mkdirSync(path, { recursive: true });
  await assertRejects(() => createRunLog(path, OPTIONS), LogIoError);
  Deno.removeSync(directory.file("a"), { recursive: true });
  await using log = await createRunLog(path, OPTIONS);
  await log.append([runStarted()]);
  assertEquals((await verifyLog(path)).verdict, "verified");
});

Deno.test("000 bugs 3.1.1 and 3.1.2: closing drains, and can be awaited", async () => {
  using directory = new TemporaryDirectory();
  const log = await createRunLog(directory.file(), OPTIONS);
  const appends = [
    log.append([runStarted()]),
    ...Array.from({ length: 100 }, (_, i) => log.append([fact(`${i}`)])),
  ];
  await log.close();
  assertEquals((await Promise.allSettled(appends)).every(({ status }) => status === "fulfilled"), true);
  assertEquals((await verifyLog(directory.file())).events, 101);
});

Deno.test("000 bug 3.1.3: nothing is glued to what a failed write leaves", async () => {
  using directory = new TemporaryDirectory();
  const files = new FaultyFiles();
  await using log = await createRunLog(directory.file(), { ...OPTIONS, files });
  await log.append([runStarted()]);
  files.onWrite = () => ({ short: 40 });
  await assertRejects(() => log.append([fact("a")]), LogIoError);
  files.onWrite = () => ({ error: noSpace() });
  await assertRejects(() => log.append([fact("b")]), LogIoError);
  files.onWrite = () => undefined;
  await log.append([fact("c")]);
  const lines = Deno.readTextFileSync(directory.file()).trimEnd().split("\n");
  assertEquals(lines.map((line) => JSON.parse(line).index), [0, 1]);
});

Deno.test("000 bug 3.1.4: no event can break a line", async () => {
  using directory = new TemporaryDirectory();
  await using log = await createRunLog(directory.file(), OPTIONS);
  await log.append([runStarted("a\nb\r\nc\u2028d"), { ...request("x\ny"), subject: "task/a\nb" }]);
  assertEquals(Deno.readTextFileSync(directory.file()).split("\n").length, 3);
  assertEquals((await collect(log.read()))[1]?.subject, "task/a\nb");
});

Deno.test("000 bug 3.1.6: two writers on one path have one sequence", async () => {
  using directory = new TemporaryDirectory();
  await using first = await createRunLog(directory.file(), OPTIONS);
  await first.append([runStarted()]);
  await using second = await openRunLog(directory.file(), OPTIONS);
  await Promise.all(
    Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? first : second).append([request(`${i}`)])),
  );
  const { verdict, events } = await verifyLog(directory.file());
  assertEquals([verdict, events], ["verified", 51]);
});

Deno.test("000 bug 3.1.7: secrets are hidden outside of the payload too", async () => {
  using directory = new TemporaryDirectory();
  await using log = await createRunLog(directory.file(), OPTIONS);
  const secret = SECRETS[0]?.text ?? "";
  await log.append([runStarted(), { ...request("x", `worker/${secret}`), subject: `task/${secret}` }]);
  assert(!Deno.readTextFileSync(directory.file()).includes(secret));
});

Deno.test("000 bug 3.1.8: a batch is written as a whole or not at all", async () => {
  using directory = new TemporaryDirectory();
  await using log = await createRunLog(directory.file(), OPTIONS);
  await log.append([runStarted()]);
  await assertRejects(() => log.append([fact("a"), { ...fact("b"), actor: "cli/1" }, fact("c")]));
  assertEquals((await verifyLog(directory.file())).events, 1);
});

Deno.test("000 bug 3.1.15: starting a run again does not destroy its log", async () => {
  using directory = new TemporaryDirectory();
  {
    await using log = await createRunLog(directory.file(), OPTIONS);
    await log.append([runStarted()]);
  }
  await assertRejects(() => createRunLog(directory.file(), OPTIONS), LogIoError);
  assertEquals((await verifyLog(directory.file())).events, 1);
});
