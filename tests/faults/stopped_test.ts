/** SIGSTOP of omk, and of an extra worker, for longer than a lease, then SIGCONT. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { appears, eventually } from "../e2e/call.ts";
import { type LoggedEvent, Sandbox } from "../e2e/harness.ts";
import { assertUntouched, userState } from "../e2e/user_state.ts";

/** The shortest times that a plan may have. */
const TIMES = { lease_secs: 18, watchdog: { heartbeat_missing_secs: 6, heartbeat_stale_secs: 60 } };

async function logged(sandbox: Sandbox, kind: string): Promise<LoggedEvent["payload"]> {
  return await eventually(kind, async () => (await sandbox.payloads(kind).catch(() => []))[0]);
}

/** One task for omk, one for the worker; both wait for a file. The attempt says its number in what it makes. */
function planOf({ root }: Sandbox) {
  const task = (id: string) => ({
    id,
    run: `echo $OMK_ATTEMPT > ${id}.txt; touch ${root}/${id}.$OMK_ATTEMPT; ` +
      `while ! test -e ${root}/go; do sleep 0.1; done; echo done >> ${id}.txt`,
    on_stall: "warn",
  });
  return { version: 1, workers: 1, gates: [], ...TIMES, tasks: [task("a"), task("b")] };
}

/** The claim that the only extra worker holds. */
async function remoteClaim(sandbox: Sandbox): Promise<LoggedEvent> {
  const started = await logged(sandbox, "attempt_started");
  const claim = (await sandbox.events()).find(({ index }) => index === started.token);
  assert(claim !== undefined);
  await appears(`${sandbox.root}/${claim.payload.task_id}.1`);
  return claim;
}

/** A worker is stopped beyond its lease, and omk too where `isOmkStopped` says so; omk goes on before it. */
async function refuseLateReport(isOmkStopped: boolean): Promise<void> {
  await using sandbox = await Sandbox.withRepository();
  await sandbox.plan(planOf(sandbox));
  const before = await userState(sandbox);
  const omk = sandbox.start(["run"]);
  await logged(sandbox, "task_started");
  const worker = sandbox.start(["worker"]);
  const { index: token, payload: { task_id: id } } = await remoteClaim(sandbox);
  worker.kill("SIGSTOP");
  if (isOmkStopped) {
    omk.kill("SIGSTOP");
    // Both leases are over on the wall clock then, and nobody has looked.
    await sandbox.sh(`sleep ${TIMES.lease_secs + 2}`);
    omk.kill("SIGCONT");
  }
  assertMatch(String((await logged(sandbox, "worker_dead")).reason), /heartbeat/);
  const lost = await logged(sandbox, "retry_scheduled");
  assertEquals([lost.task_id, lost.token, lost.class], [id, token, "recovery"]);
  // What was its task's waits for a place, or runs in another: the worker's own word comes too late in any case.
  worker.kill("SIGCONT");
  const refused = await logged(sandbox, "result_refused");
  assertEquals([refused.task_id, refused.attempt, refused.token], [id, 1, token]);
  assertMatch(String(refused.reason), /no longer the current one/);
  await Deno.writeTextFile(`${sandbox.root}/go`, "");
  const ended = await omk.ended;
  assertEquals(ended.code, 0, ended.stdout + ended.stderr);
  assertMatch(ended.stdout, /refuse/);
  assertEquals((await worker.ended).code, 0);
  assertEquals((await sandbox.payloads("retry_scheduled")).length, 1, "omk's own task kept its lease");
  const run = await sandbox.runId();
  assertEquals(
    await sandbox.git("show", `refs/omk/${run}/task/${id}/1/pin:${id}.txt`),
    "1",
    "stale work is kept",
  );
  assertEquals(await sandbox.git("show", `refs/omk/${run}/head:${id}.txt`), "2\ndone", "and not delivered");
  await assertUntouched(sandbox, before);
  await sandbox.omkEnds(0, ["verify"]);
  await sandbox.becomesQuiet();
}

Deno.test("P3, P6, P13: what a worker reports that was stopped beyond its lease is refused, told and kept", () =>
  refuseLateReport(false));

Deno.test("P3, P6, P13: so it is where omk was stopped too, and goes on before it", () =>
  refuseLateReport(true));

Deno.test("P3, P6, P13: omk that was stopped beyond the lease renews first, and nothing is done twice", async () => {
  await using sandbox = await Sandbox.withRepository();
  await sandbox.plan(planOf(sandbox));
  const before = await userState(sandbox);
  const omk = sandbox.start(["run"]);
  await logged(sandbox, "task_started");
  const worker = sandbox.start(["worker"]);
  await remoteClaim(sandbox);
  omk.kill("SIGSTOP");
  const stoppedAt = (await sandbox.events()).length;
  // The lease of both is over on the wall clock when the file of the second moment is there.
  await sandbox.sh(`sleep ${TIMES.lease_secs + 2}`);
  omk.kill("SIGCONT");
  await eventually(
    "a renewal",
    async () =>
      (await sandbox.events()).slice(stoppedAt).some(({ kind }) => kind === "lease_renewed")
        ? true
        : undefined,
  );
  await Deno.writeTextFile(`${sandbox.root}/go`, "");
  const ended = await omk.ended;
  assertEquals(ended.code, 0, ended.stdout + ended.stderr);
  assertEquals((await worker.ended).code, 0);
  for (const kind of ["retry_scheduled", "result_refused", "worker_dead", "task_failed"]) {
    assertEquals(await sandbox.payloads(kind), [], kind);
  }
  assertEquals((await sandbox.payloads("task_claimed")).length, 2);
  await assertUntouched(sandbox, before);
  await sandbox.omkEnds(0, ["verify"]);
  await sandbox.becomesQuiet();
});
