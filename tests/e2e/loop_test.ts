/** Loops: a body that is repeated in one worktree until a gate passes, each iteration kept. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { appears } from "./call.ts";
import { Sandbox } from "./harness.ts";
import { assertUntouched, userState } from "./user_state.ts";

const LOOK = { name: "look", command: "true" };

/** Passes once the file has three lines, and says how many it has. */
const THREE = { name: "three", command: "wc -l < n.txt; test $(wc -l < n.txt) -ge 3" };

function planOf(loop: object, more: object = {}): object {
  return { version: 1, gates: [LOOK], tasks: [{ id: "fix", loop, ...more }] };
}

Deno.test("P6, P8, P13: a loop goes on in one worktree until its gate passes, and keeps each iteration", async () => {
  const run = 'echo "line $OMK_ITERATION" >> n.txt; echo "body $OMK_ITERATION"; ' +
    'if [ -n "${OMK_GATE_LOG:-}" ]; then echo "gate said $(cat "$OMK_GATE_LOG")"; fi';
  await using sandbox = await Sandbox.withPlan(planOf({ run, max_iterations: 5, until: THREE }));
  const before = await userState(sandbox);
  const { stdout } = await sandbox.omkEnds(0, ["run", "--verbose"]);
  assertStringIncludes(stdout, "fix, iteration 2");
  await assertUntouched(sandbox, before);
  const refs = `refs/omk/${await sandbox.runId()}`;
  for (const [name, lines] of [["i001", 1], ["i002", 2], ["i003", 3], ["pin", 3]] as const) {
    const text = await sandbox.git("show", `${refs}/task/fix/1/${name}:n.txt`);
    assertEquals(text.split("\n").length, lines, name);
  }
  assertEquals(await sandbox.git("show", `${refs}/head:n.txt`), "line 1\nline 2\nline 3");
  const logs = (await sandbox.omkEnds(0, ["logs", "fix"])).stdout;
  for (const line of ["body 1", "gate said 1", "body 3", "gate said 2"]) assertStringIncludes(logs, line);
  const story = (await sandbox.omkEnds(0, ["explain", "fix"])).stdout;
  assertMatch(story, /iteration 2 of its loop ended/);
  assertMatch(story, /the gate three of its loop failed iteration 2/);
  assertMatch((await sandbox.omkEnds(0, ["show", "fix"])).stdout, /at most 5 times/);
  const shown = await sandbox.omkJson(["show", "fix"]);
  const [attempt] = shown.attempts;
  assertEquals([attempt.outcome.iterations, attempt.iterations.length, attempt.gates.length], [3, 3, 3]);
  const { artifacts } = await sandbox.omkJson(["proof"]);
  const outputs = artifacts.map(({ path }: { readonly path: string }) => path).filter((path: string) =>
    path.startsWith("tasks/")
  );
  assertEquals(outputs, ["i001", "i002", "i003"].map((name) => `tasks/fix/1/output-${name}.log`));
  await sandbox.omkEnds(0, ["verify"]);
  await sandbox.omkEnds(0, ["merge"]);
});

Deno.test("a loop that its gate never lets go ends with a reason of its own, and so does one that takes too long", async () => {
  await using sandbox = await Sandbox.withPlan(
    planOf({ run: "echo x >> n.txt", max_iterations: 2, until: THREE }),
  );
  const { stdout } = await sandbox.omkEnds(1, ["run"]);
  assertStringIncludes(
    stdout,
    'ran as often as its loop allows: gate "three" exited with 1 after 2 iterations',
  );
  const { state, outcome } = (await sandbox.omkJson(["status"])).tasks[0];
  assertEquals([state, outcome.result, outcome.iterations], ["failed", "iterations_exhausted", 2]);
  const work = await sandbox.git("show", `refs/omk/${await sandbox.runId()}/task/fix/1/pin:n.txt`);
  assertEquals(work, "x\nx");
  await using slow = await Sandbox.withPlan(
    planOf({ run: "echo x >> n.txt", max_iterations: 1000, until: { name: "never", command: "sleep 60" } }, {
      timeout_secs: 1,
    }),
  );
  await slow.omkEnds(1, ["run"]);
  assertEquals((await slow.omkJson(["status"])).tasks[0].outcome.result, "timeout");
});

