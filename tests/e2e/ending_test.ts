/** How runs are ended: by Ctrl-C, by `omk cancel`, by time limits; whatever their tasks do about it. */

import { assertEquals, assertMatch } from "@std/assert";
import { appears } from "./call.ts";
import { Sandbox } from "./harness.ts";
import { type RunningOmk } from "./running_omk.ts";
import { assertUntouched, userState } from "./user_state.ts";

/** A task that says that it runs, and goes on until it is ended. */
function waits(
  sandbox: Sandbox,
  id: string,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return { id, run: `echo ${id} > ${id}.txt; touch ${sandbox.root}/${id}.runs; sleep 1000`, ...more };
}

/** A task that SIGTERM does not end, nor the children that it has in sessions of their own. */
function stubborn(
  sandbox: Sandbox,
  id: string,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const run = `trap '' TERM INT HUP; setsid sh -c "trap '' TERM; while :; do sleep 0.1; done" &
    echo ${id} > ${id}.txt; touch ${sandbox.root}/${id}.runs; while :; do sleep 0.1; done`;
  return { id, run, ...more };
}

/** Starts a run of these tasks, and resolves once those that are named run. */
async function started(
  sandbox: Sandbox,
  tasks: readonly unknown[],
  running: readonly string[],
): Promise<RunningOmk> {
  await sandbox.plan({ version: 1, gates: [], tasks });
  const omk = sandbox.start(["run"]);
  for (const id of running) await appears(`${sandbox.root}/${id}.runs`);
  return omk;
}

/** The file of an attempt's pin that has the task's name. */
async function pinned(sandbox: Sandbox, id: string): Promise<string> {
  return await sandbox.git("show", `refs/omk/${await sandbox.runId()}/task/${id}/1/pin:${id}.txt`);
}

Deno.test("P6, P13: Ctrl-C ends the tasks, keeps their work, and omk exits with 130", async () => {
  await using sandbox = await Sandbox.withRepository();
  const omk = await started(sandbox, [waits(sandbox, "one"), waits(sandbox, "two"), {
    id: "after",
    run: "true",
    dependencies: ["one"],
  }], ["one", "two"]);
  const before = await userState(sandbox);
  omk.kill("SIGINT");
  const { code, stdout, stderr } = await omk.ended;
  assertEquals(code, 130, stdout);
  assertMatch(stderr, /Ending the run.*once more/);
  assertEquals(sandbox.processes(), []);
  assertEquals([await pinned(sandbox, "one"), await pinned(sandbox, "two")], ["one", "two"]);
  const status = await sandbox.omkJson(["status"]);
  assertEquals([status.status, status.exit_code, status.counts.cancelled], ["cancelled", 130, 3]);
  await assertUntouched(sandbox, before);
});

Deno.test("SIGTERM and a closed terminal end a run as Ctrl-C does", async () => {
  for (const signal of ["SIGTERM", "SIGHUP"] as const) {
    await using sandbox = await Sandbox.withRepository();
    const omk = await started(sandbox, [waits(sandbox, "one")], ["one"]);
    omk.kill(signal);
    assertEquals((await omk.ended).code, 130);
    assertEquals(sandbox.processes(), []);
    assertEquals(await pinned(sandbox, "one"), "one");
  }
});

Deno.test("a second Ctrl-C ends at once what ignores the first", async () => {
  await using sandbox = await Sandbox.withRepository();
  const omk = await started(sandbox, [stubborn(sandbox, "one")], ["one"]);
  const from = performance.now();
  omk.kill("SIGINT");
  await omk.printedError("Ending the run");
  omk.kill("SIGINT");
  assertEquals((await omk.ended).code, 130);
  assertEquals(performance.now() - from < 9_000, true, "the grace period of 10 s was waited for");
  assertEquals(sandbox.processes(), []);
  assertEquals(await pinned(sandbox, "one"), "one");
});

Deno.test("P9: what ignores SIGTERM is killed 10 s later, at a time limit, at Ctrl-C and by omk cancel", async () => {
  const atTimeLimit = async () => {
    await using sandbox = await Sandbox.withRepository();
    const omk = await started(sandbox, [stubborn(sandbox, "one", { timeout_secs: 1 })], ["one"]);
    const { code, stdout } = await omk.ended;
    assertEquals(code, 1);
    assertMatch(stdout, /^failed one: took longer than its time limit/m);
    assertEquals(sandbox.processes(), []);
    assertEquals(await pinned(sandbox, "one"), "one");
  };
  const atCtrlC = async () => {
    await using sandbox = await Sandbox.withRepository();
    const omk = await started(sandbox, [stubborn(sandbox, "one")], ["one"]);
    omk.kill("SIGINT");
    assertEquals((await omk.ended).code, 130);
    assertEquals(sandbox.processes(), []);
    assertEquals(await pinned(sandbox, "one"), "one");
  };
  const byCancel = async () => {
    await using sandbox = await Sandbox.withRepository();
    const omk = await started(sandbox, [stubborn(sandbox, "one")], ["one"]);
    const { stdout } = await sandbox.omkEnds(0, ["cancel", "--reason", "wrong approach"]);
    assertMatch(stdout, /^cancelled run /);
    assertEquals((await omk.ended).code, 130);
    assertEquals(sandbox.processes(), []);
    assertEquals(await pinned(sandbox, "one"), "one");
  };
  await Promise.all([atTimeLimit(), atCtrlC(), byCancel()]);
});

