/** What the end of a run tells; every text stands in tests/cli/snapshots/run_end. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { draft, type EventDraft, taskSubject } from "../../../src/log/event.ts";
import type { OutcomeResult, RunStatus } from "../../../src/log/kinds.ts";
import { stepSummary, writeStepSummary } from "../../../src/cli/render/ci/step_summary.ts";
import { runSummary } from "../../../src/cli/render/run_summary.ts";
import { makeGate, makeOutcome, makeTask, RUN_ID } from "../../run/fixture.ts";
import { ask, OID, pin, refOf } from "../../scheduler/steps.ts";
import { Snapshots } from "../../snapshot.ts";
import { PLAIN } from "../fixture.ts";
import { Scene } from "./scene.ts";

const GATE = makeGate({ name: "unit" });
const OPTIONAL = makeGate({ name: "code style", required: false });

function finished(status: RunStatus): EventDraft {
  return draft("run_finished", "run", "controller/1", { status, exit_code: 0 });
}

/** What the end of a run says. */
async function told(scene: Scene, status: RunStatus): Promise<readonly string[]> {
  scene.ledger.now += 65_000;
  scene.add(finished(status));
  return await runSummary(scene.state, scene.directory, PLAIN);
}

/** A task's work is merged as a commit of its own. */
function merge(scene: Scene, id: string, commit: string): void {
  scene.start(id);
  pin(scene.ledger, id);
  const ref = refOf(scene.ledger, id);
  scene.add(draft("task_finished", taskSubject(id), "controller/1", {
    ...ref,
    outcome: makeOutcome("success"),
    outputs: [],
  }));
  const { head } = scene.state.run;
  scene.add(
    draft("merge_started", taskSubject(id), "controller/1", {
      ...ref,
      head: head?.commit ?? OID,
      base: head?.commit ?? OID,
      pin: OID,
      date: 1,
    }),
    draft("task_completed", taskSubject(id), "controller/1", { ...ref, commit, tree: commit }),
  );
}

/** A run directory with files. */
class Files implements AsyncDisposable {
  readonly path = Deno.makeTempDirSync();

