/** `omk worker`: more hands for a run, and what becomes of what they do. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { appears, eventually } from "./call.ts";
import { type LoggedEvent, Sandbox } from "./harness.ts";
import { assertUntouched, userState } from "./user_state.ts";

const LOOK = { name: "look", command: "ls > /dev/null" };

/** The events of a kind, once there are so many. */
async function logged(sandbox: Sandbox, kind: string, count = 1): Promise<readonly LoggedEvent["payload"][]> {
  return await eventually(`${count} × ${kind}`, async () => {
    const found = await sandbox.payloads(kind).catch(() => []);
    return found.length >= count ? found : undefined;
  });
}

/** Two tasks of which each waits until both are at work: one slot cannot run them. */
function pair(sandbox: Sandbox) {
  const { root } = sandbox;
  const meet = (own: string, other: string) =>
    `touch ${root}/${own}; while ! test -e ${root}/${other}; do sleep 0.05; done; echo ${own} > ${own}.txt; echo ${own} has printed this`;
  return {
    version: 1,
    workers: 1,
    gates: [LOOK],
    tasks: [
      { id: "one", run: meet("one", "two") },
      { id: "two", run: meet("two", "one") },
      { id: "three", run: "cat one.txt two.txt > three.txt", dependencies: ["one", "two"] },
    ],
  };
}

Deno.test("P3, P6, P13: an extra worker does what is assigned to it, and the controller alone pins and merges it", async () => {
  await using sandbox = await Sandbox.withRepository();
  await sandbox.plan(pair(sandbox));
  const before = await userState(sandbox);
  const omk = sandbox.start(["run"]);
  await logged(sandbox, "task_started");
  const worker = sandbox.start(["worker", "--slots", "1"]);
  await logged(sandbox, "worker_started");
  assertStringIncludes((await sandbox.omkEnds(0, ["status"])).stdout, "worker");
  const [ended, left] = await Promise.all([omk.ended, worker.ended]);
  assertEquals(ended.code, 0, ended.stdout + ended.stderr);
  assertEquals(left.code, 0, left.stdout + left.stderr);
  // Whoever does it, the run shows it.
  for (const id of ["one", "two"]) assertStringIncludes(ended.stdout, `${id} has printed this\n`);
  assertMatch(left.stdout, /joined.*\n(?:.*\n)*.*report .* succeeded/);
  assertMatch(left.stdout, /has left: the run is finished/);
  const claims = await sandbox.payloads("task_claimed");
  const [joined] = await sandbox.payloads("worker_joined");
  const remote = claims.filter((each) => each.worker === joined?.worker);
  assert(remote.length >= 1, "nothing was assigned to the worker");
  for (const event of await sandbox.events()) {
    const actor = (event as unknown as { actor: string }).actor;
    if (actor.startsWith("worker/")) {
      assert(/^(worker_joined|attempt_started|attempt_reported|worker_left)$/.test(event.kind), event.kind);
    }
  }
  await sandbox.omkEnds(0, ["verify"]);
  await assertUntouched(sandbox, before);
  await sandbox.omkEnds(0, ["merge"]);
  assertEquals(await sandbox.read("three.txt"), "one\ntwo\n");
  assertEquals(sandbox.processes(), []);
});

Deno.test("an extra worker outlives the controller, and the next one goes on with what it does", async () => {
  await using sandbox = await Sandbox.withRepository();
  await sandbox.plan(pair(sandbox));
  const omk = sandbox.start(["run"]);
  await logged(sandbox, "task_started");
  const worker = sandbox.start(["worker"]);
  // Both are at work: one here, one there.
  await logged(sandbox, "attempt_started");
  omk.kill("SIGKILL");
  await omk.ended;
  const resumed = sandbox.start(["resume"]);
  const [ended, left] = await Promise.all([resumed.ended, worker.ended]);
  assertEquals(ended.code, 0, ended.stdout + ended.stderr);
  assertEquals(left.code, 0, left.stdout + left.stderr);
  const [started] = await sandbox.payloads("attempt_started");
  const claims = (await sandbox.payloads("task_claimed")).filter((each) => each.task_id === started?.task_id);
  assertEquals(claims.length, 1, "what the worker did was done again");
  await sandbox.omkEnds(0, ["verify"]);
  assertEquals(sandbox.processes(), []);
});

