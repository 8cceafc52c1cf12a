/** Delivery: to a branch that stands still, has moved, or has uncommitted changes in its checkout. */

import { assertEquals, assertMatch } from "@std/assert";
import { Sandbox } from "./harness.ts";
import { assertUntouched, userState } from "./user_state.ts";

const LOOK = { name: "look", command: "true" };

Deno.test("omk run --merge delivers a run that is ready, and does not deliver one that is not", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [{ name: "look", command: "test ! -e bad.txt" }],
    tasks: [{ id: "a", run: "touch good.txt" }],
  });
  await sandbox.omkEnds(0, ["run", "--merge"]);
  assertEquals(await sandbox.git("log", "-1", "--format=%s"), "a");
  await sandbox.plan({
    version: 1,
    gates: [{ name: "look", command: "test ! -e bad.txt" }],
    tasks: [{ id: "b", run: "touch bad.txt" }],
  });
  const before = await userState(sandbox);
  await sandbox.omkEnds(1, ["run", "--merge"]);
  await assertUntouched(sandbox, before);
  await sandbox.omkEnds(0, ["merge", "--anyway"]);
  assertEquals((await sandbox.payloads("run_merged"))[0]?.anyway, true);
});

Deno.test("P7: where the branch has moved, omk merge merges, runs the gates again, and proves that", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [{ name: "look", command: "ls > /dev/null; test ! -e forbidden.txt" }],
    tasks: [{ id: "a", run: "echo a > a.txt" }],
  });
  await sandbox.omkEnds(0, ["run"]);
  await sandbox.commit("moved", { "moved.txt": "moved\n" });
  const { stdout } = await sandbox.omkEnds(0, ["merge"]);
  assertMatch(stdout, /merged with what was on the branch, checked again, and delivered/);
  assertEquals([await sandbox.read("a.txt"), await sandbox.read("moved.txt")], ["a\n", "moved\n"]);
  assertEquals((await sandbox.payloads("gate_passed")).length, 2);
  assertEquals(await sandbox.git("status", "--porcelain"), "");
  await sandbox.omkEnds(0, ["verify"]);
});

Deno.test("P7, P13: where the merge with a moved branch is red, nothing is delivered", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [{ name: "look", command: "test ! -e forbidden.txt" }],
    tasks: [{ id: "a", run: "echo a > a.txt" }],
  });
  await sandbox.omkEnds(0, ["run"]);
  await sandbox.commit("moved", { "forbidden.txt": "x\n" });
  const before = await userState(sandbox);
  const red = await sandbox.omkEnds(1, ["merge"]);
  assertMatch(red.stderr, /merged with what is on the branch now, it is not_ready/);
  await assertUntouched(sandbox, before);
});

Deno.test("P13: where the branch has moved and both changed the same lines, omk merge names the files and git's way out", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [LOOK],
    tasks: [{ id: "a", run: "echo a > a.txt" }],
  });
  await sandbox.omkEnds(0, ["run"]);
  await sandbox.commit("moved", { "a.txt": "mine\n" });
  const before = await userState(sandbox);
  const { stderr } = await sandbox.omkEnds(1, ["merge"]);
  assertMatch(stderr, /both changed a\.txt; resolve it yourself with: git merge [0-9a-f]{40}/);
  await assertUntouched(sandbox, before);
  assertEquals((await sandbox.omkJson(["status"])).status, "ready");
});

Deno.test("P13: omk merge refuses where uncommitted changes overlap, leaves others alone, and can deliver later", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [LOOK],
    tasks: [{ id: "a", run: "echo a >> README.md" }],
  });
  await sandbox.omkEnds(0, ["run"]);
  await sandbox.write({ "README.md": "# mine\n", "other.txt": "mine\n" });
  const before = await userState(sandbox);
  const { stderr } = await sandbox.omkEnds(1, ["merge"]);
  assertMatch(stderr, /README\.md; commit, stash or remove these changes/);
  // git itself notes where the branch was, as for any merge that a user tries.
  await assertUntouched(sandbox, before, [".git/ORIG_HEAD"]);
  await sandbox.git("checkout", "--quiet", "README.md");
  await sandbox.omkEnds(0, ["merge"]);
  assertEquals([await sandbox.read("README.md"), await sandbox.read("other.txt")], ["# test\na\n", "mine\n"]);
});
