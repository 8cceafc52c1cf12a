/** A plan from run to proof: selection, order, retries, gates, outputs, sets, set-up and conflicts. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Sandbox } from "./harness.ts";
import { assertUntouched, userState } from "./user_state.ts";

const LOOK = { name: "look", command: "true" };

/** What the run's head changes on main, as `git diff --name-status` says it. */
async function changes(sandbox: Sandbox): Promise<string> {
  return await sandbox.git("diff", "--name-status", "main", `refs/omk/${await sandbox.runId()}/head`);
}

Deno.test("P7, P13: run, merge, verify and proof go from a failing gate to a delivered and proved branch", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    name: "greetings",
    gates: [{ name: "greets", command: "sh greet.sh | grep -qx 'hello world'" }],
    tasks: [
      { id: "fix", run: "sed -i s/helo/hello/ greet.sh", write_set: ["greet.sh"] },
      {
        id: "doc",
        run: "echo '- says hello' >> CHANGES.md",
        write_set: ["CHANGES.md"],
        dependencies: ["fix"],
      },
    ],
  }, { "greet.sh": "echo helo world\n" });
  assertEquals((await sandbox.sh("sh greet.sh | grep -qx 'hello world'")).code, 1);
  const before = await userState(sandbox);
  const { stdout } = await sandbox.omkEnds(0, ["run"]);
  await assertUntouched(sandbox, before);
  const id = await sandbox.runId();
  assertMatch(stdout, new RegExp(`^run ${id} "greetings": 2 tasks`));
  assertStringIncludes(stdout, `next:\n  omk merge ${id}`);
  assertMatch((await sandbox.omkEnds(0, ["merge"])).stdout, /main is now at [0-9a-f]{12}/);
  assertEquals((await sandbox.sh("sh greet.sh")).stdout, "hello world\n");
  assertEquals(await sandbox.git("log", "--format=%s %an", "-2"), "doc Ada\nfix Ada");
  assertMatch(
    await sandbox.git("log", "-1", "--format=%B"),
    new RegExp(`Omk-Run: ${id}\nOmk-Task: doc\nOmk-Attempt: 1`),
  );
  await sandbox.omkEnds(0, ["verify"]);
  const proof = await sandbox.omkEnds(0, ["proof"]);
  assertStringIncludes(proof.stdout, await sandbox.git("rev-parse", "HEAD^{tree}"));
  const again = await sandbox.omkEnds(0, ["merge"]);
  assertMatch(again.stdout, /holds run .* already/);
});

Deno.test("omk run --only and --from run the named tasks, what comes after and dependencies; the rest is not tested", async () => {
  const chain = ["a", "b", "c"].map((id, at, ids) => ({
    id,
    run: `touch ${id}.txt`,
    dependencies: ids.slice(Math.max(0, at - 1), at),
  }));
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [LOOK],
    tasks: [...chain, { id: "x", run: "touch x.txt" }],
  });
  await sandbox.omkEnds(0, ["run", "--only", "b"]);
  assertEquals(await changes(sandbox), "A\ta.txt\nA\tb.txt");
  assertMatch((await sandbox.omkEnds(0, ["proof"])).stdout, /not tested:[^]*\bc\b/);
  const { stderr } = await sandbox.omkEnds(2, ["run", "--only", "d"]);
  assertMatch(stderr, /^error: The plan has no task "d"; choose from a, b, c, x/);
  assertEquals((await sandbox.omkJson(["run", "--from", "b", "--dry-run"])).selected, ["a", "b", "c"]);
});

Deno.test("omk run --dry-run checks everything, shows the order and the predicted times, and runs and makes nothing", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [LOOK],
    tasks: [{ id: "second", run: "touch ran", dependencies: ["first"] }, { id: "first", run: "touch ran" }],
  });
  const before = await userState(sandbox);
  const { stdout } = await sandbox.omkEnds(0, ["run", "--dry-run"]);
  assertMatch(stdout, /^ +0\.0s {2}first {3}not timed yet\n +1\.0s {2}second {2}not timed yet$/m);
  assertEquals((await sandbox.omkJson(["run", "--dry-run"])).tasks, [
    { task_id: "first", start_ms: 0, end_ms: 1000, timed: false },
    { task_id: "second", start_ms: 1000, end_ms: 2000, timed: false },
  ]);
  await assertUntouched(sandbox, before);
  assertEquals(await Deno.stat(`${sandbox.project}/.git/omk`).then(() => true, () => false), false);
});

