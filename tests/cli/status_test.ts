import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { statusCommand } from "../../src/cli/commands/status.ts";
import { nextSteps } from "../../src/cli/render/next_steps.ts";
import { statusDocument, type WorkerStatus } from "../../src/cli/render/status_document.ts";
import { statusScreen } from "../../src/cli/render/status_screen.ts";
import { statusSchema } from "../../src/cli/schema/status.ts";
import { UsageError } from "../../src/errors.ts";
import { takeControllerLock } from "../../src/run/process_lock.ts";
import type { RunState } from "../../src/scheduler/run_state.ts";
import { heartbeatPath, writeHeartbeat } from "../../src/run/heartbeat_files.ts";
import { Ledger, makeGate, makePlan, makeTask } from "../run/fixture.ts";
import { Rig } from "../run/rig.ts";
import { makeHeartbeat } from "../watchdog/fixture.ts";
import {
  callCommand,
  HEAD_COMMIT,
  PLAIN,
  PlainPlace,
  recordRun,
  storyDrafts,
  storyPlan,
  writeStoryArtifacts,
} from "./fixture.ts";

const LOCAL: WorkerStatus = {
  worker: "local",
  verdict: "healthy",
  reason: null,
  pid: 7,
  slots: 2,
  heartbeat_at: "2026-01-02T03:04:05.000Z",
  tasks: [{
    task_id: "flaky",
    attempt: 2,
    verdict: "stalled",
    reason: "neither output nor CPU time for 60 s",
    stalled_since: "2026-01-02T03:04:05.000Z",
    output_bytes: 12,
    cpu_ms: 0,
    last_line: null,
  }],
};

const RUN_ID = "20260102-030405-abcd";

function story(until: Parameters<typeof storyDrafts>[0]): RunState {
  const ledger = new Ledger(storyPlan()).start();
  ledger.add(storyDrafts(until));
  return ledger.state;
}

function screen(
  state: RunState,
  standing: string,
  columns = 200,
  workers: readonly WorkerStatus[] = [],
  lastLine: string | null = "still compiling",
): string {
  const document = statusDocument(state, {
    standing,
    controlled: standing === "running",
    directory: "/runs/x",
    now: state.run.last_ts + 65_000,
    lastLines: new Map(lastLine === null ? [] : [["flaky", lastLine]]),
    workers,
  });
  return statusScreen(document, PLAIN, columns, state.run.last_ts + 65_000).join("\n");
}

Deno.test("statusScreen() shows what is at work, with attempt, time and last line", () => {
  assertEquals(
    screen(story("active"), "running"),
    `\
run ${RUN_ID} "a story": running for 1m 05s
  1 of 3 tasks completed, 1 at work, 1 not started

  running  flaky  attempt 2, 1m 05s  | still compiling

  gate   test: not run yet
  head   dddddddddd, with the work of 1 task on bbbbbbbbbb of main
  files  /runs/x
  next   omk attach ${RUN_ID}
         omk cancel ${RUN_ID}`,
  );
});

Deno.test("statusScreen() says that an interrupted run is interrupted, and how to go on", () => {
  const text = screen(story("active"), "interrupted");
  assertStringIncludes(text, `run ${RUN_ID} "a story": interrupted\n`);
  assertStringIncludes(
    text,
    "its omk process (pid 1) is gone, so nothing goes on by itself; its last event is 1m 05s old",
  );
  assertStringIncludes(text, "cut short  flaky  attempt 2  | still compiling");
  assertStringIncludes(text, `next   omk resume ${RUN_ID}`);
});

Deno.test("statusScreen() gives the reasons of what failed and what is blocked", () => {
  const text = screen(story("finished"), "not_ready");
  assertStringIncludes(text, "1 of 3 tasks completed, 1 failed, 1 blocked");
  assertStringIncludes(text, "failed   flaky  after 2 attempts: exited with 3");
  assertStringIncludes(text, 'blocked  after  depends on "flaky", which failed');
  assertStringIncludes(text, "gate   test: failed, exited with 1");
  assertStringIncludes(text, `omk logs ${RUN_ID} --failed`);
});

Deno.test("statusScreen() tells of each worker, and of an attempt without progress or without a whole line", () => {
  const state = story("active");
  const stalled = state.tasks.find(({ id }) => id === "flaky");
  if (stalled !== undefined) stalled.stalled = { since: state.run.last_ts, reason: "silence" };
  const dead = {
    ...LOCAL,
    worker: "w2",
    verdict: "dead",
    reason: "no heartbeat for 35 s",
    tasks: [],
  } as const;
  const text = screen(state, "running", 200, [LOCAL, dead], null);
  assertStringIncludes(text, "running  flaky  attempt 2, 1m 05s, no progress for 1m 05s  (12 B of output)");
  assertStringIncludes(text, "worker  local (pid 7): healthy, 1 of 2 places taken");
  assertStringIncludes(text, "worker  w2 (pid 7): dead, no heartbeat for 35 s, 0 of 2 places taken");
});

