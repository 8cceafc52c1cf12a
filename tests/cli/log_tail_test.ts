import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { logTailCommand } from "../../src/cli/commands/log_tail.ts";
import { UsageError } from "../../src/errors.ts";
import { MalformedEventError } from "../../src/log/errors.ts";
import { openFreeLog } from "../../src/log/file_log.ts";
import { CursorRefusedError } from "../../src/log/sinks/errors.ts";
import { callCommand, PlainPlace } from "./fixture.ts";

async function append(path: string, ...texts: readonly string[]): Promise<void> {
  await using log = await openFreeLog(path, { runId: "audit", durability: "none" });
  for (const text of texts) {
    await log.append([{ kind: "note", subject: "run", actor: "me", payload: { text } }]);
  }
}

function textsOf(stdout: string): string[] {
  return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line).payload.text);
}

Deno.test("omk log tail --consumer prints what the consumer has not had, and remembers it", async () => {
  await using place = await PlainPlace.make();
  const path = `${place.cwd}/audit.jsonl`;
  const tail = (...words: string[]) =>
    callCommand(logTailCommand, ["audit.jsonl", "--json", ...words], place);
  const next = async (name: string, ...words: string[]) =>
    textsOf((await tail("--consumer", name, ...words)).stdout);
  await append(path, "a", "b");
  assertEquals(await next("one"), ["a", "b"]);
  assertEquals(await next("one"), []);
  await append(path, "c");
  assertEquals(await next("one"), ["c"]);
  // What a filter leaves out counts as had.
  assertEquals(await next("two", "--kind", "other"), []);
  assertEquals(await next("two"), []);
  await assertRejects(() => tail("--consumer", "one", "-n", "3"), UsageError, "does not go with --lines");
  await Deno.remove(path);
  await append(path, "another log");
  await assertRejects(() => tail("--consumer", "one"), CursorRefusedError, "does not hold");
});

Deno.test("omk log tail --strict stops at damage; without it the rest is shown", async () => {
  await using place = await PlainPlace.make();
  const path = `${place.cwd}/audit.jsonl`;
  await append(path, "a", "b", "c");
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, text.replace('"b"', '"B"'));
  const tail = (...words: string[]) =>
    callCommand(logTailCommand, ["audit.jsonl", "--json", ...words], place);
  assertEquals(textsOf((await tail()).stdout), ["a", "B", "c"]);
  await assertRejects(() => tail("--strict"), Error, "do not have its sum");
  await Deno.writeTextFile(path, text.replace('"index":1', '"index"1'));
  assertStringIncludes((await tail()).stderr, "1 line of ");
  await assertRejects(() => tail("--strict"), MalformedEventError, ":2");
});

Deno.test("omk log tail reads the logs of the earlier systems in omk's terms", async () => {
  await using place = await PlainPlace.make();
  const line = (kind: string, payload: unknown) =>
    JSON.stringify({
      id: crypto.randomUUID(),
      run_id: "run-20260101-120000-001",
      ts: "2026-01-01T12:00:00Z",
      schema_version: 1,
      kind,
      payload,
    });
  const lines = [
    line("task_claimed", { task_id: "t1" }),
    "",
    "broken",
    line("gate_passed", { gate_id: "g" }),
  ];
  await Deno.writeTextFile(`${place.cwd}/old.jsonl`, lines.join("\n"));
  const tail = (...words: string[]) => callCommand(logTailCommand, ["old.jsonl", ...words], place);
  const all = await tail("--json");
  const events = all.stdout.trimEnd().split("\n").map((each) => JSON.parse(each));
  assertEquals(events.map(({ index, kind, subject }) => [index, kind, subject]), [
    [0, "task_claimed", "task/t1"],
    [1, "gate_passed", "run"],
  ]);
  assertStringIncludes(all.stderr, "1 line of ");
  assertStringIncludes((await tail("--gate", "g")).stdout, "gate_passed");
  assertEquals((await tail("--task", "t2")).stdout, "");
  await assertRejects(() => tail("--strict"), MalformedEventError, ":3");
  await assertRejects(() => tail("--follow"), UsageError, "it is one of omk-0.5");
});