Deno.test("omk cancel from another process ends the run and says why in its log", async () => {
  await using sandbox = await Sandbox.withRepository();
  const omk = await started(sandbox, [waits(sandbox, "one")], ["one"]);
  const status = await sandbox.omkJson(["status"]);
  assertEquals([status.standing, status.controlled, status.active[0].task_id], ["running", true, "one"]);
  await sandbox.omkEnds(0, ["cancel", "--reason", "wrong approach"]);
  assertEquals((await omk.ended).code, 130);
  assertEquals((await sandbox.payloads("run_cancelled"))[0]?.reason, "wrong approach");
  assertEquals(sandbox.processes(), []);
  const again = await sandbox.omkEnds(1, ["cancel"]);
  assertMatch(again.stderr, /it is finished: cancelled/);
});

Deno.test("omk cancel of one task cancels what depends on it too, and leaves the others alone", async () => {
  await using sandbox = await Sandbox.withRepository();
  const go = `${sandbox.root}/go`;
  const other = {
    id: "other",
    run:
      `touch ${sandbox.root}/other.runs; while ! test -e ${go}; do sleep 0.05; done; echo done > other.txt`,
  };
  const omk = await started(
    sandbox,
    [waits(sandbox, "one"), other, { id: "after", run: "true", dependencies: ["one"] }],
    ["one", "other"],
  );
  const unknown = await sandbox.omkEnds(2, ["cancel", "latest", "oen"]);
  assertMatch(unknown.stderr, /has no task "oen"/);
  await sandbox.omkEnds(0, ["cancel", "latest", "one"]);
  await Deno.writeTextFile(go, "");
  const { code, stdout } = await omk.ended;
  assertEquals(code, 1, stdout);
  const { counts } = await sandbox.omkJson(["status"]);
  assertEquals([counts.completed, counts.cancelled], [1, 2]);
  assertMatch(stdout, /^cancelled after: .*one/m);
});

Deno.test("P8: a task can neither cancel a run nor accept one, with its mark or without", async () => {
  await using sandbox = await Sandbox.withRepository();
  const omk = (word: string) => sandbox.omkCommand(word);
  const calls = `${omk("cancel")}; env -u OMK_MARK ${omk("cancel")}; env -u OMK_MARK ${omk("accept")}`;
  await sandbox.plan({
    version: 1,
    gates: [],
    tasks: [{ id: "one", run: `cd ${sandbox.project}; { ${calls}; } 2> "$OLDPWD/told.txt"; true` }],
  });
  await sandbox.omkEnds(0, ["run"]);
  const run = `run ${await sandbox.runId()}`;
  const told = await sandbox.git("show", `refs/omk/${await sandbox.runId()}/head:told.txt`);
  assertEquals(
    told.match(/^error: .*$/gm),
    ["Cannot cancel from inside a task", `Cannot cancel ${run}`, "Cannot accept a run"].map((what) =>
      `error: ${what}: this process was started by an omk run; call omk from outside of it`
    ),
  );
  assertEquals(await sandbox.payloads("cancel_requested"), []);
});

Deno.test("--on-failure kill ends the other tasks, no-new lets them finish, continue starts new ones", async () => {
  for (
    const [how, expected] of [["kill", [0, 2, 0]], ["no-new", [1, 0, 1]], ["continue", [2, 0, 0]]] as const
  ) {
    await using sandbox = await Sandbox.withRepository();
    const failed = `${sandbox.root}/failed`;
    await sandbox.plan({
      version: 1,
      workers: 2,
      gates: [],
      tasks: [
        { id: "fails", run: `while ! test -e ${sandbox.root}/slow.runs; do sleep 0.02; done; exit 1` },
        {
          id: "slow",
          run:
            `touch ${sandbox.root}/slow.runs; while ! grep -q task_failed ${sandbox.project}/.git/omk/runs/2*/events.jsonl; do sleep 0.02; done; ${
              how === "kill" ? "sleep 1000" : `touch ${failed}`
            }`,
        },
        { id: "new", run: `test -e ${failed}`, dependencies: ["slow"] },
      ],
    });
    await sandbox.omkEnds(1, ["run", "--on-failure", how]);
    const { counts } = await sandbox.omkJson(["status"]);
    const notRun = counts.pending + counts.blocked;
    assertEquals(
      [counts.completed, counts.cancelled, notRun],
      [...expected],
      `--on-failure ${how}: ${JSON.stringify(counts)}`,
    );
    assertEquals(sandbox.processes(), []);
  }
});
