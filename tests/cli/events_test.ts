import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { eventsCommand } from "../../src/cli/commands/events.ts";
import { logTailCommand } from "../../src/cli/commands/log_tail.ts";
import { logVerifyCommand } from "../../src/cli/commands/log_verify.ts";
import { EVENT_OPTIONS, eventFilter } from "../../src/cli/event_options.ts";
import { parseCommandLine } from "../../src/cli/parse.ts";
import { eventLine } from "../../src/cli/render/event_line.ts";
import { logVerifySchema } from "../../src/cli/schema/log.ts";
import { InfraError, UsageError } from "../../src/errors.ts";
import { draft } from "../../src/log/event.ts";
import { openRunLog } from "../../src/log/file_log.ts";
import { takeControllerLock } from "../../src/run/process_lock.ts";
import { callCommand, PLAIN, PlainPlace, recordRun, storyDrafts, storyPlan } from "./fixture.ts";

const RUN_ID = "20260102-030405-abcd";

async function storyPlace(until: Parameters<typeof storyDrafts>[0] = "finished"): Promise<PlainPlace> {
  const place = await PlainPlace.make();
  await recordRun(place.home, RUN_ID, storyPlan(), storyDrafts(until));
  return place;
}

Deno.test("omk events prints every event, and as JSON what stands in the log", async () => {
  await using place = await storyPlace();
  const { stdout } = await callCommand(eventsCommand, [], place);
  const lines = stdout.trimEnd().split("\n");
  assertStringIncludes(lines[0] ?? "", 'run_started       run  name="a story"');
  assertEquals(lines.length, 1 + storyDrafts("finished").length);
  const json = await callCommand(eventsCommand, ["--json"], place);
  const events = json.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(events.map((event) => event.index), lines.map((_, at) => at));
  assertEquals(Object.keys(events[1]), [
    "index",
    "id",
    "run_id",
    "ts",
    "schema_version",
    "kind",
    "subject",
    "actor",
    "payload",
  ]);
});

Deno.test("omk events filters by kind, task, gate, actor, time and index, all together", async () => {
  await using place = await storyPlace();
  const indexes = async (...words: string[]) => {
    const { stdout } = await callCommand(eventsCommand, ["--json", ...words], place);
    return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line).kind);
  };
  assertEquals(await indexes("--kind", "retry_scheduled,task_failed"), ["retry_scheduled", "task_failed"]);
  assertEquals(await indexes("--task", "after"), ["task_blocked"]);
  assertEquals(await indexes("--gate", "test"), ["gate_started", "gate_failed"]);
  assertEquals(await indexes("--actor", "controller/2"), []);
  assertEquals(await indexes("--task", "flaky", "--from", "11", "-k", "task_claimed"), ["task_claimed"]);
  assertEquals(await indexes("--until", "2020-01-01"), []);
  assertEquals((await indexes("--since", "1h")).length, 1 + storyDrafts("finished").length);
  await assertRejects(() => indexes("--kind", "task_complete"), UsageError, "did you mean task_completed?");
});

Deno.test("omk events --follow ends with the run, and says so where its omk process is gone", async () => {
  await using finished = await storyPlace();
  const end = await callCommand(eventsCommand, ["--follow", "--kind", "run_finished"], finished);
  assertEquals([end.code, end.stderr], [0, ""]);
  assertStringIncludes(end.stdout, "status=not_ready");
  await using interrupted = await storyPlace("active");
  const cut = await callCommand(eventsCommand, ["--follow", "--kind", "run_finished"], interrupted);
  assertEquals([cut.code, cut.stdout], [1, ""]);
  assertStringIncludes(cut.stderr, `omk resume ${RUN_ID}`);
});

Deno.test("omk events --follow prints what is appended meanwhile", async () => {
  await using place = await PlainPlace.make();
  const directory = await recordRun(place.home, RUN_ID, storyPlan(), storyDrafts("active"));
  const lock = takeControllerLock(directory.controllerLock, RUN_ID);
  const following = callCommand(eventsCommand, ["-f", "--from", "13"], place);
  await using log = await openRunLog(directory.events, { runId: RUN_ID, durability: "none" });
  await log.append([draft("run_paused", "run", "controller/1", { reason: "a pause" })]);
  await log.append([draft("run_finished", "run", "controller/1", { status: "not_ready", exit_code: 1 })]);
  lock[Symbol.dispose]();
  const { stdout, code } = await following;
  assertEquals(code, 0);
  assertEquals(stdout.trimEnd().split("\n").map((line) => line.split(/\s+/)[3]), [
    "run_paused",
    "run_finished",
  ]);
});

