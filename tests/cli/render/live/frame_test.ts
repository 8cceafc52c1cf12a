import { assert, assertEquals } from "@std/assert";
import { frame } from "../../../../src/cli/render/live/frame.ts";
import { LiveModel } from "../../../../src/cli/render/live/model.ts";
import { loadMeasure, widthOf } from "../../../../src/cli/render/text.ts";
import { makeTask } from "../../../run/fixture.ts";
import { PLAIN } from "../../fixture.ts";
import { Scene } from "../scene.ts";

await loadMeasure();

/** The picture of a run `afterMs` after its start. */
function picture(
  scene: Scene,
  model: LiveModel,
  columns: number,
  rows: number,
  afterMs = 65_000,
): readonly string[] {
  const { state } = scene;
  const now = state.run.started_at + afterMs;
  return frame({ state, model, now, remaining: undefined, columns, rows, style: PLAIN });
}

function atWork(count: number): { readonly scene: Scene; readonly model: LiveModel } {
  const tasks = Array.from({ length: count }, (_, at) => makeTask(`task-${at}`));
  const scene = new Scene(tasks, { workers: 300 }).go();
  for (const { id } of tasks) scene.start(id);
  return { scene, model: new LiveModel() };
}

Deno.test("the live picture has a header, and a line with time and last output for each task at work", () => {
  const { scene, model } = atWork(2);
  const now = scene.state.run.started_at + 60_000;
  model.output("task-0", "compiling\nlinking \x1b[31mred\x1b[0m\r\n\n", now);
  model.output("task-1", "10%\r20%\r30%", now);
  assertEquals(picture(scene, model, 80, 24), [
    "running  0 of 2 done  1m 05s  20260102-030405-abcd  test",
    "  task-0  1m 05s  linking red",
    "  task-1  1m 05s  30%",
  ]);
});

Deno.test("the live picture fits every terminal, with any text and any number of tasks", () => {
  for (const count of [0, 1, 3, 200]) {
    const { scene, model } = atWork(count);
    for (let at = 0; at < count; at += 2) {
      model.output(`task-${at}`, "日本語のテキスト ".repeat(20), scene.state.run.started_at);
    }
    for (const [columns, rows] of [[80, 24], [40, 10], [20, 5], [200, 50], [8, 3], [1, 1]] as const) {
      const lines = picture(scene, model, columns, rows);
      assert(lines.length <= Math.max(1, rows - 1), `${count} tasks in ${rows} rows take ${lines.length}`);
      for (const line of lines) assert(widthOf(line) <= Math.max(1, columns - 1), `${columns}: "${line}"`);
    }
  }
});

Deno.test("the live picture says how many tasks it has no room for", () => {
  const { scene, model } = atWork(10);
  const lines = picture(scene, model, 40, 6);
  assertEquals(lines.length, 5);
  assertEquals(lines.at(-1), "  and 7 more at work");
});

Deno.test("the live picture shows gates where tasks have no room, and tasks where gates have none", () => {
  const { scene, model } = atWork(10);
  scene.gate("unit");
  for (const event of scene.ledger.events) model.event(event, scene.state.run.started_at);
  assertEquals(picture(scene, model, 40, 6), [
    "running  0 of 10 done  1m 05s",
    "  task-0     1m 05s  no output for 1m …",
    "  task-1     1m 05s  no output for 1m …",
    "  and 8 more at work",
    "  gate unit  1m 05s",
  ]);
  const few = atWork(1);
  for (const name of ["a", "b", "c", "d", "e", "f"]) few.scene.gate(name);
  for (const event of few.scene.ledger.events) few.model.event(event, few.scene.state.run.started_at);
  assertEquals(picture(few.scene, few.model, 40, 6), [
    "running  0 of 1 done  1m 05s",
    "  task-0  1m 05s  no output for 1m 05s",
    "  and 4 more at work",
    "  gate a  1m 05s",
    "  gate b  1m 05s",
  ]);
});

Deno.test("the live picture is short where it is narrow, and says what is left where that is known", () => {
  const long = makeTask("a-name-that-takes-more-than-half-of-a-narrow-line");
  const scene = new Scene([long, makeTask("b")], { workers: 1 }).go().start(long.id);
  const model = new LiveModel();
  model.output(long.id, "compiling\n", scene.state.run.started_at + 65_000);
  assertEquals(picture(scene, model, 20, 5), ["running 0/2 1m 05s", "  a-name…  1m 05s"]);
  assertEquals(picture(scene, model, 50, 5)[1], "  a-name-that-takes-…  1m 05s  compiling");
  const { state } = scene;
  const at = (remaining: number) =>
    frame({
      state,
      model,
      now: state.run.started_at + 5_400,
      remaining,
      columns: 60,
      rows: 9,
      style: PLAIN,
    })[0];
  assertEquals(at(125_900), "running  0 of 2 done  5s  about 2m 05s left");
  assertEquals(at(900), "running  0 of 2 done  5s  20260102-030405-abcd  test");
});

Deno.test("the live picture warns of silence, and shows gates, merges, failures and what waits", () => {
  const scene = new Scene([
    makeTask("quiet"),
    makeTask("merged"),
    makeTask("bad"),
    makeTask("after", { dependencies: ["bad"] }),
    makeTask("ask"),
  ], { workers: 4 }).go();
  const model = new LiveModel();
  scene.start("quiet").start("merged").end("bad", "exit").go();
  scene.end("ask", "blocked_on_human").finish("merged").go();
  const now = scene.state.run.started_at + 5_000;
  const [gate] = scene.gate("unit").ledger.events.slice(-1);
  assert(gate !== undefined);
  model.event(gate, now);
  model.output("quiet", "waiting for the server\n", now);
  assertEquals(picture(scene, model, 100, 24, 125_000), [
    "running  0 of 5 done  1 failed  1 blocked  1 waiting  2m 05s  20260102-030405-abcd  test",
    "  quiet           2m 05s  no output for 2m 00s; last: waiting for the server",
    "  gate unit       2m 00s",
    "  merging merged",
  ]);
});

Deno.test("the live picture says since when an attempt makes no progress", () => {
  const scene = new Scene([makeTask("a")]).go().start("a");
  const model = new LiveModel();
  for (const event of scene.ledger.events) model.event(event, scene.state.run.started_at);
  const [task] = scene.state.tasks;
  if (task !== undefined) task.stalled = { since: scene.state.run.started_at, reason: "silence" };
  assertEquals(picture(scene, model, 80, 24).slice(1), ["  a  1m 05s  no progress for 1m 05s"]);
});
