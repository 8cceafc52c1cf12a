/**
 * SIGKILL of omk at every step of a run of 20 tasks, before and after each kind of event, and at random moments; then
 * `omk resume`. The run must end as one that nobody disturbed.
 */

import { assert, assertEquals } from "@std/assert";
import { assertSoundAfterKill, headTree, killAt, type Moment, type QuietRun } from "../e2e/crash.ts";
import { eventually } from "../e2e/call.ts";
import { Sandbox } from "../e2e/harness.ts";
import { assertUntouched, userState } from "../e2e/user_state.ts";
import { report, SEED, share } from "./share.ts";

/** Random moments beside the steps, where all of it is run. */
const RANDOM_MOMENTS = 60;
/** Number of the point with which a campaign goes on that was cut short; with the seed that it had. */
const FROM = Number(Deno.env.get("OMK_FAULTS_FROM") ?? 0);
/** So many points are run by default. */
const POINTS_IN_CI = 30;
const TASKS = 20;
/** Points that are under way at once: a run that dies and comes back waits more than it works. */
const AT_ONCE = 4;

/** Chains, a fan-in, outputs, a retry, task gates, children in sessions of their own, and a task that changes nothing. */
function plan() {
  const tasks = Array.from({ length: TASKS }, (_, at) => {
    const id = `t${at}`;
    const dependencies = at < 4 ? [] : [`t${at - 4}`, ...(at % 5 === 0 ? [`t${at - 3}`] : [])];
    const made = `${
      dependencies.map((each) => `cat ${each}.txt >> ${id}.txt; `).join("")
    }echo ${id} >> ${id}.txt`;
    return { id, dependencies, run: `${made}; sleep 0.02`, write_set: [`${id}.txt`] };
  });
  const changed: Readonly<Record<string, object>> = {
    t1: { run: "setsid sleep 1000 & echo t1 > t1.txt; sleep 0.05" },
    t2: {
      run: "mkdir -p dist; echo made > dist/t2.out; echo t2 > t2.txt",
      outputs: ["dist/t2.out"],
    },
    t3: {
      run: "echo t3 > t3.txt; test $OMK_ATTEMPT -gt 1",
      retry_policy: { max_attempts: 5, backoff_seconds: 0 },
    },
    t6: { run: "cat dist/t2.out t2.txt > t6.txt" },
    t9: { gates: [{ name: "own", command: "test -s t9.txt" }] },
    t19: { run: "true", write_set: [] },
  };
  return {
    version: 1,
    workers: 4,
    gates: [{ name: "all", command: `test $(ls t*.txt | wc -l) -eq ${TASKS - 1}` }],
    tasks: tasks.map((task) => ({ ...task, ...changed[task.id] })),
  };
}

async function sandboxOfTwenty(): Promise<Sandbox> {
  return await Sandbox.withPlan(plan(), { ".gitignore": "dist/\n" });
}

/** What an undisturbed run leaves, and the kinds of its events in order. */
async function quietRun(): Promise<QuietRun & { readonly kinds: readonly string[] }> {
  await using sandbox = await sandboxOfTwenty();
  await sandbox.omkEnds(0, ["run"]);
  const kinds = (await sandbox.events()).map(({ kind }) => kind);
  return { tree: await headTree(sandbox), events: kinds.length, kinds };
}

/** Every step: right after each event, which is right before the next; then random moments between them. */
function pointsOf(events: number, count: number, random: number): readonly Moment[] {
  const steps = events - 1;
  const every = Array.from({ length: count }, (_, at) => ({
    events: 1 + Math.floor((at * steps) / count),
    delayMs: 0,
  }));
  let state = SEED;
  const next = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  const moments = Array.from({ length: random }, () => ({
    events: 1 + Math.floor(next() * steps),
    delayMs: 1 + Math.floor(next() * 40),
  }));
  return [...every, ...moments];
}

/** Kills a run at a moment and resumes it; returns the kind of the last event before its death. */
async function survive(moment: Moment, quiet: QuietRun): Promise<string> {
  await using sandbox = await sandboxOfTwenty();
  const before = await userState(sandbox);
  const acknowledged = await killAt(sandbox, ["run"], moment);
  await assertSoundAfterKill(sandbox, acknowledged);
  const last = (await sandbox.events()).at(-1)?.kind ?? "";
  if (last !== "run_finished") await sandbox.omkEnds(0, ["resume"]);
  assertEquals(await headTree(sandbox), quiet.tree, "the tree of a quiet run");
  await assertNothingLost(sandbox);
  assertEquals(sandbox.processes(), [], "orphans");
  await assertUntouched(sandbox, before);
  await sandbox.omkEnds(0, ["verify"]);
  return last;
}

