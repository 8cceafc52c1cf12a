/** The machine around omk: full disks, directories that cannot be written to, readers that go away. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { appears, eventually } from "./call.ts";
import { Sandbox } from "./harness.ts";
import { canMount } from "./mount_namespace.ts";
import { SmallDisk } from "./small_disk.ts";
import { assertUntouched, userState } from "./user_state.ts";

const WRITE = {
  version: 1,
  gates: [{ name: "look", command: "test -e new.txt" }],
  tasks: [{ id: "write", run: "echo new > new.txt" }],
};

Deno.test("omk run on a full disk starts nothing, says why, and works once there is space", {
  ignore: !canMount(),
}, async () => {
  await using sandbox = await Sandbox.withPlan(WRITE);
  await using disk = await SmallDisk.mount(sandbox, sandbox.project, "2m");
  await disk.sh("cat /dev/zero > .git/filler");
  const { code, stderr, stdout } = await disk.omk(["run"]);
  assertEquals([code, stdout], [5, ""]);
  assertMatch(stderr, /^error: .*No space left on device/);
  assertEquals(stderr.includes("fault of omk"), false);
  assertMatch((await disk.omk(["status"])).stderr, /Cannot find any run/);
  await disk.sh("rm .git/filler");
  assertEquals((await disk.omk(["run", "--merge"])).code, 0);
  assertEquals((await disk.sh("git show main:new.txt")).stdout, "new\n");
});

Deno.test("P2: a disk that fills up under a run is waited for, and the run goes on once there is space", {
  ignore: !canMount(),
}, async () => {
  await using sandbox = await Sandbox.withRepository();
  const filler = `${sandbox.project}/.git/filler`;
  const mark = `${sandbox.root}/filled`;
  await sandbox.plan({
    ...WRITE,
    tasks: [
      {
        id: "fill",
        run:
          `cat /dev/zero > ${filler}; head -c 99999 /dev/zero | tr '\\0' 'x'; echo $$ > ${mark}.new; mv ${mark}.new ${mark}`,
        write_set: [],
      },
      { id: "write", run: "echo new > new.txt", dependencies: ["fill"] },
    ],
  });
  await using disk = await SmallDisk.mount(sandbox, sandbox.project, "4m");
  const omk = disk.start(["run"]);
  const pid = Number(await appears(mark));
  // What comes next is omk's: it records the end of the task, for which there is no room.
  await eventually("the task to end", () => {
    return sandbox.processes().every((process) => !process.startsWith(`${pid} `)) ? true : undefined;
  });
  await disk.sh(`rm ${filler}`);
  const { code, stdout } = await omk.ended;
  assertEquals(code, 0, stdout);
  const status = JSON.parse((await disk.omk(["status", "--json"])).stdout);
  assertEquals([status.status, status.counts.completed], ["ready", 2]);
  assert(status.tasks[0].outcome.output.kept_bytes < status.tasks[0].outcome.output.bytes);
  assertEquals(status.tasks[0].outcome.output.truncated, true);
  assertEquals((await disk.omk(["verify"])).code, 0);
});

Deno.test("P6: work that could not be pinned for want of space is no success, and its worktree is kept", {
  ignore: !canMount(),
}, async () => {
  await using sandbox = await Sandbox.withPlan({
    ...WRITE,
    tasks: [{ id: "write", run: "echo new > new.txt; cat /dev/zero > big.bin; true" }],
  });
  await using disk = await SmallDisk.mount(sandbox, `${sandbox.root}/state`, "1m");
  const { code, stdout } = await disk.omk(["run"]);
  assertEquals(code, 1, stdout);
  assertMatch(
    stdout,
    /failed write.*: failed in its worktree: its work could not be pinned: .*No space left/,
  );
  const slot = (await disk.sh(`cat ${sandbox.root}/state/omk/worktrees/*/w1/new.txt`)).stdout;
  assertEquals(slot, "new\n");
  // The next run leaves that worktree alone.
  await disk.sh(`rm ${sandbox.root}/state/omk/worktrees/*/w1/big.bin`);
  await disk.sh(
    `git commit -qam plan; sed -i 's/cat .dev.zero > big.bin/true/' omk.jsonc; git commit -qam plan`,
  );
  const again = await disk.omk(["run"]);
  assertEquals(again.code, 0, again.stdout);
  assertMatch((await disk.sh(`cat ${await sandbox.runDirectory()}/events.jsonl`)).stdout, /"slot":"w2"/);
});

Deno.test(
  "P13: a full disk during omk merge changes nothing, and the delivery succeeds once there is space",
  { ignore: !canMount() },
  async () => {
    await using sandbox = await Sandbox.withPlan({
      ...WRITE,
      tasks: [{ id: "write", run: "head -c 600000 /dev/urandom > big.bin; echo new > new.txt" }],
    });
    await using disk = await SmallDisk.mount(sandbox, sandbox.project, "6m");
    assertEquals((await disk.omk(["run"])).code, 0);
    const before = await disk.sh("git rev-parse HEAD; git status --porcelain");
    await disk.sh("cat /dev/zero > .git/filler");
    const refused = await disk.omk(["merge"]);
    assert(refused.code !== 0, refused.stdout);
    assertMatch(refused.stderr, /^error: Cannot deliver run .* to main: .*; see to that, then merge again/);
    await disk.sh("rm .git/filler");
    assertEquals((await disk.sh("git rev-parse HEAD; git status --porcelain")).stdout, before.stdout);
    const merged = await disk.omk(["merge"]);
    assertEquals(merged.code, 0, merged.stderr);
    assertEquals((await disk.sh("git status --porcelain; cat new.txt")).stdout, "new\n");
  },
);

Deno.test("a state directory that cannot be written to is replaced, with a warning that the proof repeats", async () => {
  await using sandbox = await Sandbox.withPlan(WRITE);
  const before = await userState(sandbox);
  const env = { XDG_STATE_HOME: `${sandbox.project}/README.md` };
  const { stderr } = await sandbox.omkEnds(0, ["run"], { env });
  assertMatch(stderr, /^warning: The worktrees lie inside the git directory, in ".*\/\.git\/omk\/worktrees"/);
  const proof = JSON.parse(await Deno.readTextFile(`${await sandbox.runDirectory()}/proof.json`));
  assertMatch(proof.known_gaps[0], /^The worktrees lie inside the git directory/);
  await assertUntouched(sandbox, before);
});

Deno.test("P10: with no place for the files of a run, omk says so before anything runs", async () => {
  await using sandbox = await Sandbox.create();
  await sandbox.write({
    "omk.jsonc": JSON.stringify({ ...WRITE, gates: [], defaults: { isolation: "none" } }),
  });
  const { stderr } = await sandbox.omk(["run"], { env: { XDG_STATE_HOME: "", HOME: "" } });
  assertMatch(stderr, /^error: Cannot tell where .*XDG_STATE_HOME/);
  const unwritable = await sandbox.omk(["run"], { env: { XDG_STATE_HOME: `${sandbox.project}/omk.jsonc` } });
  assertEquals(unwritable.code, 5);
  assertMatch(unwritable.stderr, /^error: .*omk\.jsonc/);
  assertEquals(unwritable.stderr.includes("fault of omk"), false);
  assertEquals(await Deno.stat(`${sandbox.project}/new.txt`).then(() => true, () => false), false);
});

Deno.test("P10: a --worktree-dir inside the checkout, or that cannot be written to, is refused", async () => {
  await using sandbox = await Sandbox.withPlan(WRITE);
  const inside = await sandbox.omkEnds(2, ["run", "--worktree-dir", "trees"]);
  assertMatch(inside.stderr, /^error: Cannot put worktrees into the chosen directory .*inside the checkout/);
  const bad = await sandbox.omkEnds(2, ["run", "--worktree-dir", `${sandbox.root}/project/README.md/x`]);
  assertMatch(bad.stderr, /^error: Cannot put worktrees into the chosen directory/);
  await sandbox.omkEnds(0, ["run", "--worktree-dir", "../trees"]);
  assertMatch((await sandbox.sh("ls ../trees/*")).stdout, /^w1$/m);
});

Deno.test("a reader that goes away ends the output quietly, not the run", async () => {
  await using sandbox = await Sandbox.withPlan(WRITE);
  const piped = async (...args: readonly string[]) => {
    const { stdout, stderr } = await sandbox.sh(
      `{ ${sandbox.omkCommand(...args)}; echo "ended with $?" >&2; } | head -n 1`,
    );
    assertEquals(stderr, "ended with 0\n");
    return stdout;
  };
  assertMatch(await piped("run"), /^run \d{8}-/);
  assertEquals((await sandbox.omkJson(["status"])).status, "ready");
  assertMatch(await piped("run", "--json"), /^\{"index":0,/);
  assertEquals((await sandbox.omkJson(["status"])).status, "ready");
  assertMatch(await piped("status"), /ready/);
  assertMatch(await piped("events", "--json"), /"kind":"run_started"/);
  assertMatch(await piped("--help"), /omk/);
});

Deno.test("omk run ends well with stdout and stderr closed from the start", async () => {
  await using sandbox = await Sandbox.withPlan(WRITE);
  const { stdout } = await sandbox.sh(`${sandbox.omkCommand("run")} >&- 2>&-; echo $?`);
  assertEquals(stdout, "0\n");
  assertEquals((await sandbox.omkJson(["status"])).status, "ready");
});

Deno.test("two runs in one repository at the same time do not disturb each other", async () => {
  await using sandbox = await Sandbox.withPlan(WRITE);
  const go = `${sandbox.root}/go`;
  await sandbox.plan({
    ...WRITE,
    tasks: [{
      id: "write",
      run: `echo $$ > new.txt; touch ${sandbox.root}/here.$$; while ! test -e ${go}; do sleep 0.05; done`,
    }],
  });
  const both = [sandbox.start(["run"]), sandbox.start(["run"])];
  await eventually("both tasks to run", async () => {
    const { stdout } = await sandbox.sh(`ls ${sandbox.root} | grep -c here`);
    return stdout === "2\n" ? true : undefined;
  });
  await Deno.writeTextFile(go, "");
  for (const { code, stdout, stderr } of await Promise.all(both.map((omk) => omk.ended))) {
    assertEquals(code, 0, stdout + stderr);
    assertStringIncludes(stdout, "ready: 1 of 1");
  }
});
