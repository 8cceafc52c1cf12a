/** What lies around a run: odd paths, git's own variables, its garbage collection, submodules, converted line ends. */

import { assertEquals, assertMatch } from "@std/assert";
import { appears } from "./call.ts";
import { Sandbox } from "./harness.ts";

const LOOK = [{ name: "look", command: "test -e new.txt" }];
const WRITE = { version: 1, gates: LOOK, tasks: [{ id: "write", run: "echo new > new.txt" }] };

Deno.test("omk works in directories whose names hold spaces, quotes, line ends and letters of any script", async () => {
  await using sandbox = await Sandbox.withPlan(WRITE);
  const cwd = `${sandbox.root}/we ird'"ü\n$HOME`;
  const env = { XDG_STATE_HOME: `${sandbox.root}/st ate'ü` };
  await sandbox.git("clone", "--quiet", ".", cwd);
  await sandbox.omkEnds(0, ["run", "--merge"], { cwd, env });
  await sandbox.omkEnds(0, ["verify"], { cwd, env });
  assertEquals((await sandbox.call("git", ["status", "--porcelain"], { cwd })).stdout, "");
  assertEquals(await Deno.readTextFile(`${cwd}/new.txt`), "new\n");
});

Deno.test("P13: git's variables, as a hook has them, lead neither omk nor its tasks astray", async () => {
  await using sandbox = await Sandbox.withPlan({
    ...WRITE,
    tasks: [{
      id: "write",
      run: "git rev-parse --show-toplevel > new.txt; env | grep -c '^GIT_[DIWP]' >> new.txt; true",
    }],
  });
  const env = { GIT_DIR: ".git", GIT_INDEX_FILE: ".git/index", GIT_WORK_TREE: ".", GIT_PREFIX: "src/" };
  await sandbox.omkEnds(0, ["run", "--merge"], { env });
  assertMatch(await sandbox.read("new.txt"), /\/state\/omk\/worktrees\/[0-9a-f]+\/w1\n0\n$/);
  assertEquals(await sandbox.git("status", "--porcelain"), "");
});

Deno.test("P6: git gc, git worktree prune and git clean of the user, in mid-run and after it, take nothing from omk", async () => {
  await using sandbox = await Sandbox.withRepository();
  const tidy =
    "git gc --quiet --prune=now && git worktree prune && git clean -ffdxq && git reflog expire --expire=now --all";
  await sandbox.plan({
    ...WRITE,
    tasks: [
      { id: "early", run: "echo early > early.txt" },
      { id: "tidy", run: `echo tidy > tidy.txt; cd ${sandbox.project} && ${tidy}`, dependencies: ["early"] },
      { id: "write", run: "cat early.txt tidy.txt > new.txt", dependencies: ["tidy"] },
    ],
  });
  await sandbox.omkEnds(0, ["run"]);
  assertEquals((await sandbox.sh(tidy)).code, 0);
  await sandbox.omkEnds(0, ["verify"]);
  await sandbox.omkEnds(0, ["merge"]);
  assertEquals((await sandbox.sh(tidy)).code, 0);
  await sandbox.omkEnds(0, ["verify"]);
  assertEquals(await sandbox.read("new.txt"), "early\ntidy\n");
  await sandbox.git("fsck", "--full", "--strict");
});

Deno.test("a submodule stays at its commit, converted line ends stay as they are, and both are said", async () => {
  await using sandbox = await Sandbox.withPlan(WRITE, {
    ".gitattributes": "* text=auto eol=crlf\n",
    "lines.txt": "a\nb\n",
  });
  await sandbox.sh(
    "git init -q ../sub && cd ../sub && git -c user.name=a -c user.email=a commit -q --allow-empty -m x",
  );
  await sandbox.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../sub", "sub");
  await sandbox.commit("submodule");
  await sandbox.sh("rm lines.txt && git checkout -q lines.txt");
  const before = await sandbox.git("ls-tree", "HEAD", "sub", "lines.txt");
  const { stderr } = await sandbox.omkEnds(0, ["run", "--merge"]);
  assertMatch(stderr, /^warning: Submodules: .*\nwarning: Converted paths \(\*\): /);
  assertEquals(await sandbox.git("ls-tree", "HEAD", "sub", "lines.txt"), before);
  assertEquals([await sandbox.read("lines.txt"), await sandbox.git("status", "--porcelain")], [
    "a\r\nb\r\n",
    "",
  ]);
  await sandbox.omkEnds(0, ["verify"]);
});