Deno.test("P6: what a killed worker had begun is kept, ended and done anew", async () => {
  await using sandbox = await Sandbox.withRepository();
  const { root } = sandbox;
  const wait = (id: string) =>
    `echo half > ${id}.txt; touch ${root}/${id}.$OMK_ATTEMPT; setsid sleep 1000 & ` +
    `while ! test -e ${root}/go; do sleep 0.05; done; echo ${id} > ${id}.txt`;
  await sandbox.plan({
    version: 1,
    workers: 1,
    gates: [LOOK],
    tasks: [{ id: "a", run: wait("a") }, { id: "b", run: wait("b") }],
  });
  const before = await userState(sandbox);
  const omk = sandbox.start(["run"]);
  await logged(sandbox, "task_started");
  const worker = sandbox.start(["worker"]);
  const [{ task_id }] = await logged(sandbox, "attempt_started") as [LoggedEvent["payload"]];
  await appears(`${root}/${task_id}.1`);
  worker.kill("SIGKILL");
  await worker.ended;
  assertMatch(String((await logged(sandbox, "worker_dead"))[0]?.reason), /its process is gone/);
  await logged(sandbox, "retry_scheduled");
  await Deno.writeTextFile(`${root}/go`, "");
  const ended = await omk.ended;
  assertEquals(ended.code, 0, ended.stdout + ended.stderr);
  const kept = `refs/omk/${await sandbox.runId()}/task/${task_id}/1/pin:${task_id}.txt`;
  assertEquals(await sandbox.git("show", kept), "half");
  await assertUntouched(sandbox, before);
  await sandbox.becomesQuiet();
});

Deno.test("an extra worker leaves when it is idle or told to, and is refused where it cannot help", async () => {
  await using sandbox = await Sandbox.withRepository();
  const { root } = sandbox;
  await sandbox.plan({
    version: 1,
    workers: 1,
    gates: [],
    tasks: [
      { id: "a", run: `while ! test -e ${root}/go; do sleep 0.05; done; echo a > a.txt`, read_set: ["x"] },
      { id: "b", run: `touch ${root}/b.$OMK_ATTEMPT; while ! test -e ${root}/go; do sleep 0.05; done` },
    ],
  });
  const omk = sandbox.start(["run"]);
  await logged(sandbox, "task_started");
  const told = sandbox.start(["worker", "--json"]);
  await logged(sandbox, "attempt_started");
  // Nothing is left to do for another.
  const idle = await sandbox.omkEnds(0, ["worker", "--idle", "1"]);
  assertMatch(idle.stdout, /has left: there was nothing to do/);
  await appears(`${root}/b.1`);
  told.kill("SIGTERM");
  const { code, stdout } = await told.ended;
  assertEquals(code, 0);
  const kinds = stdout.trimEnd().split("\n").map((line) => JSON.parse(line).kind);
  assertEquals(
    kinds.filter((kind) => /^(worker|attempt)_/.test(kind)),
    ["worker_joined", "worker_started", "attempt_started", "attempt_reported", "worker_left"],
  );
  const [again] = await logged(sandbox, "retry_scheduled");
  assertEquals([again?.class, again?.task_id], ["recovery", "b"]);
  await Deno.writeTextFile(`${root}/go`, "");
  assertEquals((await omk.ended).code, 0);
  await sandbox.omkEnds(2, ["worker"]);
  await sandbox.omkEnds(2, ["worker", "--slots", "0"]);
  await sandbox.omkEnds(2, ["worker"], { env: { OMK_MARK: "x" } });
});

Deno.test("omk cancel ends what an extra worker does, too", async () => {
  await using sandbox = await Sandbox.withRepository();
  const { root } = sandbox;
  await sandbox.plan({
    version: 1,
    workers: 1,
    gates: [],
    tasks: ["a", "b"].map((id) => ({ id, run: `echo ${id} > ${id}.txt; touch ${root}/${id}; sleep 1000` })),
  });
  const omk = sandbox.start(["run"]);
  await logged(sandbox, "task_started");
  const worker = sandbox.start(["worker"]);
  await appears(`${root}/a`);
  await appears(`${root}/b`);
  await sandbox.omkEnds(0, ["cancel"]);
  assertEquals((await omk.ended).code, 130);
  assertEquals((await worker.ended).code, 0);
  const run = await sandbox.runId();
  for (const id of ["a", "b"]) {
    assertEquals(await sandbox.git("show", `refs/omk/${run}/task/${id}/1/pin:${id}.txt`), id);
  }
  assertEquals(sandbox.processes(), []);
});
