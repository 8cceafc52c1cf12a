import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { logRepairCommand } from "../../src/cli/commands/log_repair.ts";
import { logSalvageCommand } from "../../src/cli/commands/log_salvage.ts";
import { logVerifyCommand } from "../../src/cli/commands/log_verify.ts";
import { logRepairSchema, logSalvageSchema, logVerifySchema } from "../../src/cli/schema/log.ts";
import { UsageError } from "../../src/errors.ts";
import { createRunLog, openRunLog } from "../../src/log/file_log.ts";
import { systemFiles } from "../../src/log/file_port.ts";
import { poison } from "../../src/log/poison.ts";
import { logFiles } from "../../src/log/stats.ts";
import { commitEnds, smallLog } from "../log/commits.ts";
import { fact, OPTIONS, runStarted } from "../log/fixture.ts";
import { callCommand, PlainPlace } from "./fixture.ts";

const LOG = smallLog();
const ENDS = commitEnds(LOG);
const DAMAGED = new TextEncoder().encode(new TextDecoder().decode(LOG).replace('"alone"', '"Alone"'));

/** The names of the files of a log. */
function namesIn(place: PlainPlace): string[] {
  return [...Deno.readDirSync(place.cwd)].map(({ name }) => name).filter((name) => name.startsWith("log"))
    .sort();
}

Deno.test("omk log repair opens a poisoned log to appends again, and says what it did and where verify points", async () => {
  await using place = await PlainPlace.make();
  const path = `${place.cwd}/log.jsonl`;
  const garbage = "garbage\n";
  Deno.writeFileSync(path, LOG);
  await poison(systemFiles, path, "process 1 could not sync it");
  const poisoned = await callCommand(logVerifyCommand, ["log.jsonl"], place);
  assertEquals([poisoned.code, poisoned.stderr], [
    12,
    "check the disk, then go on with omk log repair log.jsonl\n",
  ]);
  // What may stand behind the last commit, as the write before the sync is in doubt too.
  Deno.chmodSync(path, 0o600);
  Deno.writeTextFileSync(path, garbage, { append: true });

  const { code, stdout } = await callCommand(logRepairCommand, ["log.jsonl", "--json"], place);
  const { repaired, poisoned: why, removed, events, damage } = logRepairSchema.parse(JSON.parse(stdout));
  assertEquals([code, repaired, why, damage], [0, true, "process 1 could not sync it", null]);
  assertEquals(removed, { offset: LOG.length, bytes: garbage.length, copy: `log.torn-${LOG.length}` });
  assertEquals(events, 8);
  assertEquals(namesIn(place), ["log.jsonl", "log.lock", `log.torn-${LOG.length}`]);
  assertEquals((await callCommand(logVerifyCommand, [path], place)).code, 0);
  await using log = await openRunLog(path, OPTIONS);
  await log.append([fact("again")]);

  const again = await callCommand(logRepairCommand, [path], place);
  assertEquals(again.code, 0);
  assertStringIncludes(again.stdout, `${path}: nothing to repair\n  9 events in 6 commits, `);
});

Deno.test("omk log repair completes what was cut short, and says so", async () => {
  await using place = await PlainPlace.make();
  const path = `${place.cwd}/log.jsonl`;
  Deno.writeFileSync(path, LOG.subarray(0, LOG.length - 30));
  const { code, stdout } = await callCommand(logRepairCommand, [path], place);
  const cut = LOG.length - 30 - (ENDS[2] ?? 0);
  assertEquals(code, 0);
  assertStringIncludes(
    stdout,
    `${path}: repaired\n  ${cut} bytes from byte ${ENDS[2]} on did not verify, and are now in log.torn-${
      ENDS[2]
    }\n`,
  );
});

Deno.test("omk log repair leaves damage as it is, names it, and points to omk log salvage", async () => {
  await using place = await PlainPlace.make();
  const path = `${place.cwd}/log.jsonl`;
  Deno.writeFileSync(path, DAMAGED);
  const json = await callCommand(logRepairCommand, ["log.jsonl", "--json"], place);
  const { repaired, events, commits, damage } = logRepairSchema.parse(JSON.parse(json.stdout));
  assertEquals([json.code, repaired, events, commits], [11, false, 4, 2]);
  assertEquals([damage?.line, damage?.offset], [5, ENDS[1]]);
  const { code, stdout, stderr } = await callCommand(logRepairCommand, ["log.jsonl"], place);
  assertEquals(code, 11);
  assertStringIncludes(stdout, `line 5, at byte ${ENDS[1]}: the bytes of the commit do not have its sum`);
  assertEquals(stderr, "nothing was changed; copy what is whole with omk log salvage log.jsonl -o COPY\n");
  assertEquals(Deno.readFileSync(path), DAMAGED);
  assertStringIncludes(
    (await callCommand(logVerifyCommand, ["log.jsonl"], place)).stderr,
    "omk log salvage log.jsonl",
  );
  await assertRejects(() => callCommand(logRepairCommand, ["none.jsonl"], place), UsageError, "no such file");
  assertEquals(namesIn(place), ["log.jsonl", "log.lock"]);
});