Deno.test("P5: --workers bounds how many tasks run at once, and tasks that write the same files never do", async () => {
  await using sandbox = await Sandbox.withRepository();
  const log = `${sandbox.root}/order`;
  const run = (id: string) => `echo + >> ${log}; sleep 0.05; echo ${id} > ${id}.txt; echo - >> ${log}`;
  await sandbox.plan({
    version: 1,
    gates: [],
    tasks: ["a", "b", "c", "d"].map((id) => ({ id, run: run(id) })),
  });
  const highest = async () => {
    let now = 0;
    let most = 0;
    for (const line of (await Deno.readTextFile(log)).trim().split("\n")) {
      most = Math.max(most, now += line === "+" ? 1 : -1);
    }
    await Deno.remove(log);
    return most;
  };
  await sandbox.omkEnds(0, ["run", "--workers", "1"]);
  assertEquals(await highest(), 1);
  await sandbox.omkEnds(0, ["run", "--workers", "4"]);
  assert(await highest() > 1);
  const sets = ["src/**", "src/a/one.txt", "src", "src/a"];
  await sandbox.plan({
    version: 1,
    workers: 4,
    gates: [],
    tasks: ["a", "b", "c", "d"].map((id, at) => ({
      id,
      run: `echo + >> ${log}; sleep 0.05; echo - >> ${log}`,
      write_set: [sets[at]],
    })),
  });
  await sandbox.omkEnds(0, ["run"]);
  assertEquals(await highest(), 1);
});

Deno.test("omk run --output prefix names the task on each line, stream passes output on, group shows it at the end", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [],
    tasks: [{ id: "talks", run: "echo one; echo two >&2; printf three" }],
  });
  const streamed = await sandbox.omkEnds(0, ["run", "--output", "stream"]);
  assertMatch(streamed.stdout, /^(?:one|two)$/m);
  assertMatch(
    streamed.stdout,
    /^three\n/m,
    "what a task leaves without a line end gets one before omk's own line",
  );
  const prefixed = await sandbox.omkEnds(0, ["run", "--output", "prefix"]);
  for (const line of ["talks | one", "talks | two", "talks | three"]) {
    assertStringIncludes(prefixed.stdout, line);
  }
  const grouped = await sandbox.omkEnds(0, ["run"]);
  assertMatch(grouped.stdout, /output of talks, attempt 1:\n( {2}\| (one|two|three)\n){3}/);
});

Deno.test("omk run --json prints the events of its log as they are committed", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [LOOK],
    tasks: [{ id: "a", run: "echo a > a.txt" }],
  });
  const { stdout } = await sandbox.omkEnds(0, ["run", "--json"]);
  const shown = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  const logged = await sandbox.events();
  assertEquals(
    shown.map(({ index, id, kind, payload }) => ({ index, id, kind, payload })),
    logged.map(({ index, id, kind, payload }) => ({ index, id, kind, payload })),
  );
});

Deno.test("P4: a task starts from what its dependencies delivered, and is blocked where one failed", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [],
    tasks: [
      { id: "first", run: "echo one > one.txt" },
      { id: "second", run: "cat one.txt > two.txt", dependencies: ["first"] },
      { id: "fails", run: "exit 4", dependencies: ["first"] },
      { id: "blocked", run: "true", dependencies: ["fails", "second"] },
      { id: "anyway", run: "echo three > three.txt", dependencies: ["fails"], trigger_rule: "all_done" },
      {
        id: "either",
        run: "cat two.txt > four.txt",
        dependencies: ["fails", "second"],
        trigger_rule: "one_success",
      },
    ],
  });
  const { stdout } = await sandbox.omkEnds(1, ["run"]);
  assertEquals(await changes(sandbox), "A\tfour.txt\nA\tone.txt\nA\tthree.txt\nA\ttwo.txt");
  assertMatch(stdout, /^failed fails: exited with 4$/m);
  assertMatch(stdout, /^blocked blocked: .*fails/m);
});

Deno.test("a plain failure is not repeated, exit code 75 and a declared policy are", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [],
    tasks: [
      { id: "plain", run: "exit 1" },
      { id: "declared", run: "exit 1", retry_policy: { max_attempts: 1, backoff_seconds: 0 } },
      {
        id: "temporary",
        run: "test $OMK_ATTEMPT = 2 || exit 75",
        retry_policy: { max_attempts: 2, backoff_seconds: 0 },
      },
    ],
  });
  await sandbox.omkEnds(1, ["run"]);
  const { tasks } = await sandbox.omkJson(["status"]);
  const seen = tasks.map((task: { id: string; state: string; attempt: number }) =>
    `${task.id} ${task.state} ${task.attempt}`
  );
  assertEquals(seen, ["plain failed 1", "declared failed 2", "temporary completed 2"]);
});

Deno.test("P7: a task's own gate judges exactly its tree, and a red one keeps the work out", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [LOOK],
    tasks: [
      { id: "good", run: "echo ok > good.txt", gates: [{ name: "good-ok", command: "grep -q ok good.txt" }] },
      {
        id: "bad",
        run: "echo no > bad.txt",
        gates: [{ name: "bad-ok", command: "echo checked; grep -q ok bad.txt" }],
      },
    ],
  });
  const { stdout } = await sandbox.omkEnds(1, ["run"]);
  assertMatch(stdout, /^failed bad: failed a gate: gate "bad-ok"/m);
  assertEquals(await changes(sandbox), "A\tgood.txt");
});

