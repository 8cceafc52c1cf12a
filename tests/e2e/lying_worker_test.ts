/**
 * Workers that lie about what they did: none reaches `ready` unnoticed. Those that forge facts are in tamper_test.ts,
 * that delete or skip tests in lost_tests_test.ts, that approve themselves in signed_proof_test.ts.
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Sandbox } from "./harness.ts";

const AS_SOMEBODY =
  "export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x@x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x@x";
const BOAST = `echo '{"status":"success","summary":"All done, all tests pass"}' > "$OMK_RESULT"`;

interface Lie {
  readonly what: string;
  readonly id: string;
  readonly run: string;
  /** What the task may write; anything where it is left out. */
  readonly write_set?: readonly string[];
  /** What omk says of the task. */
  readonly reason: RegExp;
}

const LIES: readonly Lie[] = [
  {
    what: "edits the gate",
    id: "gate",
    run: `echo exit 0 > check.sh; ${BOAST}`,
    reason: /changed what judges it.*check\.sh/,
  },
  {
    what: "edits the entry point of a gate",
    id: "entry",
    run: `echo '{"scripts":{"test":"true"}}' > package.json; ${BOAST}`,
    reason: /changed what judges it.*package\.json/,
  },
  {
    what: "edits the plan, in which the gates are",
    id: "plan",
    run: `sed -i 's/sh check.sh/true/' omk.jsonc; ${BOAST}`,
    reason: /changed what judges it.*omk\.jsonc/,
  },
  {
    what: "edits CI",
    id: "ci",
    run: `mkdir -p .github/workflows; echo 'on: push' > .github/workflows/ci.yml; ${BOAST}`,
    reason: /changed what judges it.*\.github\/workflows\/ci\.yml/,
  },
  {
    what: "writes outside its set",
    id: "outside",
    run: `mkdir -p src/mine; echo x > src/mine/x; echo x > src/other; ${BOAST}`,
    write_set: ["src/mine/**"],
    reason: /src\/other/,
  },
  {
    what: "rewrites history, so that its base has what it changed",
    id: "history",
    run: `${AS_SOMEBODY}; echo lied > README.md; git add -A; git commit -q --amend -m base
      git update-ref refs/heads/main HEAD; echo x > history.txt; git add -A; git commit -qm work; ${BOAST}`,
    write_set: ["history.txt"],
    reason: /README\.md/,
  },
  {
    what: "hides a change behind skip-worktree and assume-unchanged bits",
    id: "hidden",
    run: `git update-index --skip-worktree README.md; git update-index --assume-unchanged check.sh
      echo lied > README.md; echo x > hidden.txt; ${BOAST}`,
    write_set: ["hidden.txt"],
    reason: /README\.md/,
  },
  {
    what: "hides a change behind an ignore rule",
    id: "ignored",
    run: `echo 'ignored.txt' >> "$(git rev-parse --git-dir)/info/exclude"; echo x > ignored.txt; ${BOAST}`,
    write_set: ["other.txt"],
    reason: /ignored\.txt/,
  },
];

Deno.test("P7 P8: a worker that lies about what it changed fails, and omk names what it changed", async (test) => {
  const files = { "check.sh": "true\n", "package.json": '{"scripts":{"test":"sh check.sh"}}\n' };
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    protected: "deny",
    gates: [{ name: "check", command: "sh check.sh" }, { name: "npm", command: "npm test", required: false }],
    tasks: LIES.map(({ id, run, write_set }) => ({
      id,
      run,
      retry_policy: { max_attempts: 0 },
      ...(write_set === undefined ? {} : { write_set }),
    })),
  }, files);
  await sandbox.omkEnds(1, ["run"]);
  const { tasks } = await sandbox.omkJson(["show"]);
  for (const { what, id, reason } of LIES) {
    await test.step(what, () => {
      const task = tasks.find((each: { readonly id: string }) => each.id === id);
      assertEquals(task.state, "failed");
      assertMatch(task.reason, reason);
    });
  }
  assertEquals((await sandbox.omkJson(["proof"])).status, "not_ready");
  const run = `refs/omk/${await sandbox.runId()}`;
  assertEquals(await sandbox.git("rev-parse", `${run}/head`), await sandbox.git("rev-parse", "main"));
  await sandbox.omkEnds(1, ["merge"]);
  await sandbox.omkEnds(0, ["verify"]);
});

Deno.test("P8: a worker that claims success without a diff makes no run ready that its gate does not pass", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [{ name: "check", command: "test -e work.txt" }],
    tasks: [{ id: "idle", run: BOAST }],
  });
  await sandbox.omkEnds(1, ["run"]);
  const proof = await sandbox.omkJson(["proof"]);
  assertEquals([proof.status, proof.changed.paths.length], ["not_ready", 0]);
  await sandbox.omkEnds(1, ["merge"]);
  await sandbox.omkEnds(0, ["verify"]);
});

Deno.test("P7: a worker that moves the refs of its run in the user's repository is found by omk verify", async () => {
  await using sandbox = await Sandbox.withRepository();
  const git = `git -C ${sandbox.project}`;
  await sandbox.plan({
    version: 1,
    gates: [{ name: "check", command: "true" }],
    tasks: [
      { id: "made", run: "echo made > made.txt" },
      {
        id: "move",
        dependencies: ["made"],
        run: `${git} update-ref refs/omk/$OMK_RUN_ID/task/made/1/pin HEAD; echo x > x.txt`,
      },
    ],
  });
  await sandbox.omkEnds(0, ["run"]);
  const { stdout, stderr } = await sandbox.omkEnds(1, ["verify"]);
  assertStringIncludes(stdout + stderr, `refs/omk/${await sandbox.runId()}/task/made/1/pin: expected`);
});