Deno.test("omk status shows what heartbeats tell, an unfinished line too, and changes nothing by it", async () => {
  await using place = await PlainPlace.make();
  const directory = await recordRun(place.home, RUN_ID, storyPlan(), storyDrafts("active"));
  await writeStoryArtifacts(directory);
  const before = await Deno.readTextFile(directory.events);
  const status = async () =>
    statusSchema.parse(JSON.parse((await callCommand(statusCommand, ["--json"], place)).stdout));
  assertEquals((await status()).workers, [], "an interrupted run that never had a sign of life");
  using _lock = takeControllerLock(directory.controllerLock, RUN_ID);
  const [fresh] = (await status()).workers;
  assertEquals([fresh?.worker, fresh?.verdict, fresh?.tasks], ["local", "unknown", []]);
  const task = { task_id: "flaky", attempt: 2, token: 8, last_line: "compiling, 7" };
  const progress = { output_bytes: 12, cpu_ms: null };
  const heartbeat = (at: number) =>
    makeHeartbeat(at, { pid: 1, slots: [{ ...task, stage: "body", progress }] });
  await writeHeartbeat(heartbeatPath(directory.path, "local"), heartbeat(Date.now() + 1_000));
  const document = await status();
  assertEquals(document.workers.map(({ verdict, pid }) => [verdict, pid]), [["healthy", 1]]);
  assertEquals(document.workers[0]?.tasks.map((each) => [each.task_id, each.verdict, each.last_line]), [
    ["flaky", "healthy", "compiling, 7"],
  ]);
  assertEquals(document.active[0]?.last_line, "compiling, 7", "newer than the artifact");
  await writeHeartbeat(heartbeatPath(directory.path, "local"), heartbeat(Date.now() - 40_000));
  assertEquals((await status()).workers[0]?.reason, "no heartbeat for 40 s");
  await Deno.writeTextFile(heartbeatPath(directory.path, "local"), "{");
  assertEquals((await status()).workers[0]?.reason, "its heartbeat cannot be read: it is no JSON");
  assertEquals(await Deno.readTextFile(directory.events), before);
});

Deno.test("statusScreen() fits into a narrow terminal", () => {
  for (const line of screen(story("active"), "running", 60).split("\n").slice(3)) {
    assertEquals(line.length <= 60, true, line);
  }
});

Deno.test("statusDocument() follows its published schema at every point of a run", () => {
  const standings = { active: "running", failed: "running", finished: "not_ready" } as const;
  for (const until of ["active", "failed", "finished"] as const) {
    const document = statusDocument(story(until), {
      standing: standings[until],
      controlled: false,
      directory: "/runs/x",
      now: 0,
      lastLines: new Map(),
      workers: [LOCAL],
    });
    statusSchema.parse(JSON.parse(JSON.stringify(document)));
    assertEquals(document.tasks.map((task) => task.id), ["build", "flaky", "after"]);
    assertEquals(document.counts.selected, 3);
  }
});

Deno.test("nextSteps() offers to merge only what is proved and not merged", () => {
  const state = story("finished");
  const commands = (standing: string) => nextSteps(state, standing).map(({ command }) => command);
  state.run.status = "ready";
  assertEquals(commands("ready")[0], `omk merge ${RUN_ID}`);
  state.run.status = "passed";
  assertEquals(commands("passed")[0], `omk merge ${RUN_ID} --anyway`);
  state.run.deliveries.push({ branch: "refs/heads/main", from: null, commit: HEAD_COMMIT, anyway: true });
  assertEquals(commands("passed"), [`omk proof ${RUN_ID}`]);
});

Deno.test("statusScreen() tells what a person has decided, and what a person must decide", () => {
  const state = story("finished");
  state.run.status = "ready";
  state.run.verdict = { accepted: false, by: "Ada <ada@example.com>", reason: "wrong branch" };
  const rejected = screen(state, "ready");
  assertStringIncludes(rejected, "  rejected by Ada <ada@example.com>: wrong branch\n");
  assertStringIncludes(rejected, `next   omk accept ${RUN_ID}\n`);
  assertEquals(rejected.includes("omk merge"), false);
  state.run.verdict = null;
  state.run.status = "blocked_on_human";
  const lost = [{ test: "adds", change: "deleted" as const, path: "a_test.ts", gate: null }];
  state.run.tests = { base: "a", head: state.run.head?.tree ?? "", lost, lost_count: 1 };
  const text = screen(state, "blocked_on_human");
  assertStringIncludes(text, "  1 test was deleted or skipped, which a person must accept: adds\n");
  assertStringIncludes(text, `next   omk accept ${RUN_ID}\n`);
});

Deno.test("statusScreen() does not say of a finished run that something is still to come", () => {
  const state = story("failed");
  Object.assign(state.run, { phase: "finished", status: "cancelled", head: state.run.base });
  const text = screen(state, "cancelled");
  assertStringIncludes(text, "gate   test: not run\n");
  assertStringIncludes(text, "of main, as it was: nothing was changed\n");
});