Deno.test("eventFilter() takes times and lengths of time, UTC where no zone is given", () => {
  const filter = (...words: string[]) => {
    const command = { ...eventsCommand, options: EVENT_OPTIONS };
    return eventFilter(parseCommandLine(command, words), Date.UTC(2026, 0, 2, 12));
  };
  assertEquals(filter("--since", "90m").since, Date.UTC(2026, 0, 2, 10, 30));
  assertEquals(filter("--since", "2026-01-01").since, Date.UTC(2026, 0, 1));
  assertEquals(filter("--until", "2026-01-01T10:00").until, Date.UTC(2026, 0, 1, 10));
  assertEquals(filter("--until", "2026-01-01T10:00:00+02:00").until, Date.UTC(2026, 0, 1, 8));
  assertEquals(filter(), {});
  assertThrows(() => filter("--since", "yesterday"), UsageError, '"yesterday" is none');
  assertThrows(() => filter("--since", "12"), UsageError, '"12" is none');
});

Deno.test("eventLine() shows any event on one line, whatever its payload holds", () => {
  const event = {
    index: 7,
    id: "x",
    run_id: "r",
    ts: "2026-01-02T03:04:05.678Z",
    schema_version: 1,
    kind: "note",
    subject: "task/a" as const,
    actor: "cli/1",
    payload: {
      text: "two\nlines \x1b[31mred",
      list: [1, 2],
      deep: { count: 3 },
      off: false,
      on: true,
      id: "a".repeat(40),
    },
  };
  assertEquals(
    eventLine(event, PLAIN, 200),
    '    7  03:04:05.678  note              a  text="two\\nlines \\u001b[31mred" list=[1,2] deep=3 on id=aaaaaaaaaa  (cli/1)',
  );
  assertEquals(eventLine(event, PLAIN, 60).length, 60);
  assertStringIncludes(eventLine({ ...event, payload: "text" }, PLAIN, 99), '"text"');
});

Deno.test("omk log tail prints the last events of runs and files, and counts what it cannot read", async () => {
  await using place = await storyPlace();
  const two = await callCommand(logTailCommand, ["-n", "2", "--json"], place);
  const kinds = two.stdout.trimEnd().split("\n").map((line) => JSON.parse(line).kind);
  assertEquals(kinds, ["gate_failed", "run_finished"]);
  const path = `${place.cwd}/copy.jsonl`;
  const text = await Deno.readTextFile(`${place.home}/runs/${RUN_ID}/events.jsonl`);
  await Deno.writeTextFile(path, `${text}damaged\n`);
  const copy = await callCommand(logTailCommand, ["copy.jsonl", "-n", "1"], place);
  assertStringIncludes(copy.stdout, "run_finished");
  assertStringIncludes(copy.stderr, "1 line of ");
  assertEquals((await callCommand(logTailCommand, ["-n", "0"], place)).stdout, "");
  await assertRejects(
    () => callCommand(logTailCommand, ["./no.jsonl"], place),
    UsageError,
    "there is no such file",
  );
  await assertRejects(() => callCommand(logTailCommand, ["no"], place), UsageError, "Cannot find a log");
});

Deno.test("omk log verify tells verified, corrupt, torn, poisoned and unreadable apart by its exit code", async () => {
  await using place = await storyPlace();
  const log = `${place.home}/runs/${RUN_ID}/events.jsonl`;
  const text = await Deno.readTextFile(log);
  const verify = async (content: string | null) => {
    const path = `${place.cwd}/log.jsonl`;
    if (content !== null) await Deno.writeTextFile(path, content);
    const { code, stdout } = await callCommand(logVerifyCommand, [path, "--json"], place);
    const { verdict, exit_code } = logVerifySchema.parse(JSON.parse(stdout));
    assertEquals(exit_code, code);
    return [code, verdict];
  };
  assertEquals(await verify(null), [5, "unreadable"]);
  assertEquals(await verify(text), [0, "verified"]);
  assertEquals(await verify(text.slice(0, -20)), [10, "torn"]);
  assertEquals(await verify(text.replace("a story", "A story")), [11, "corrupt"]);
  await Deno.writeTextFile(`${place.cwd}/log.poisoned`, "fdatasync failed\n");
  assertEquals(await verify(text), [12, "poisoned"]);
  const { stdout } = await callCommand(logVerifyCommand, [], place);
  assertStringIncludes(stdout, "verified, every commit has its sum");
});

Deno.test("omk events stops at damage, after what comes before it", async () => {
  await using place = await storyPlace();
  const log = `${place.home}/runs/${RUN_ID}/events.jsonl`;
  await Deno.writeTextFile(log, "damage\n", { append: true });
  await assertRejects(() => callCommand(eventsCommand, [], place), InfraError, "omk log verify");
});
