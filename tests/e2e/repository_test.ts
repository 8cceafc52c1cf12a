/** Where omk is called: repositories of every kind, checkouts in every state, and directories without git. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { call } from "./call.ts";
import { Sandbox } from "./harness.ts";
import { assertUntouched, userState } from "./user_state.ts";

const WRITE = { version: 1, gates: [], tasks: [{ id: "write", run: "echo new > new.txt" }] };
const GATED = { ...WRITE, gates: [{ name: "look", command: "test -e new.txt" }] };

Deno.test("omk run in no repository says so and what to do", async () => {
  await using sandbox = await Sandbox.create();
  await sandbox.write({ "omk.jsonc": JSON.stringify(WRITE) });
  const { stderr } = await sandbox.omkEnds(2, ["run"]);
  assertMatch(
    stderr,
    /^error: Cannot run task "write" in a worktree of its own .*no git repository.*git init/,
  );
  assertEquals(stderr.split("\n").length, 2);
});

Deno.test("omk run with isolation none works outside a repository, and says that nothing is proved", async () => {
  await using sandbox = await Sandbox.create();
  await sandbox.write({ "omk.jsonc": JSON.stringify({ ...WRITE, defaults: { isolation: "none" } }) });
  const { stdout } = await sandbox.omkEnds(0, ["run"]);
  assertEquals(await sandbox.read("new.txt"), "new\n");
  assertStringIncludes(stdout, "passed: 1 of 1 task completed");
  const status = await sandbox.omkJson(["status"]);
  assertEquals([status.status, status.exit_code, status.run.base], ["passed", 0, null]);
  const merge = await sandbox.omkEnds(1, ["merge", "--anyway"]);
  assertStringIncludes(merge.stderr, "its tasks worked in the directory itself");
  assertEquals(
    await Array.fromAsync(Deno.readDir(sandbox.project), (entry) => entry.name).then((n) => n.sort()),
    [
      "new.txt",
      "omk.jsonc",
    ],
  );
});

Deno.test("omk run before the first commit says so and what to do", async () => {
  await using sandbox = await Sandbox.create();
  await sandbox.git("init", "--quiet");
  await sandbox.write({ "omk.jsonc": JSON.stringify(WRITE) });
  const { stderr } = await sandbox.omkEnds(2, ["run"]);
  assertMatch(stderr, /^error: Cannot run tasks without a commit to start from .*git commit/);
});

Deno.test("omk run works on a detached HEAD, and omk merge then needs --into", async () => {
  await using sandbox = await Sandbox.withPlan(GATED);
  await sandbox.git("checkout", "--quiet", "--detach");
  await sandbox.omkEnds(0, ["run"]);
  const { stderr } = await sandbox.omkEnds(2, ["merge"]);
  assertMatch(stderr, /^error: Cannot tell where to deliver run .*HEAD was detached.*--into BRANCH/);
  await sandbox.omkEnds(0, ["merge", "--into", "main"]);
  assertEquals(await sandbox.git("show", "main:new.txt"), "new");
  assertEquals(await sandbox.git("status", "--porcelain"), "");
});

Deno.test("omk run on a bare repository says so and what to do", async () => {
  await using sandbox = await Sandbox.withPlan(WRITE);
  await sandbox.git("clone", "--quiet", "--bare", ".", "../bare.git");
  const plan = `${sandbox.project}/omk.jsonc`;
  const { stderr } = await sandbox.omkEnds(2, ["run", plan], { cwd: `${sandbox.root}/bare.git` });
  assertMatch(stderr, /^error: Cannot run tasks without a checkout .*is bare.*clone it/);
});

Deno.test("P13: omk run on a dirty checkout without a terminal exits 2 and lists the files", async () => {
  await using sandbox = await Sandbox.withPlan(GATED);
  await sandbox.write({ "README.md": "# changed\n", "sub dir/ünew": "untracked\n" });
  const before = await userState(sandbox);
  const { stderr, stdout } = await sandbox.omkEnds(2, ["run"]);
  assertMatch(stderr, /README\.md, sub dir\/ünew; .*--base HEAD leaves them out, --base dirty takes them in/);
  assertEquals(stdout, "");
  await assertUntouched(sandbox, before);
});

Deno.test("P13: omk run --base HEAD leaves uncommitted changes out, and omk merge leaves them alone", async () => {
  await using sandbox = await Sandbox.withPlan({
    ...GATED,
    tasks: [{ id: "write", run: "cat README.md > new.txt; ls > list.txt" }],
  });
  await sandbox.write({ "README.md": "# changed\n", "untracked.txt": "mine\n" });
  const before = await userState(sandbox);
  await sandbox.omkEnds(0, ["run", "--base", "HEAD"]);
  await assertUntouched(sandbox, before);
  await sandbox.omkEnds(0, ["merge"]);
  assertEquals(await sandbox.read("new.txt"), "# test\n");
  assertEquals(await sandbox.read("list.txt"), "README.md\nlist.txt\nnew.txt\nomk.jsonc\n");
  assertEquals(await sandbox.read("README.md"), "# changed\n");
  assertEquals(await sandbox.git("status", "--porcelain"), " M README.md\n?? untracked.txt");
});

Deno.test("P13: omk run --base dirty takes uncommitted changes in, and omk merge delivers them", async () => {
  await using sandbox = await Sandbox.withPlan({
    ...GATED,
    tasks: [{ id: "write", run: "cat README.md untracked.txt > new.txt; rm untracked.txt" }],
  });
  await sandbox.write({ "README.md": "# changed\n", "untracked.txt": "mine\n" });
  const before = await userState(sandbox);
  await sandbox.omkEnds(0, ["run", "--base", "dirty"]);
  await assertUntouched(sandbox, before);
  await sandbox.omkEnds(0, ["merge"]);
  assertEquals(await sandbox.read("new.txt"), "# changed\nmine\n");
  assertEquals(await sandbox.git("status", "--porcelain"), "");
  assertEquals(await sandbox.git("ls-tree", "--name-only", "HEAD"), "README.md\nnew.txt\nomk.jsonc");
  assertEquals(await sandbox.git("show", "HEAD~1:untracked.txt"), "mine");
});

Deno.test("P13: omk merge refuses a snapshot when the checkout has changed since, and says how to go on", async () => {
  await using sandbox = await Sandbox.withPlan(GATED);
  await sandbox.write({ "README.md": "# changed\n" });
  await sandbox.omkEnds(0, ["run", "--base", "dirty"]);
  await sandbox.write({ "README.md": "# changed again\n" });
  const before = await userState(sandbox);
  const { stderr } = await sandbox.omkEnds(1, ["merge"]);
  assertMatch(stderr, /README\.md.*git merge/s);
  await assertUntouched(sandbox, before);
});

Deno.test("omk commits as itself where git knows no identity", async () => {
  await using sandbox = await Sandbox.withPlan(GATED);
  for (const key of ["user.name", "user.email"]) await sandbox.git("config", "--unset", key);
  await sandbox.omkEnds(0, ["run", "--merge"]);
  assertEquals(await sandbox.git("log", "-1", "--format=%an <%ae> %cn"), "omk <omk@localhost> omk");
});

Deno.test("omk never signs with the user's gpg and never waits for a PIN", async () => {
  await using sandbox = await Sandbox.withPlan(GATED);
  await sandbox.stub("gpg", `echo called >> ${sandbox.root}/gpg-was-called; exit 1`);
  await sandbox.git("config", "commit.gpgsign", "true");
  await sandbox.git("config", "gpg.program", `${sandbox.root}/bin/gpg`);
  await sandbox.omkEnds(0, ["run", "--merge"]);
  assertEquals(await sandbox.read("new.txt"), "new\n");
  assertEquals(
    await sandbox.call("cat", [`${sandbox.root}/gpg-was-called`]).then((called) => called.code),
    1,
  );
});

Deno.test("P13: hooks of the user never run, neither failing ones nor those of core.hooksPath", async () => {
  await using sandbox = await Sandbox.withPlan(GATED);
  const names = [
    "pre-commit",
    "commit-msg",
    "post-checkout",
    "reference-transaction",
    "post-merge",
    "pre-merge-commit",
  ];
  for (const name of names) {
    await sandbox.write({
      [`../hooks/${name}`]: `#!/bin/sh\necho ${name} >> ${sandbox.root}/hooks-ran\nexit 1\n`,
    });
    await Deno.chmod(`${sandbox.root}/hooks/${name}`, 0o755);
  }
  await sandbox.git("config", "core.hooksPath", `${sandbox.root}/hooks`);
  await sandbox.omkEnds(0, ["run", "--merge"]);
  assertEquals(await sandbox.read("new.txt"), "new\n");
  assertEquals(await sandbox.call("cat", [`${sandbox.root}/hooks-ran`]).then((called) => called.stdout), "");
});

Deno.test("omk works in a repository that git calls dubious because another user owns it", async () => {
  await using sandbox = await Sandbox.withPlan(GATED);
  if (Deno.uid() === 0) await sandbox.sh(`chown -R 12345 ${sandbox.project}`);
  else {
    const git = await Deno.realPath(`${sandbox.root}/bin/git`);
    await sandbox.stub("git", `GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec ${git} "$@"`);
  }
  assertStringIncludes((await sandbox.call("git", ["status"])).stderr, "dubious ownership");
  await sandbox.omkEnds(0, ["run", "--merge"]);
  assertEquals(await sandbox.read("new.txt"), "new\n");
  await sandbox.omkEnds(0, ["verify"]);
});

Deno.test("omk run with a git older than 2.38 names the version and what it needs", async () => {
  await using sandbox = await Sandbox.withPlan(WRITE);
  await sandbox.stub("git", "echo git version 2.37.7");
  const { stderr } = await sandbox.omkEnds(5, ["run"]);
  assertMatch(
    stderr,
    /^error: Cannot use the git on the PATH: it is version 2\.37\.7; install git 2\.38 or later/,
  );
});

Deno.test("omk run without git on the PATH says so", async () => {
  await using sandbox = await Sandbox.withPlan(WRITE);
  await Deno.remove(`${sandbox.root}/bin/git`);
  const { stderr } = await sandbox.omk(["run"]);
  assertMatch(stderr, /^error: .*git/);
  assertEquals(stderr.includes("A fault of omk"), false);
});

Deno.test("omk run works in a linked worktree and in a subdirectory, and delivers to its branch", async () => {
  await using sandbox = await Sandbox.withPlan(GATED);
  await sandbox.git("worktree", "add", "--quiet", "-b", "topic", "../linked");
  const linked = `${sandbox.root}/linked`;
  await Deno.mkdir(`${linked}/deep/er`, { recursive: true });
  const before = await userState(sandbox);
  await sandbox.omkEnds(0, ["run"], { cwd: `${linked}/deep/er` });
  await assertUntouched(sandbox, before);
  await sandbox.omkEnds(0, ["merge"], { cwd: linked });
  assertEquals(await Deno.readTextFile(`${linked}/new.txt`), "new\n");
  assertEquals(await sandbox.git("log", "--format=%s", "main..topic"), "write");
  assertEquals((await call("git", ["status", "--porcelain"], { cwd: linked, env: sandbox.env })).stdout, "");
});