Deno.test("statusScreen() does not hide that a gate failed before it passed on the same tree", () => {
  const state = story("finished");
  const [failed] = state.run.gates;
  if (failed !== undefined) {
    state.run.gates.push({ ...failed, run_number: 2, result: "passed", reason: null });
  }
  assertStringIncludes(screen(state, "ready"), "gate   test: passed, after it had failed on the same tree\n");
  if (failed !== undefined) failed.ended = true;
  assertStringIncludes(screen(state, "ready"), "gate   test: passed\n");
});

Deno.test("statusScreen() counts the places of a worker that has given no heartbeat yet", () => {
  const fresh = { ...LOCAL, verdict: "unknown", reason: "it has given no heartbeat yet", tasks: [] } as const;
  const text = screen(story("active"), "running", 200, [fresh]);
  assertStringIncludes(text, "local (pid 7): unknown, it has given no heartbeat yet, 1 of 2 places taken");
});

Deno.test("nextSteps() offers to run gates again where a gate alone has failed", () => {
  const state = story("finished");
  for (const task of state.tasks) task.state = "completed";
  const commands = nextSteps(state, "not_ready").map(({ command }) => command);
  assertEquals(commands, [
    `omk logs ${RUN_ID} --failed`,
    `omk run --reuse ${RUN_ID}`,
    `omk proof ${RUN_ID}`,
  ]);
});

Deno.test("nextSteps() offers to run a cancelled task again, which takes its dependents with it", () => {
  const state = story("failed");
  for (const task of state.tasks) if (task.state !== "completed") task.state = "cancelled";
  const commands = nextSteps(state, "not_ready").map(({ command }) => command);
  assertEquals(commands[0], `omk retry ${RUN_ID} flaky`);
});

Deno.test("candidates that were passed over count for nothing, and are not offered to be run again", async () => {
  const ids = ["a.1", "a.2"];
  const attempts = { pick: "first-passing", candidates: ids } as const;
  const candidates = ids.map((id) => makeTask(id, { candidate_of: "a", priority: id === "a.1" ? 1 : 0 }));
  const choice = makeTask("a", { dependencies: ids, trigger_rule: "one_success", attempts });
  const rig = new Rig(makePlan([...candidates, choice], { gates: [makeGate()] }), {
    outcome: (id) => id === "a.2" ? null : "success",
    gate: () => false,
  });
  assertEquals((await rig.run()).status, "not_ready");
  const facts = { standing: "not_ready", controlled: false, directory: "/x", now: 0, workers: [] };
  const { counts, next } = statusDocument(rig.state, { ...facts, lastLines: new Map() });
  assertEquals([counts.selected, counts.completed, counts.cancelled], [2, 2, 0]);
  assertEquals(next.filter((command) => command.startsWith("omk retry")), []);
});

Deno.test("nextSteps() offers to run a cancelled plan anew, with what is done", () => {
  const state = story("failed");
  Object.assign(state.run, { cancelled: true, status: "cancelled", phase: "finished" });
  const commands = nextSteps(state, "cancelled").map(({ command }) => command);
  assertEquals(commands.includes(`omk run --reuse ${RUN_ID}`), true);
  assertEquals(commands.some((command) => command.startsWith("omk retry")), false);
});

Deno.test("omk status tells a running run from an interrupted one by its controller's lock", async () => {
  await using place = await PlainPlace.make();
  const directory = await recordRun(place.home, RUN_ID, storyPlan(), storyDrafts("active"));
  await writeStoryArtifacts(directory);
  const interrupted = await callCommand(statusCommand, ["--json"], place);
  const document = statusSchema.parse(JSON.parse(interrupted.stdout));
  assertEquals([document.standing, document.controlled, interrupted.code], ["interrupted", false, 0]);
  assertEquals(document.active.map((task) => [task.task_id, task.attempt, task.last_line]), [[
    "flaky",
    2,
    "no luck",
  ]]);
  // The lock excludes other handles of the same process too.
  using _lock = takeControllerLock(directory.controllerLock, RUN_ID);
  const { stdout } = await callCommand(statusCommand, ["2026"], place);
  assertStringIncludes(stdout, `run ${RUN_ID} "a story": running for `);
});

Deno.test("omk status names runs that come near, and says so where there are none", async () => {
  await using place = await PlainPlace.make();
  await assertRejects(() => callCommand(statusCommand, [], place), UsageError, "start one with omk run");
  await recordRun(place.home, RUN_ID, storyPlan(), []);
  await recordRun(place.home, "20260102-030405-bcde", storyPlan(), []);
  await assertRejects(() => callCommand(statusCommand, ["20260102"], place), UsageError, "matches 2 runs");
  await assertRejects(() => callCommand(statusCommand, ["x"], place), UsageError, "20260102-030405-bcde");
});
