import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { logsCommand } from "../../src/cli/commands/logs.ts";
import { showCommand } from "../../src/cli/commands/show.ts";
import { OmkError, UsageError } from "../../src/errors.ts";
import {
  callCommand,
  PlainPlace,
  recordRun,
  storyDrafts,
  storyPlan,
  writeStoryArtifacts,
} from "./fixture.ts";

const RUN_ID = "20260102-030405-abcd";

async function storyPlace(): Promise<PlainPlace> {
  const place = await PlainPlace.make();
  await writeStoryArtifacts(await recordRun(place.home, RUN_ID, storyPlan(), storyDrafts("finished")));
  return place;
}

Deno.test("omk show tells all of a run: tasks, gates, retries with their reasons", async () => {
  await using place = await storyPlace();
  const { stdout } = await callCommand(showCommand, [], place);
  assertStringIncludes(stdout, `run ${RUN_ID} "a story": not_ready\n`);
  assertStringIncludes(stdout, "  build  completed  1 attempt, 10ms, 1 changed file, in dddddddddd\n");
  assertStringIncludes(stdout, "  flaky  failed     2 attempts, 20ms, exited with 3\n");
  assertStringIncludes(stdout, 'after  blocked    depends on "flaky", which failed\n');
  assertStringIncludes(
    stdout,
    "  test  run 1  failed  in 1.5s on tree eeeeeeeeee: exited with 1, gates/001-test.log\n",
  );
  assertStringIncludes(stdout, "  flaky  attempt 1  exited with 3\n");
});

Deno.test("omk show TASK tells each attempt: outcome, pin, changed files, by-products", async () => {
  await using place = await storyPlace();
  const build = (await callCommand(showCommand, ["build"], place)).stdout;
  assertStringIncludes(build, `task build "Build it" of run ${RUN_ID}: completed\n`);
  assertStringIncludes(build, "writes      out.txt\n");
  assertStringIncludes(build, "attempt 1: completed\n");
  assertStringIncludes(build, "changed      added out.txt\n");
  assertStringIncludes(build, "by-products  dist: 2 files, 2.0 kB\n");
  const flaky = (await callCommand(showCommand, ["latest", "flaky"], place)).stdout;
  assertStringIncludes(flaky, "attempt 1: repeated\n");
  assertStringIncludes(flaky, "attempt 2: failed\n");
  const after = (await callCommand(showCommand, ["after"], place)).stdout;
  assertStringIncludes(after, "blocked by  flaky\n");
  assertStringIncludes(after, "no attempt yet\n");
});

Deno.test("omk show --json gives state, plan and attempts", async () => {
  await using place = await storyPlace();
  const { stdout } = await callCommand(showCommand, ["--json", RUN_ID.slice(0, 8)], place);
  const document = JSON.parse(stdout);
  assertEquals(document.standing, "not_ready");
  assertEquals(document.tasks.map((task: { attempts: unknown[] }) => task.attempts.length), [1, 2, 0]);
  assertEquals(document.tasks[1].attempts[0].end, { result: "repeated", reason: "exited with 3" });
  assertEquals(document.gates[0].result, "failed");
  const task = JSON.parse((await callCommand(showCommand, ["build", "--json"], place)).stdout);
  assertEquals([task.spec.id, task.task.state, task.attempts.length], ["build", "completed", 1]);
});

Deno.test("omk show knows a task from a run, and says which task was probably meant", async () => {
  await using place = await storyPlace();
  await assertRejects(() => callCommand(showCommand, ["bulid"], place), UsageError, "did you mean build?");
  await assertRejects(
    () => callCommand(showCommand, ["build", "flaky"], place),
    UsageError,
    "takes one task",
  );
  await assertRejects(
    () => callCommand(showCommand, ["20270101"], place),
    UsageError,
    'No run matches "20270101"',
  );
});

Deno.test("omk logs prints the latest attempts and gates, each under a heading", async () => {
  await using place = await storyPlace();
  const { stdout, code } = await callCommand(logsCommand, [], place);
  assertEquals(code, 0);
  assertEquals(
    stdout,
    `\
==> task build, attempt 1: completed <==
compiling
linking

==> task flaky, attempt 2: exited with 3 <==
second try
no luck

==> gate test: exited with 1 <==
1 bad
`,
  );
});

Deno.test("omk logs chooses by task, attempt, gate, failure and length", async () => {
  await using place = await storyPlace();
  const print = async (...words: string[]) => (await callCommand(logsCommand, words, place)).stdout;
  assertEquals(await print("build"), "compiling\nlinking\n");
  assertEquals(await print("flaky", "--attempt", "1"), "first try\n");
  assertEquals(await print(RUN_ID, "--gate", "test"), "1 bad\n");
  assertEquals(await print("build", "-n", "1"), "linking\n");
  assertStringIncludes(await print("--failed"), "==> task flaky, attempt 2: exited with 3 <==");
  assertEquals((await print("--failed")).includes("build"), false);
});

Deno.test("omk logs --json gives one object for each line", async () => {
  await using place = await storyPlace();
  const { stdout } = await callCommand(logsCommand, ["flaky", "--json"], place);
  const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map((line) => [line.kind, line.task_id, line.attempt, line.text]), [
    ["attempt", "flaky", 2, "second try"],
    ["attempt", "flaky", 2, "no luck"],
  ]);
});

Deno.test("omk logs says why there is nothing to print", async () => {
  await using place = await storyPlace();
  const note = async (...words: string[]) => (await callCommand(logsCommand, words, place)).stderr;
  assertStringIncludes(
    await note("after"),
    'task after has not started; it is blocked: depends on "flaky", which failed',
  );
  assertStringIncludes(await note("build", "--attempt", "2"), "task build has no attempt 2; its latest is 1");
  await assertRejects(() => note("--gate", "tset"), UsageError, "those that have run are test");
  await assertRejects(() => note("--attempt", "0"), UsageError, "counts from 1");
  const other = await PlainPlace.make();
  await recordRun(other.home, RUN_ID, storyPlan(), storyDrafts("active"));
  await assertRejects(() => callCommand(logsCommand, ["--gate", "test"], other), OmkError, "has not run");
  await other[Symbol.asyncDispose]();
});

Deno.test("omk logs shows the set-up of an attempt that never came further", async () => {
  await using place = await storyPlace();
  await Deno.writeTextFile(`${place.home}/runs/${RUN_ID}/tasks/build/1/setup.log`, "installing\n");
  const { stdout } = await callCommand(logsCommand, ["build"], place);
  assertStringIncludes(stdout, "==> set-up for task build, attempt 1: completed <==\ninstalling\n");
});
