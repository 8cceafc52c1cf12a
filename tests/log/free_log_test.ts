import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { EventRefusedError, RunLogRefusedError } from "../../src/log/errors.ts";
import type { FreeDraft } from "../../src/log/event.ts";
import { createRunLog, openFreeLog } from "../../src/log/file_log.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { TolerantReader } from "../../src/log/tolerant_reader.ts";
import { collect, OPTIONS, runStarted, TemporaryDirectory } from "./fixture.ts";
import { SECRETS } from "./secrets.ts";

function note(text: string): FreeDraft {
  return { kind: "note", subject: "run", actor: "me", payload: { text } };
}

Deno.test("openFreeLog() makes a log of any kinds, which keeps its run_id and its chain", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("deep/audit.jsonl");
  const drafts = [note("a"), { ...note("b"), kind: "task_claimed", subject: "task/x", payload: null }];
  await using first = await openFreeLog(path, { ...OPTIONS, runId: "first" });
  // The second has opened it while it was still empty.
  await using second = await openFreeLog(path, { ...OPTIONS, runId: "second" });
  await first.append(drafts);
  await second.append([note("c")]);
  await using third = await openFreeLog(path, { ...OPTIONS, runId: "third" });
  await Promise.all([third.append([note("d")]), first.append([note("e")])]);
  const events = await collect(new TolerantReader(path));
  assertEquals(events.map(({ index, run_id }) => [index, run_id]), [0, 1, 2, 3, 4].map((i) => [i, "first"]));
  assertEquals(
    events.slice(0, 2).map(({ kind, subject, actor, payload }) => ({ kind, subject, actor, payload })),
    [
      ...drafts,
    ],
  );
  const { verdict, events: count } = await verifyLog(path);
  assertEquals([verdict, count], ["verified", 5]);
});

Deno.test("P12: a free log holds no secret, whatever its kinds are called", async () => {
  using directory = new TemporaryDirectory();
  await using log = await openFreeLog(directory.file(), OPTIONS);
  const secret = SECRETS[0]?.text ?? "";
  await log.append([
    {
      kind: "task_claimed",
      subject: `task/${secret}`,
      actor: secret,
      payload: { token: "s3cret", a: [secret] },
    },
  ]);
  const text = Deno.readTextFileSync(directory.file());
  assertEquals([text.includes(secret), text.includes("s3cret")], [false, false]);
  assertStringIncludes(text, '"token":"[REDACTED:key]"');
});

Deno.test("openFreeLog() refuses a run's log, and what only such a log or the log itself has", async () => {
  using directory = new TemporaryDirectory();
  {
    await using log = await createRunLog(directory.file(), OPTIONS);
    await log.append([runStarted()]);
  }
  const before = Deno.readTextFileSync(directory.file());
  await assertRejects(() => openFreeLog(directory.file(), OPTIONS), RunLogRefusedError);
  assertEquals(Deno.readTextFileSync(directory.file()), before);
  await using log = await openFreeLog(directory.file("free.jsonl"), OPTIONS);
  for (
    const [wrong, why] of [
      [{ kind: "run_started" }, "only a run's own log has it"],
      [{ kind: "log_repaired" }, "only the log itself writes it"],
      [{ kind: "Note" }, "a word of lower-case letters"],
      [{ subject: "tasks/x" }, "is not a subject"],
      [{ actor: "" }, "actor is empty"],
    ] as const
  ) {
    await assertRejects(() => log.append([{ ...note("x"), ...wrong }]), EventRefusedError, why);
  }
  assertEquals((await verifyLog(directory.file("free.jsonl"))).events, 0);
});

Deno.test("a free log is repaired like a run's, and goes on where lines end in CR LF", async () => {
  using directory = new TemporaryDirectory();
  const append = async (text: string) => {
    await using log = await openFreeLog(directory.file(), OPTIONS);
    await log.append([note(text)]);
  };
  await append("a");
  await append("b");
  const text = Deno.readTextFileSync(directory.file());
  Deno.writeTextFileSync(directory.file(), text.slice(0, -20));
  await append("c");
  const kinds = (await collect(new TolerantReader(directory.file()))).map(({ kind }) => kind);
  assertEquals(kinds, ["note", "log_repaired", "note"]);
  Deno.writeTextFileSync(directory.file(), Deno.readTextFileSync(directory.file()).replaceAll("\n", "\r\n"));
  await append("d");
  const { verdict, events } = await verifyLog(directory.file());
  assertEquals([verdict, events], ["verified", 4]);
});
