/** The live view on a real terminal: what stays in the scroll-back, resizing, and interrupts. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { appears, eventually } from "./call.ts";
import { Sandbox } from "./harness.ts";
import { hasTmux, Terminal } from "./terminal.ts";

const ignore = !await hasTmux();

/** A task that prints what it does, and goes on until `go` exists. */
function waits(sandbox: Sandbox, id: string): { readonly id: string; readonly run: string } {
  const go = `${sandbox.root}/go`;
  return {
    id,
    run: `echo "working on ${id}"; while [ ! -e ${go} ]; do sleep 0.05; done; echo ${id} > ${id}.txt`,
  };
}

for (const [columns, rows] of [[80, 24], [40, 10]] as const) {
  Deno.test({
    name:
      `the live view at ${columns}×${rows} shows what is at work, follows resizing, and leaves nothing behind`,
    ignore,
    async fn() {
      await using sandbox = await Sandbox.withRepository();
      await sandbox.plan({
        version: 1,
        gates: [{ name: "look", command: "ls > /dev/null" }],
        tasks: [waits(sandbox, "one"), waits(sandbox, "two"), { id: "bad", run: "echo broken; exit 3" }],
      });
      await using terminal = new Terminal(sandbox);
      await terminal.run(columns, rows, sandbox.omkCommand("run"));
      await terminal.shows(/ one +.*working on one[\s\S]* two +.*working/);
      await terminal.shows(/running {2}0 of 3 done {2}1 failed/);
      if (columns === 40) {
        await terminal.resize(100, 30);
        await terminal.shows(/running {2}0 of 3 done {2}1 failed .*20\d{6}-/);
        await terminal.resize(40, 10);
        await terminal.shows(/^running {2}0 of 3 done {2}1 failed {2}[0-9.ms ]+$/m);
      }
      await Deno.writeTextFile(`${sandbox.root}/go`, "");
      await terminal.shows(/exit code 1/);
      const all = await terminal.text(true);
      assertEquals(/^running/m.test(all), false, all);
      for (
        const line of [
          "done    one in",
          "failed  bad: exited with 3",
          "  | broken",
          "not_ready: 2 of 3 tasks",
        ]
      ) {
        assertEquals(all.split(line).length, 2, `"${line}" once in:\n${all}`);
      }
      assert(await terminal.isCursorShown());
    },
  });
}

Deno.test({
  name:
    "P6: Ctrl-C in a terminal ends the run with its work kept, a second one at once, and the screen is clean",
  ignore,
  async fn() {
    await using sandbox = await Sandbox.withRepository();
    const stubborn =
      `trap '' TERM; echo kept > kept.txt; touch ${sandbox.root}/runs; while :; do sleep 0.05; done`;
    await sandbox.plan({
      version: 1,
      gates: [],
      tasks: [waits(sandbox, "soft"), { id: "hard", run: stubborn }],
    });
    await using terminal = new Terminal(sandbox);
    await terminal.run(80, 24, sandbox.omkCommand("run"));
    await appears(`${sandbox.root}/runs`);
    await terminal.shows(/ soft .*working/);
    await terminal.press("C-c");
    const ending = await terminal.shows(/^ending/m);
    assertStringIncludes(ending, "once more ends them at once");
    await terminal.shows(/cancel {2}soft/);
    await terminal.press("C-c");
    await terminal.shows(/exit code 130/);
    const all = await terminal.text(true);
    assertEquals(/^(running|ending)/m.test(all), false, all);
    assertMatch(all, /cancelled: 0 of 2 tasks completed/);
    assert(await terminal.isCursorShown());
    assertEquals(
      await sandbox.git("show", `refs/omk/${await sandbox.runId()}/task/hard/1/pin:kept.txt`),
      "kept",
    );
  },
});

Deno.test({
  name: "what tasks print moves nothing in the live view, and stays on the terminal as lines",
  ignore,
  async fn() {
    await using sandbox = await Sandbox.withRepository();
    const print = "printf '1%%\\r50%%\\r100%%\\n\\033[2J\\033[5Acleared\\n\\033[31mred\\033[0m\\n'";
    await sandbox.plan({
      version: 1,
      gates: [],
      tasks: [waits(sandbox, "slow"), { id: "bad", run: `${print}; exit 3` }],
    });
    await using terminal = new Terminal(sandbox);
    await terminal.run(60, 15, sandbox.omkCommand("run", "--output", "failed"));
    const during = await terminal.shows(/running {2}0 of 2 done {2}1 failed[\s\S]* slow +[0-9]+s {2}working/);
    assertMatch(
      during,
      /^ {2}\| 100%\n {2}\| cleared\n {2}\| red\n {2}failed {2}bad: exited with 3\nrunning/m,
    );
    await Deno.writeTextFile(`${sandbox.root}/go`, "");
    await terminal.shows(/exit code 1/);
    const all = await terminal.text(true);
    assertEquals(/^running/m.test(all), false, all);
    assertMatch(all, /^run .*\n[\s\S]*\| cleared\n {2}\| red\n {2}failed/);
  },
});

Deno.test({
  name: "the live view goes on below what the shell wrote after Ctrl-Z",
  ignore,
  async fn() {
    await using sandbox = await Sandbox.withRepository();
    await sandbox.plan({ version: 1, gates: [], tasks: [waits(sandbox, "slow")] });
    await using terminal = new Terminal(sandbox);
    const omk = sandbox.omkCommand("run");
    const go = `${sandbox.root}/continue`;
    await terminal.run(
      60,
      15,
      `set -m; ${omk}; printf "\\nstopped\\n"; while [ ! -e ${go} ]; do sleep 0.05; done; fg`,
    );
    await terminal.shows(/ slow +[0-9]+s {2}working/);
    await terminal.press("C-z");
    await terminal.shows(/^stopped$/m);
    assert(await terminal.isCursorShown(), "the shell has a cursor");
    await Deno.writeTextFile(go, "");
    await terminal.shows(/^stopped$[\s\S]* slow +[0-9]+s {2}working/m);
    await Deno.writeTextFile(`${sandbox.root}/go`, "");
    await terminal.shows(/exit code 0/);
    const all = await terminal.text(true);
    assertMatch(all, /^stopped$[\s\S]*^ {2}done {4}slow/m);
    assertEquals(/^stopped$[\s\S]*^running/m.test(all), false, all);
  },
});

Deno.test({
  name: "P6: a terminal that is closed ends the run in order, with its work kept",
  ignore,
  async fn() {
    await using sandbox = await Sandbox.withRepository();
    const task = `echo kept > kept.txt; touch ${sandbox.root}/runs; while :; do sleep 0.05; done`;
    await sandbox.plan({ version: 1, gates: [], tasks: [{ id: "cut", run: task }] });
    await using terminal = new Terminal(sandbox);
    await terminal.run(80, 24, sandbox.omkCommand("run"));
    await appears(`${sandbox.root}/runs`);
    await terminal.shows(/ cut +[0-9]/);
    await terminal.close();
    const end = await eventually(
      "the end of the run",
      async () => (await sandbox.payloads("run_finished"))[0],
    );
    assertEquals(end.status, "cancelled");
    assertEquals(
      await sandbox.git("show", `refs/omk/${await sandbox.runId()}/task/cut/1/pin:kept.txt`),
      "kept",
    );
  },
});