Deno.test("a task that cannot be started, or dies by a signal, fails with the reason", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [],
    tasks: [
      { id: "unknown", run: "no-such-program" },
      { id: "missing", run: ["no-such-program"] },
      { id: "not-executable", run: ["./README.md"] },
      { id: "nowhere", run: "true", cwd: "no/such" },
      { id: "killed", run: "kill -KILL $$" },
    ].map((task) => ({ ...task, retry_policy: { max_attempts: 0 } })),
  });
  const { stdout } = await sandbox.omkEnds(1, ["run"]);
  assertMatch(stdout, /^failed unknown: exited with 127\n {2}\| .*no-such-program: not found/m);
  assertMatch(stdout, /^failed missing: could not be started: there is no program "no-such-program"$/m);
  assertMatch(stdout, /^failed not-executable: could not be started: .*[Pp]ermission denied/m);
  assertMatch(stdout, /^failed nowhere: could not be started: .*no\/such/m);
  assertMatch(stdout, /^failed killed: was ended by SIGKILL/m);
});

Deno.test("a gate that takes too long is ended, and its output up to then is kept", async () => {
  await using sandbox = await Sandbox.withPlan({
    ...WRITE,
    gates: [{ name: "slow", command: "echo begun; setsid sleep 1000 & sleep 1000", timeout_secs: 1 }],
  });
  const { stdout } = await sandbox.omkEnds(1, ["run"]);
  assertMatch(stdout, /gate failed slow: .*(time|1 s)/);
  assertEquals(sandbox.processes(), []);
  assertEquals((await sandbox.omkEnds(0, ["logs", "--gate", "slow"])).stdout, "begun\n");
});

Deno.test("Ctrl-C while a gate runs ends it, and the run is cancelled with all tasks completed", async () => {
  await using sandbox = await Sandbox.withRepository();
  await sandbox.plan({
    ...WRITE,
    gates: [{ name: "slow", command: `touch ${sandbox.root}/runs; sleep 1000` }],
  });
  const omk = sandbox.start(["run"]);
  await appears(`${sandbox.root}/runs`);
  omk.kill("SIGINT");
  assertEquals((await omk.ended).code, 130);
  assertEquals(sandbox.processes(), []);
  const { status, counts } = await sandbox.omkJson(["status"]);
  assertEquals([status, counts.completed], ["cancelled", 1]);
});

Deno.test("a task that removes the run's own files ends it with exit code 5, and leaves no process", async () => {
  await using sandbox = await Sandbox.withRepository();
  await sandbox.plan({
    ...WRITE,
    tasks: [{ id: "remove", run: `rm -rf ${sandbox.project}/.git/omk/runs/2*` }, {
      id: "waits",
      run: "sleep 1000",
    }],
  });
  const { stderr } = await sandbox.omkEnds(5, ["run"]);
  assertMatch(stderr, /^error: .*events\.jsonl.*removed/);
  assertEquals(sandbox.processes(), []);
  await sandbox.plan(WRITE);
  await sandbox.omkEnds(0, ["run"]);
});

Deno.test("a task that kills omk itself leaves a run that can be resumed", async () => {
  await using sandbox = await Sandbox.withRepository();
  const pid = `${sandbox.root}/omk.pid`;
  await sandbox.plan({
    ...WRITE,
    tasks: [{ id: "write", run: `echo new > new.txt; test $OMK_ATTEMPT -gt 1 || kill -KILL $(cat ${pid})` }],
  });
  const omk = sandbox.startProgram("sh", ["-c", `echo $$ > ${pid}; exec ${sandbox.omkCommand("run")}`]);
  assertEquals((await omk.ended).signal, "SIGKILL");
  await sandbox.becomesQuiet();
  await sandbox.omkEnds(0, ["resume"]);
  assertEquals((await sandbox.payloads("task_claimed")).map(({ attempt }) => attempt), [1, 2]);
});
