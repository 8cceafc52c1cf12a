import { assertEquals } from "@std/assert";
import { AttemptHistory } from "../../src/run/attempt_history.ts";
import { gateFiles, runningGateFiles } from "../../src/cli/gate_files.ts";
import { draft, type EventDraft, type RunEvent } from "../../src/log/event.ts";
import { RUN_ID } from "../run/fixture.ts";

const QUERY = { tasks: [], gates: [], attempt: undefined, failed: false };

/** A directory with the files of some runs of gates. */
async function directoryWith(...names: readonly string[]): Promise<string> {
  const path = await Deno.makeTempDir({ prefix: "omk-gates-" });
  await Deno.mkdir(`${path}/gates`);
  for (const name of names) await Deno.writeTextFile(`${path}/gates/${name}`, "");
  return path;
}

/** A history of these events. */
function historyOf(...drafts: readonly EventDraft[]): AttemptHistory {
  const history = new AttemptHistory();
  drafts.forEach((each, index) => {
    const event: RunEvent = { index, id: "0", run_id: RUN_ID, ts: "", schema_version: 1, ...each };
    history.take(event);
  });
  return history;
}

function begun(
  gate: string,
  run_number: number,
  task_id: string | null = null,
  actor = "controller/1",
): EventDraft {
  return draft("gate_started", task_id === null ? "run" : `task/${task_id}`, actor, {
    gate,
    scope: task_id === null ? "run" : "task",
    run_number,
    required: true,
    tree: null,
    commit: null,
    task_id,
    token: null,
  });
}

Deno.test("gateFiles() gives the files of one gate by number, past a thousand too", async () => {
  const path = await directoryWith(
    "1000-test.log",
    "999-test.log",
    "001-test.setup.log",
    "002-test-2.log",
    "x.log",
  );
  assertEquals(await gateFiles(path, "test", new Set()), ["gates/999-test.log", "gates/1000-test.log"]);
  assertEquals(await gateFiles(path, "test", new Set(["gates/1000-test.log"])), ["gates/999-test.log"]);
  assertEquals(await gateFiles(`${path}/nowhere`, "test", new Set()), []);
  await Deno.remove(path, { recursive: true });
});

Deno.test("runningGateFiles() gives the newest files to the gates that have not ended", async () => {
  const path = await directoryWith("001-test.log", "002-test.log", "003-test.log", "004-lint.log");
  const history = historyOf(begun("test", 1, "a"), begun("test", 1, "b"), begun("lint", 1));
  const all = await runningGateFiles(path, history, QUERY, "running");
  assertEquals(all.map((each) => `${each.gate} ${each.task_id} ${each.path}`), [
    "test a gates/002-test.log",
    "test b gates/003-test.log",
    "lint null gates/004-lint.log",
  ]);
  const ofTask = await runningGateFiles(path, history, { ...QUERY, tasks: ["b"] }, "running");
  assertEquals(ofTask.map((each) => each.path), ["gates/003-test.log"]);
  assertEquals(await runningGateFiles(path, history, { ...QUERY, failed: true }, "running"), []);
  await Deno.remove(path, { recursive: true });
});

Deno.test("a gate that an earlier omk process had begun is not running any more", () => {
  const history = historyOf(begun("test", 1), begun("lint", 1, null, "controller/2"));
  assertEquals(history.runningGates.map(({ gate }) => gate), ["lint"]);
});
