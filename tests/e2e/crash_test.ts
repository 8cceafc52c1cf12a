/** SIGKILL of omk: nothing that it started survives, nothing that it acknowledged is lost, and the run goes on. */

import { assertEquals, assertMatch } from "@std/assert";
import {
  assertSoundAfterKill,
  crashSandbox,
  headTree,
  killAt,
  momentsOf,
  type QuietRun,
  quietRun,
  surviveKill,
} from "./crash.ts";
import { appears } from "./call.ts";
import { Sandbox } from "./harness.ts";
import { assertUntouched, userState } from "./user_state.ts";

const SEED = 20261120;
/** Many more are among the real faults. */
const MOMENTS = 1;

let knownQuietRun: QuietRun | undefined;

/** The undisturbed run that all tests here compare with; it is made once. */
async function quiet(): Promise<QuietRun> {
  return knownQuietRun ??= await quietRun();
}

Deno.test("P1, P2, P6, P13: a run that was killed at any moment is resumed and ends as if it never was", async () => {
  const { tree, events } = await quiet();
  for (const moment of momentsOf(SEED, MOMENTS, events)) await surviveKill(moment, tree);
});

Deno.test("P2: a run that is killed again while it is resumed still ends well", async () => {
  const { tree } = await quiet();
  await using sandbox = await crashSandbox();
  const acknowledged = [...await killAt(sandbox, ["run"], { events: 4, delayMs: 5 })];
  await assertSoundAfterKill(sandbox, acknowledged);
  // Not more often: what takes its worker down three times in a row is quarantined.
  acknowledged.push(...await killAt(sandbox, ["resume"], { events: 2, delayMs: 10 }));
  await assertSoundAfterKill(sandbox, acknowledged);
  await sandbox.omkEnds(0, ["resume"]);
  assertEquals(await headTree(sandbox), tree);
});

Deno.test("P6: SIGKILL of omk keeps what its tasks had written, and omk cancel settles the run", async () => {
  await using sandbox = await Sandbox.withRepository();
  await sandbox.plan({
    version: 1,
    gates: [],
    tasks: [{
      id: "one",
      run: `echo half > half.txt; touch ${sandbox.root}/runs; setsid sleep 1000 & sleep 1000`,
    }],
  });
  const before = await userState(sandbox);
  const omk = sandbox.start(["run"]);
  await appears(`${sandbox.root}/runs`);
  omk.kill("SIGKILL");
  await omk.ended;
  await sandbox.becomesQuiet();
  assertEquals((await sandbox.omkJson(["status"])).standing, "interrupted");
  const status = await sandbox.omkEnds(0, ["status"]);
  assertMatch(status.stdout, /interrupted/);
  assertMatch(status.stdout, /omk resume/);
  await sandbox.omkEnds(0, ["cancel"]);
  const after = await sandbox.omkJson(["status"]);
  assertEquals([after.standing, after.exit_code, after.counts.cancelled], ["cancelled", 130, 1]);
  assertEquals(
    await sandbox.git("show", `refs/omk/${await sandbox.runId()}/task/one/1/pin:half.txt`),
    "half",
  );
  assertEquals(sandbox.processes(), []);
  await assertUntouched(sandbox, before);
});

Deno.test("P3: omk resume refuses while the run's controller is alive, and a finished run", async () => {
  await using sandbox = await Sandbox.withRepository();
  const go = `${sandbox.root}/go`;
  await sandbox.plan({
    version: 1,
    gates: [],
    tasks: [{ id: "one", run: `touch ${sandbox.root}/runs; while ! test -e ${go}; do sleep 0.05; done` }],
  });
  const omk = sandbox.start(["run"]);
  await appears(`${sandbox.root}/runs`);
  const { stderr } = await sandbox.omkEnds(1, ["resume"]);
  assertMatch(stderr, /its controller is alive/);
  await Deno.writeTextFile(go, "");
  assertEquals((await omk.ended).code, 0);
  const again = await sandbox.omkEnds(2, ["resume"]);
  assertMatch(again.stderr, /nothing to resume: it is finished: passed/);
});