  write(path: string, text: string): void {
    const full = `${this.path}/${path}`;
    Deno.mkdirSync(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(full, text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Two tasks are done and merged, three fail each in another way, one is blocked; one gate fails, one that need not. */
async function failing(files: Files): Promise<readonly string[]> {
  const own = makeGate({ name: "own gate", scope: "task" });
  const scene = new Scene(
    [
      makeTask("api"),
      makeTask("docs"),
      makeTask("web"),
      makeTask("checked", { gates: [own] }),
      makeTask("unprepared"),
      makeTask("ship", { dependencies: ["web"] }),
    ],
    { workers: 9, gates: [GATE, OPTIONAL, makeGate({ name: "lint" })] },
    undefined,
    files.path,
  ).go();
  merge(scene, "api", "1".repeat(40));
  merge(scene, "docs", "2".repeat(40));
  const lines = Array.from({ length: 30 }, (_, at) => `line ${at + 1}`);
  files.write("tasks/web/1/output.log", `${lines.join("\n")}\n\x1b[31merror\x1b[0m: \x1b[2Jno such module\n`);
  files.write("tasks/unprepared/1/setup.log", "npm: not found\n");
  files.write("gates/1-own.log", "own gate says no\n");
  files.write("gates/2-unit.log", "expected 3, got 4");
  const paths = [{ path: "a", change: "added" }, { path: "b", change: "added" }, {
    path: "c",
    change: "added",
  }];
  const gates = [
    { name: "own gate", task_id: "checked", output: "gates/1-own.log" },
    { name: "unit", task_id: null, output: "gates/2-unit.log" },
    { name: "lint", task_id: null, output: null },
  ];
  files.write("proof.json", JSON.stringify({ changed: { paths, complete: true }, gates }));
  const fail = (id: string, result: OutcomeResult, reason: string, output: string | null) => {
    scene.start(id);
    const file = { bytes: 1, kept_bytes: 1, truncated: false, sha256: "0".repeat(64) };
    scene.add(draft("task_failed", taskSubject(id), "controller/1", {
      ...refOf(scene.ledger, id),
      outcome: makeOutcome(result, { output: output === null ? null : { path: output, ...file } }),
      reason,
    }));
  };
  fail("web", "exit", "exited with 3", "tasks/web/1/output.log");
  scene.start("checked");
  scene.taskGate("own gate", "checked");
  fail("unprepared", "setup_failed", "the set-up of its worktree failed", null);
  const { task_id, attempt, token } = refOf(scene.ledger, "checked");
  scene.add(draft("task_failed", taskSubject("checked"), "controller/1", {
    task_id,
    attempt,
    token,
    outcome: makeOutcome("gate_failed"),
    reason: 'failed a gate: gate "own gate" exited with 1',
  }));
  scene.go().gate("unit", "failed").gate("code style", "failed").gate("lint", "passed");
  return await told(scene, "not_ready");
}

Deno.test("the end of a run is as the snapshots say, however it ended", async () => {
  const snapshots = new Snapshots("run_end");
  const check = async (name: string, lines: readonly string[]) => {
    const wide = lines.filter((line) => line.length > 80);
    assertEquals(wide, [], "omk's own lines have room in 80 columns");
    await snapshots.check(`${name}.txt`, `${lines.join("\n")}\n`);
  };

  const unchanged = new Scene([makeTask("a")], { gates: [GATE] }).go().end("a", "success").gate(
    "unit",
    "passed",
  );
  await check("ready_unchanged", await told(unchanged, "ready"));

  const ready = new Scene([makeTask("a"), makeTask("b")], { gates: [GATE] }).go();
  merge(ready, "a", "1".repeat(40));
  ready.gate("unit", "passed");
  merge(ready, "b", "1".repeat(40));
  await check("ready", await told(ready, "ready"));

  const passed = new Scene([makeTask("a")]).go();
  merge(passed, "a", "1".repeat(40));
  await check("passed", await told(passed, "passed"));

  {
    await using files = new Files();
    await check("not_ready", await failing(files));
  }

  const stopped = new Scene(
    [makeTask("bad"), makeTask("after", { dependencies: ["bad"] }), makeTask("good"), makeTask("late")],
    { on_failure: "no-new", workers: 2, gates: [GATE] },
  ).go();
  stopped.end("bad", "exit").go().end("good", "success").go();
  await check("no_new", await told(stopped, "not_ready"));

  const cancelled = new Scene([makeTask("a"), makeTask("b", { dependencies: ["a"] })], { gates: [GATE] })
    .go();
  ask(cancelled.ledger, "cancel_requested", { task_id: null, reason: "interrupted by SIGINT" });
  cancelled.go().end("a", "cancelled").go();
  await check("cancelled", await told(cancelled, "cancelled"));

  const waiting = new Scene([makeTask("ask"), makeTask("then", { dependencies: ["ask"] })]).go();
  waiting.start("ask").add(draft("task_waiting", "task/ask", "controller/1", {
    ...refOf(waiting.ledger, "ask"),
    outcome: makeOutcome("blocked_on_human"),
    on: "human",
    question: "Which of the two APIs?",
  }));
  await check("waiting", await told(waiting, "blocked_on_human"));

  const lost = new Scene([makeTask("a")], { gates: [GATE] }).go();
  merge(lost, "a", "1".repeat(40));
  lost.gate("unit", "failed").gate("unit", "passed");
  const trees = { base: { commit: OID, tree: OID }, head: { commit: "1".repeat(40), tree: "1".repeat(40) } };
  lost.add(
    draft("tests_comparing", "run", "controller/1", trees),
    draft("tests_compared", "run", "controller/1", {
      ...trees,
      reports: [],
      lost: [{ test: "adds", change: "deleted", path: "a_test.ts", gate: null }],
      lost_count: 1,
    }),
  );
  await check("lost_tests", await told(lost, "blocked_on_human"));

  const spent = new Scene([makeTask("a"), makeTask("b", { dependencies: ["a"] })]).go().end("a", "success");
  spent.add(draft("budget_exhausted", "run", "controller/1", { budget: "time", used: 60, limit: 60 }));
  await check("budget", await told(spent, "needs_more_budget"));

  const broken = new Scene([makeTask("a"), makeTask("b")], { workers: 1 }).go().end("a", "success");
  broken.add(
    draft("run_failed", "run", "controller/1", { reason: "git", detail: "git could not write: disk full" }),
  );
  await check("failed_infra", await told(broken, "failed_infra"));

  const many = Array.from({ length: 50 }, (_, at) => makeTask(`t${at}`));
  const huge = new Scene(
    [...many, ...many.map(({ id }) => makeTask(`after-${id}`, { dependencies: [id] }))],
    {
      workers: 50,
    },
  ).go();
  for (const { id } of many) huge.end(id, "exit");
  await check("huge", await told(huge.go(), "not_ready"));
  await snapshots.checkNoOthers();
});

Deno.test("the end of a run that is ready says why omk merge will not deliver it", async () => {
  await using files = new Files();
  const reason = "files of the delivered tree seem to hold secrets: leaked";
  files.write("proof.json", JSON.stringify({ merge: { allowed: false, reason } }));
  const scene = new Scene([makeTask("a")], { gates: [GATE] }, undefined, files.path).go();
  merge(scene, "a", "1".repeat(40));
  scene.gate("unit", "passed");
  assertStringIncludes(
    (await told(scene, "ready")).join("\n"),
    `  omk merge will not deliver it: ${reason}\n`,
  );
});

Deno.test("the end of a run shows what tasks printed with its colours, but nothing that moves the cursor", async () => {
  await using files = new Files();
  const text = (await failing(files)).join("\n");
  assertStringIncludes(text, "\x1b[31merror\x1b[0m: no such module");
  assertEquals(text.includes("\x1b[2J"), false);
});

Deno.test("the step summary tables tasks and gates, and quotes what tasks say", () => {
  const scene = new Scene([makeTask("good"), makeTask("bad")], { gates: [GATE] }).go();
  scene.end("good", "success").end("bad", "exit").gate("unit", "failed", "a | b <img> `c`");
  const text = stepSummary(scene.state);
  assertMatch(text, /^### ❌ omk: not_ready\n/);
  assertStringIncludes(text, "| `bad` | failed | 10ms | 1 | exited with 1 |\n| `good` | completed |");
  assertStringIncludes(text, "| `unit` | failed | 1.5s | yes | a \\| b &lt;img> \\`c\\` |");
  assertStringIncludes(text, `- \`omk retry ${RUN_ID} bad\`: run what failed again`);
});

Deno.test("the step summary leaves out rows, not its end, where there is little room for it", () => {
  const tasks = Array.from({ length: 900 }, (_, at) => makeTask(`t${at}`));
  const scene = new Scene(tasks, { workers: 900, gates: [GATE] }).go().gate("unit", "failed");
  for (const room of [-1, 0, 5_000, 1_000_000]) {
    const text = stepSummary(scene.state, room);
    const rows = text.split("\n").filter((line) => line.startsWith("| `t")).length;
    assert(new TextEncoder().encode(text).length < Math.max(0, room) + 1_000, `${room}: ${text.length}`);
    assertStringIncludes(text, `and ${900 - rows} more`);
    assertStringIncludes(text, `- \`omk logs ${RUN_ID} --failed\``);
    assertEquals(rows > 0, room > 1_000);
  }
});

Deno.test("writeStepSummary() appends within what GitHub takes, and says why it cannot", async () => {
  const scene = new Scene([makeTask("a")]).go().end("a", "success");
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, "before\n");
  assertEquals(await writeStepSummary(path, scene.state), undefined);
  assertMatch(await Deno.readTextFile(path), /^before\n### .*\n(?:.*\n)*\| `a` \|/);
  await Deno.writeTextFile(path, "x".repeat(1024 * 1024 - 8_000));
  assertEquals(await writeStepSummary(path, scene.state), undefined);
  const { size } = await Deno.stat(path);
  assert(size < 1024 * 1024, `${size}`);
  await Deno.remove(path);
  assertMatch(
    await writeStepSummary("/nowhere/x", scene.state) ?? "",
    /could not be written to "\/nowhere\/x"/,
  );
});
