import { assertEquals, assertRejects } from "@std/assert";
import { logStatsCommand } from "../../src/cli/commands/log_stats.ts";
import { logStatsSchema } from "../../src/cli/schema/log.ts";
import { UsageError } from "../../src/errors.ts";
import { MalformedEventError } from "../../src/log/errors.ts";
import { smallLog } from "../log/commits.ts";
import { callCommand, PlainPlace } from "./fixture.ts";

Deno.test("omk log stats counts what is in a log, tolerantly or strictly, whoever wrote it", async () => {
  await using place = await PlainPlace.make();
  const path = `${place.cwd}/log.jsonl`;
  const stats = async (...words: string[]) => {
    const { code, stdout } = await callCommand(logStatsCommand, ["log.jsonl", "--json", ...words], place);
    assertEquals(code, 0);
    return logStatsSchema.parse(JSON.parse(stdout));
  };
  const bytes = smallLog();
  await Deno.writeFile(path, bytes);
  const whole = {
    schema_version: 1 as const,
    path,
    format: "omk" as const,
    bytes: bytes.length,
    total_lines: 7,
    valid_events: 7,
    parse_failures: 0,
    empty_lines: 0,
    uncommitted_lines: 0,
    first: { index: 0, ts: "2026-11-20T23:50:00.123Z" },
    runs: 1,
    kinds: { run_paused: 3, pause_requested: 2, run_started: 1, task_proposed: 1 },
  };
  for (const words of [[], ["--strict"]]) {
    const { last, ...found } = await stats(...words);
    assertEquals([last?.index, found], [6, whole]);
    assertEquals(Object.keys(found.kinds), Object.keys(whole.kinds));
  }

  await Deno.writeTextFile(path, "\nno event\n", { append: true });
  const { parse_failures, empty_lines, total_lines } = await stats();
  assertEquals([total_lines, parse_failures, empty_lines], [9, 1, 1]);
  await assertRejects(() => stats("--strict"), MalformedEventError, ":8");
  const text = (await callCommand(logStatsCommand, [path], place)).stdout;
  assertEquals(text.split("\n").slice(1, 4), [
    "  lines            9",
    "  events           7",
    "  not events       1",
  ]);

  const line = '{"type":"pipe.started","id":"01","ts":"2026-02-01T00:00:00Z","run_id":"pipe-01"}';
  await Deno.writeTextFile(path, `${line}\n\n${line.replace("pipe-01", "pipe-02")}\n{`);
  const { format, kinds, runs, ...counts } = await stats();
  assertEquals([format, kinds, runs], ["omne", { "pipe.started": 2 }, 2]);
  assertEquals([counts.total_lines, counts.valid_events, counts.parse_failures, counts.empty_lines], [
    4,
    2,
    1,
    1,
  ]);
  await assertRejects(() => stats("--strict"), MalformedEventError, ":4");
  await Deno.remove(path);
  await assertRejects(() => stats(), UsageError, "there is no such file");
});