Deno.test("P7: a gate that changes tracked files fails, and what it leaves untracked is removed and listed", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [{ name: "edits", command: "echo x >> README.md" }, {
      name: "litters",
      command: "echo x > litter.txt",
    }],
    tasks: [{ id: "a", run: "echo a > a.txt" }],
  });
  const { stdout } = await sandbox.omkEnds(1, ["run"]);
  assertMatch(stdout, /gate failed edits: .*README\.md/);
  assertEquals((await sandbox.payloads("gate_passed"))[0]?.untracked, ["litter.txt"]);
});

Deno.test("outputs of a task reach the tasks and gates after it, and are no part of the tree", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [{ name: "look", command: "test -x dist/tool && test -e used.txt" }],
    tasks: [
      {
        id: "build",
        run: "mkdir -p dist; printf '#!/bin/sh\\necho tool\\n' > dist/tool; chmod +x dist/tool",
        outputs: ["dist/tool"],
      },
      { id: "use", run: "./dist/tool > used.txt", dependencies: ["build"] },
      { id: "unrelated", run: "test ! -e dist" },
      { id: "forgets", run: "true", outputs: ["dist/none"] },
    ],
  }, { ".gitignore": "dist/\n" });
  const { stdout } = await sandbox.omkEnds(1, ["run"]);
  assertEquals(await changes(sandbox), "A\tused.txt");
  assertMatch(stdout, /^failed forgets: did not make its outputs: dist\/none/m);
  assertMatch(stdout, /passed {2}gate look/);
});

Deno.test("P5: a task that writes outside its write_set fails, the paths are named, and its work is kept", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [LOOK],
    tasks: [{
      id: "strays",
      run: "mkdir -p src; echo in > src/in.txt; echo out > 'out side.txt'",
      write_set: ["src/**"],
    }],
  });
  const { stdout } = await sandbox.omkEnds(1, ["run"]);
  assertMatch(stdout, /^failed strays: wrote outside its write set: out side\.txt$/m);
  assertEquals(await changes(sandbox), "");
  assertEquals(
    await sandbox.git("show", `refs/omk/${await sandbox.runId()}/task/strays/1/pin:out side.txt`),
    "out",
  );
});

Deno.test("worktree.setup runs once per worktree, and keep survives from task to task", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    workers: 1,
    worktree: {
      setup: "mkdir -p cache; echo made >> cache/log",
      keep: ["cache"],
      setup_inputs: ["lock"],
      copy: [".env.test"],
    },
    gates: [{ name: "look", command: "test -e cache/log" }],
    tasks: [
      { id: "a", run: "cat cache/log .env.test > a.txt; echo more >> cache/log" },
      { id: "b", run: "cat cache/log > b.txt", dependencies: ["a"] },
    ],
  }, { ".gitignore": "cache/\n.env.test\n", "lock": "1\n" });
  await sandbox.write({ ".env.test": "SECRETISH=1\n" });
  await sandbox.omkEnds(0, ["run", "--merge"]);
  assertEquals([await sandbox.read("a.txt"), await sandbox.read("b.txt")], [
    "made\nSECRETISH=1\n",
    "made\nmore\n",
  ]);
  await sandbox.plan({
    version: 1,
    worktree: { setup: "echo broken >&2; exit 3" },
    gates: [],
    tasks: [{ id: "a", run: "true" }],
  });
  const { stdout } = await sandbox.omkEnds(1, ["run"]);
  assertMatch(stdout, /^failed a: could not be set up: .*broken/m);
});

Deno.test("two tasks that change the same lines: the later one is run again on the new base", async () => {
  await using sandbox = await Sandbox.withRepository({ "list.txt": "start\n" });
  const add = (id: string, other: string) =>
    `touch ${sandbox.root}/${id}; while ! test -e ${sandbox.root}/${other}; do sleep 0.02; done; echo ${id} >> list.txt`;
  await sandbox.plan({
    version: 1,
    gates: [{ name: "both", command: "grep -q one list.txt && grep -q two list.txt" }],
    tasks: [{ id: "one", run: add("one", "two") }, { id: "two", run: add("two", "one") }],
  });
  const { stdout } = await sandbox.omkEnds(0, ["run", "--merge"]);
  assertMatch(stdout, /clash {3}(one|two) in list\.txt/);
  assertEquals((await sandbox.read("list.txt")).split("\n").sort(), ["", "one", "start", "two"]);
  assertEquals((await sandbox.payloads("merge_conflicted")).length, 1);
});