Deno.test("P3, P6: a loop that was killed goes on where its last iteration was kept; a cancelled one keeps its work", async () => {
  await using sandbox = await Sandbox.withRepository();
  const started = `${sandbox.root}/started`;
  const go = `${sandbox.root}/go`;
  const run = `echo "line $OMK_ITERATION of attempt $OMK_ATTEMPT" >> n.txt; ` +
    `if [ $OMK_ITERATION = 2 ] && [ ! -e ${go} ]; then echo half >> n.txt; touch ${started}; sleep 1000; fi`;
  await sandbox.plan(planOf({ run, max_iterations: 5, until: THREE }));
  const omk = sandbox.start(["run"]);
  await appears(started);
  omk.kill("SIGKILL");
  await omk.ended;
  await sandbox.becomesQuiet();
  await Deno.writeTextFile(go, "");
  const early = await sandbox.omkEnds(0, ["worker", "--idle", "0"]);
  assertStringIncludes(early.stderr, "Nothing comes to it before omk resume");
  await sandbox.omkEnds(0, ["resume"]);
  const refs = `refs/omk/${await sandbox.runId()}`;
  assertEquals(
    await sandbox.git("show", `${refs}/head:n.txt`),
    "line 1 of attempt 1\nline 2 of attempt 2\nline 3 of attempt 2",
  );
  assertEquals(
    await sandbox.git("show", `${refs}/task/fix/1/pin:n.txt`),
    "line 1 of attempt 1\nline 2 of attempt 1\nhalf",
  );
  const counts = await sandbox.omkJson(["status"]);
  assertEquals([counts.tasks[0].attempt, counts.tasks[0].retry_count], [2, 0]);

  await Deno.remove(go);
  await Deno.remove(started);
  const second = sandbox.start(["run"]);
  await appears(started);
  const { stderr } = await sandbox.omkEnds(0, ["worker", "--idle", "0"]);
  assertStringIncludes(stderr, "loops that are left stay with the run's own process");
  const { active } = await sandbox.omkJson(["status"]);
  assertEquals([active[0].task_id, active[0].iteration], ["fix", 2]);
  await sandbox.omkEnds(0, ["cancel", "--reason", "enough"]);
  await second.ended;
  const kept = await sandbox.git("show", `refs/omk/${await sandbox.runId()}/task/fix/1/pin:n.txt`);
  assertEquals(kept, "line 1 of attempt 1\nline 2 of attempt 1\nhalf");
  assertEquals(await sandbox.git("fsck", "--no-dangling"), "");
  assert((await sandbox.git("rev-parse", `refs/omk/${await sandbox.runId()}/task/fix/1/i001`)).length > 0);
});

Deno.test("P8: an agent that repeats a prompt is told what the gate said, in one worktree", async () => {
  const agents = { mine: { command: "cat > seen-$OMK_ITERATION.md; echo line >> n.txt" } };
  const loop = { prompt: "Make three lines", max_iterations: 5, until: THREE };
  await using sandbox = await Sandbox.withPlan({ ...planOf(loop, { agent: "mine" }), agents });
  await sandbox.omkEnds(0, ["run"]);
  const head = `refs/omk/${await sandbox.runId()}/head`;
  const first = await sandbox.git("show", `${head}:seen-1.md`);
  assertMatch(first, /^Make three lines\n/);
  assertMatch(first, /\n- three: wc -l < n\.txt/);
  assert(!first.includes("still wrong"));
  const third = await sandbox.git("show", `${head}:seen-3.md`);
  assertMatch(
    third,
    /\nThis is iteration 3: .*\n.*\n\nThe output of the check "three", which did not pass:\n```\n2\n```\n/,
  );
  assertEquals(await sandbox.git("show", `${head}:n.txt`), "line\nline\nline");
  assertMatch((await sandbox.omkEnds(0, ["show", "fix"])).stdout, /Make three lines/);
  await sandbox.omkEnds(0, ["prompt", "fix"]);
  await sandbox.omkEnds(0, ["verify"]);
});

Deno.test("one budget holds for all iterations of a prompt, each of which counts once", async () => {
  const at = (path: string) => fromFileUrl(new URL(path, import.meta.url));
  const program = [
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-check",
    "-A",
    `--config=${at("../../deno.json")}`,
  ];
  const agents = {
    scripted: { driver: "acp", command: [...program, at("../worker/agents/scripted_agent.ts")] },
  };
  const loop = { prompt: "write n.txt x", max_iterations: 5, until: THREE };
  const task = { agent: "scripted", budget: { tokens: 2000 } };
  await using sandbox = await Sandbox.withPlan({
    ...planOf(loop, task),
    budget: { unknown: "allow" },
    agents,
  });
  await sandbox.omkEnds(1, ["run"]);
  const [{ outcome }] = (await sandbox.omkJson(["status"])).tasks;
  assertEquals([outcome.result, outcome.iterations], ["iterations_exhausted", 2]);
  assertMatch(outcome.detail, /after 2 iterations; its budget of tokens is used up$/);
  const used = (await sandbox.payloads("usage_recorded")).filter(({ metric }) => metric === "tokens");
  assertEquals(used.map(({ amount, quality }) => [amount, quality]), [[1290, "measured"], [
    1290,
    "measured",
  ]]);
});
