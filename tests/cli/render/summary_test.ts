import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { draft } from "../../../src/log/event.ts";
import type { RunStatus } from "../../../src/log/kinds.ts";
import { stepSummary, writeStepSummary } from "../../../src/cli/render/ci/step_summary.ts";
import { runSummary } from "../../../src/cli/render/run_summary.ts";
import { runDirectoryAt } from "../../../src/run/directory.ts";
import { makeGate, makeTask, RUN_ID } from "../../run/fixture.ts";
import { ask } from "../../scheduler/steps.ts";
import { PLAIN } from "../fixture.ts";
import { Scene } from "./scene.ts";

const GATE = makeGate({ name: "unit" });

/** What the end of a run says; the run has no files but its log, which nobody needs here. */
async function told(scene: Scene, status: RunStatus): Promise<readonly string[]> {
  scene.add(draft("run_finished", "run", "controller/1", { status, exit_code: 0 }));
  return await runSummary(scene.state, runDirectoryAt("/nowhere", RUN_ID), PLAIN);
}

Deno.test("the end of a run that is ready says what is delivered, and how", async () => {
  const scene = new Scene([makeTask("a")], { gates: [GATE] }).go();
  scene.end("a", "success").gate("unit", "passed");
  assertEquals(await told(scene, "ready"), [
    "",
    "gate passed unit in 1.5s",
    "",
    "ready: 1 of 1 task completed in 0.0s",
    "  every task is done, and the required gates passed on exactly the tree that is delivered",
    "  nothing was changed, so there is nothing to deliver",
    `  next: omk proof ${RUN_ID}`,
  ]);
});

Deno.test("the end of a run that is not ready names every task that did not complete, and why", async () => {
  const scene = new Scene([
    makeTask("bad"),
    makeTask("after", { dependencies: ["bad"] }),
    makeTask("good"),
    makeTask("late"),
  ], { on_failure: "no-new", workers: 2, gates: [GATE] }).go();
  scene.end("bad", "exit").go().end("good", "success").go();
  assertEquals((await told(scene, "not_ready")).slice(1, 6), [
    "failed bad: exited with 1",
    'blocked after: depends on "bad" failed',
    "not started late: a task had failed, and on_failure is no-new",
    "gate not run unit",
    "",
  ]);
});

Deno.test("the end of a run that waits gives the question and the command that answers it", async () => {
  const scene = new Scene([makeTask("ask")]).go().end("ask", "blocked_on_human");
  const text = (await told(scene, "blocked_on_human")).join("\n");
  assertStringIncludes(text, "waits ask: waits for a person");
  assertStringIncludes(text, `next: omk answer ${RUN_ID} ask "…"`);
});

Deno.test("the end of a cancelled run says by what, and offers no retry", async () => {
  const scene = new Scene([makeTask("a"), makeTask("b", { dependencies: ["a"] })]).go();
  ask(scene.ledger, "cancel_requested", { task_id: null, reason: "enough" });
  scene.go().end("a", "cancelled").go();
  const text = (await told(scene, "cancelled")).join("\n");
  assertStringIncludes(text, "cancelled a: enough\ncancelled b: enough");
  assertEquals(text.includes("omk retry"), false);
});

Deno.test("the end of a run is bounded, however many tasks failed", async () => {
  const tasks = Array.from({ length: 50 }, (_, at) => makeTask(`t${at}`));
  const scene = new Scene(tasks, { workers: 50 }).go();
  for (const { id } of tasks) scene.end(id, "exit");
  const lines = await told(scene, "not_ready");
  assertEquals(lines.filter((line) => line.startsWith("failed ")).length, 20);
  assertStringIncludes(lines.join("\n"), `  and 30 more failed: omk show ${RUN_ID}`);
  assertStringIncludes(lines.join("\n"), `next: omk retry ${RUN_ID} --failed`);
});

Deno.test("the step summary tables tasks and gates, and quotes what tasks say", () => {
  const scene = new Scene([makeTask("good"), makeTask("bad")], { gates: [GATE] }).go();
  scene.end("good", "success").end("bad", "exit").gate("unit", "failed", "a | b <img> `c`");
  const text = stepSummary(scene.state);
  assertMatch(text, /^### ❌ omk: not_ready\n/);
  assertStringIncludes(text, "| `bad` | failed | 10ms | 1 | exited with 1 |\n| `good` | completed |");
  assertStringIncludes(text, "| `unit` | failed | 1.5s | yes | a \\| b &lt;img> \\`c\\` |");
});

Deno.test("writeStepSummary() appends, and says why it cannot", async () => {
  const scene = new Scene([makeTask("a")]).go().end("a", "success");
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, "before\n");
  assertEquals(await writeStepSummary(path, scene.state), undefined);
  assertMatch(await Deno.readTextFile(path), /^before\n### /);
  await Deno.remove(path);
  assertMatch(
    await writeStepSummary("/nowhere/x", scene.state) ?? "",
    /could not be written to \/nowhere\/x/,
  );
});