Deno.test("omk log salvage copies what is whole, says where it stopped, and never overwrites", async () => {
  await using place = await PlainPlace.make();
  const path = `${place.cwd}/log.jsonl`;
  const salvage = async (bytes: Uint8Array, to: string) => {
    Deno.writeFileSync(path, bytes);
    const { code, stdout } = await callCommand(logSalvageCommand, ["log.jsonl", "-o", to, "--json"], place);
    const { stopped, copy, events, exit_code } = logSalvageSchema.parse(JSON.parse(stdout));
    assertEquals(exit_code, code);
    assertEquals((await callCommand(logVerifyCommand, [copy], place)).code, 0);
    return [code, events, stopped?.verdict, stopped?.offset];
  };
  assertEquals(await salvage(LOG, "log.whole.jsonl"), [0, 7, undefined, undefined]);
  assertEquals(await salvage(LOG.subarray(0, LOG.length - 9), "log.torn.jsonl"), [10, 5, "torn", ENDS[2]]);
  assertEquals(await salvage(DAMAGED, `${place.cwd}/log.part.jsonl`), [11, 4, "corrupt", ENDS[1]]);
  assertEquals(Deno.readFileSync(path), DAMAGED);
  const text = await callCommand(logSalvageCommand, [path, "--output", "log.text.jsonl"], place);
  assertStringIncludes(text.stdout, "log.text.jsonl: a part of the log\n  4 events in 2 commits, ");
  assertStringIncludes(text.stdout, `  stopped in ${path}, line 5, at byte ${ENDS[1]}: `);
  for (
    const [words, message] of [
      [["log.jsonl", "-o", "log.whole.jsonl"], "the file exists"],
      [["log.jsonl", "-o", "log.jsonl"], "the file exists"],
      [["log.jsonl"], "name a new file with -o"],
      [["none.jsonl", "-o", "log.none.jsonl"], "no such file"],
    ] as const
  ) {
    await assertRejects(() => callCommand(logSalvageCommand, [...words], place), UsageError, message);
  }
  assertEquals(namesIn(place).filter((name) => name.includes("none")), []);
  assertEquals(Deno.readFileSync(`${place.cwd}/log.whole.jsonl`), LOG);
});

Deno.test("the commands on logs take one whose rotation was cut short, and name the segment that is damaged", async () => {
  await using place = await PlainPlace.make();
  const path = `${place.cwd}/log.jsonl`;
  {
    await using log = await createRunLog(path, { ...OPTIONS, segmentBytes: 2000 });
    await log.append([runStarted()]);
    for (let i = 0; i < 8; i++) await log.append([fact("x".repeat(300))]);
  }
  const files = await logFiles(path);
  assert(files.length > 2);
  const [first, second] = files;
  await Deno.remove(path);
  const { code, stdout } = await callCommand(
    logSalvageCommand,
    [path, "-o", "log.all.jsonl", "--json"],
    place,
  );
  const { bytes } = logSalvageSchema.parse(JSON.parse(stdout));
  assertEquals([code, bytes], [0, files.slice(0, -1).reduce((sum, file) => sum + file.bytes, 0)]);
  assertEquals((await callCommand(logVerifyCommand, [path], place)).code, 0);

  Deno.truncateSync(second?.path ?? "", 100);
  const verified = await callCommand(logVerifyCommand, [path, "--json"], place);
  const { verdict, at, events } = logVerifySchema.parse(JSON.parse(verified.stdout));
  assertEquals([verdict, at?.segment], ["corrupt", second?.path.split("/").at(-1)]);
  assert(events > 0 && (first?.bytes ?? 0) > 0);
  const text = await callCommand(logVerifyCommand, [path], place);
  assertStringIncludes(
    text.stdout,
    `  ${at?.segment}, line 1, at byte 0: a closed segment ends within a commit`,
  );

  Deno.truncateSync(second?.path ?? "", 0);
  const empty = await callCommand(logVerifyCommand, [path], place);
  assertStringIncludes(empty.stdout, `  ${at?.segment}, line 1, at byte 0: a closed segment is empty`);
});