/** No task lost, none merged twice, each attempt pinned or told as one that changed nothing, no slot left held. */
async function assertNothingLost(sandbox: Sandbox): Promise<void> {
  const run = await sandbox.runId();
  const document = await sandbox.omkJson(["status"]);
  assertEquals([document.standing, document.counts.completed], ["ready", TASKS]);
  const messages = await sandbox.git(
    "log",
    "--format=%(trailers:key=Omk-Task,valueonly,separator=)",
    `refs/omk/${run}/head`,
  );
  const merged = messages.split("\n").filter((line) => line !== "");
  assertEquals(merged.length, new Set(merged).size, `merged twice: ${merged}`);
  assertEquals(merged.length, TASKS - 1, "t19 changes nothing");
  const events = await sandbox.events();
  const claims = events.filter(({ kind }) => kind === "task_claimed");
  const attempts = claims.map(({ payload }) => `${payload.task_id}/${payload.attempt}`);
  assertEquals(attempts.length, new Set(attempts).size, "an attempt was claimed twice");
  const refs = await sandbox.git("for-each-ref", "--format=%(refname)", `refs/omk/${run}/task`);
  for (const { payload } of events.filter(({ kind }) => kind === "attempt_pinned")) {
    if (payload.ref !== null) {
      assert(refs.split("\n").includes(String(payload.ref)), `${payload.ref} is gone`);
    }
  }
  for await (const entry of Deno.readDir(`${sandbox.root}/state/omk/worktrees`)) {
    const directory = `${sandbox.root}/state/omk/worktrees/${entry.name}`;
    for await (const { name } of Deno.readDir(directory)) {
      if (!/^w\d+\.json$/.test(name)) continue;
      assertEquals(
        JSON.parse(await Deno.readTextFile(`${directory}/${name}`)).holder,
        null,
        `${name} is held`,
      );
    }
  }
}

Deno.test("P1, P2, P3, P6, P13: a run of 20 tasks that is killed at any step is resumed and ends as if it never was", async () => {
  const quiet = await quietRun();
  const all = share(
    pointsOf(quiet.events, POINTS_IN_CI - 5, 5),
    pointsOf(quiet.events, quiet.events - 1, Math.max(RANDOM_MOMENTS, 201 - quiet.events)),
  );
  const points = all.slice(FROM);
  const met = new Map<string, number>();
  await eachOf(points, async (point, at) => {
    try {
      const last = await survive(point, quiet);
      met.set(last, (met.get(last) ?? 0) + 1);
    } catch (error) {
      const when = `${point.events} events and ${point.delayMs} ms`;
      const again = `OMK_TEST_SEED=${SEED} OMK_FAULTS_FROM=${FROM + at}`;
      throw new Error(`Killed after ${when} (${again})`, { cause: error });
    }
  });
  report("killed and resumed", {
    points: points.length,
    from: FROM,
    events: quiet.events,
    kinds: new Set(quiet.kinds).size,
    "last kinds": met.size,
  });
});

/** Does something for each, several at once; the first failure stops all. */
async function eachOf<T>(items: readonly T[], work: (item: T, at: number) => Promise<void>): Promise<void> {
  const left = [...items.entries()].values();
  const failures: unknown[] = [];
  const hand = async () => {
    for (const [at, item] of left) {
      if (failures.length > 0) return;
      await work(item, at).catch((error) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, hand));
  if (failures.length > 0) throw failures[0];
}

/** Who is killed of a run with an extra worker. */
const VICTIMS = ["omk", "worker", "both"] as const;

Deno.test("P1, P3, P6, P13: omk, its extra worker or both are killed at any moment, and the run ends as if they never were", async () => {
  const quiet = await quietRun();
  const moments = pointsOf(quiet.events, 0, share(3, 45));
  await eachOf(moments, async (moment, at) => {
    const victim = VICTIMS[at % VICTIMS.length] ?? "both";
    try {
      await surviveWithWorker(moment, victim, quiet);
    } catch (error) {
      const when = `${moment.events} events and ${moment.delayMs} ms`;
      throw new Error(`${victim} killed after ${when} (OMK_TEST_SEED=${SEED})`, { cause: error });
    }
  });
  report("killed with an extra worker", { points: moments.length });
});

async function surviveWithWorker(
  moment: Moment,
  victim: typeof VICTIMS[number],
  quiet: QuietRun,
): Promise<void> {
  await using sandbox = await sandboxOfTwenty();
  const before = await userState(sandbox);
  const omk = sandbox.start(["run"]);
  await eventually(
    "the run",
    async () => (await sandbox.events().catch(() => [])).length > 0 ? true : undefined,
  );
  const worker = sandbox.start(["worker", "--slots", "2", "--idle", "60"]);
  let isOver = false;
  omk.ended.finally(() => isOver = true);
  await eventually(`${moment.events} events`, async () => {
    return isOver || (await sandbox.events()).length >= moment.events ? true : undefined;
  });
  await new Promise((resolve) => setTimeout(resolve, moment.delayMs));
  if (victim !== "worker") omk.kill("SIGKILL");
  if (victim !== "omk") worker.kill("SIGKILL");
  const { code, stdout, stderr } = await omk.ended;
  const isFinished = (await sandbox.events()).some(({ kind }) => kind === "run_finished");
  if (victim === "worker") assertEquals(code, 0, stdout + stderr);
  else if (!isFinished) await sandbox.omkEnds(0, ["resume"]);
  const left = await worker.ended;
  if (victim === "omk") assert(left.code === 0 || left.code === 2, left.stdout + left.stderr);
  assertEquals(await headTree(sandbox), quiet.tree, "the tree of a quiet run");
  await assertNothingLost(sandbox);
  await sandbox.becomesQuiet();
  await assertUntouched(sandbox, before);
  await sandbox.omkEnds(0, ["verify"]);
}
