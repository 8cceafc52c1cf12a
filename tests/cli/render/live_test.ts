import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { remainingMs } from "../../../src/cli/render/live/estimate.ts";
import { frame } from "../../../src/cli/render/live/frame.ts";
import { LiveModel } from "../../../src/cli/render/live/model.ts";
import { Screen } from "../../../src/cli/render/live/screen.ts";
import { loadMeasure, widthOf } from "../../../src/cli/render/text.ts";
import { Ledger, makePlan, makeTask } from "../../run/fixture.ts";
import { decideAll, end } from "../../scheduler/steps.ts";
import { PLAIN } from "../fixture.ts";
import { Scene } from "./scene.ts";

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

Deno.test("remainingMs() shares what is left among the workers, and says nothing where too little is known", () => {
  const tasks = ["a", "b", "c", "d"].map((id) => makeTask(id));
  const known = (ids: readonly string[]) => {
    const ledger = new Ledger(makePlan(tasks, { workers: 2 }));
    ledger.start({ durations: ids.map((task_id) => ({ task_id, ms: 10_000 })) });
    return ledger;
  };
  const start = known(["a", "b", "c", "d"]);
  assertEquals(remainingMs(start.state, start.now), 20_000);
  decideAll(start);
  end(start, "a", "success");
  assertEquals(remainingMs(start.state, start.now + 4_000), 13_000, "b has run 4 s, c and d not yet");
  assertEquals(remainingMs(known(["a"]).state, 0), undefined);
  assertEquals(remainingMs(known(["a", "b", "c"]).state, 0), 20_000, "what was never timed takes the mean");
});

/** A terminal of some lines that never scrolls: enough to see what stays. */
class FakeTerminal {
  columns = 20;
  written = "";

  write(text: string): void {
    this.written += text;
  }

  size(): { readonly columns: number; readonly rows: number } {
    return { columns: this.columns, rows: 10 };
  }

  /** The lines on the screen, by the sequences that `Screen` uses. */
  get lines(): readonly string[] {
    const lines = [""];
    let row = 0;
    // deno-lint-ignore no-control-regex
    for (const [token] of this.written.matchAll(/\x1b\[\??[0-9]*[A-Za-z]|\r|\n|[^\x1b\r\n]+/g)) {
      if (token === "\n") {
        row += 1;
        lines[row] ??= "";
      } else if (token.endsWith("A") && token.startsWith("\x1b")) row -= Number(token.slice(2, -1));
      else if (token === "\x1b[J") lines.splice(row, Infinity, "");
      else if (!token.startsWith("\x1b") && token !== "\r") lines[row] = token;
    }
    return lines;
  }
}

Deno.test("Screen draws one picture over the other in one write, under lines that stay", () => {
  const terminal = new FakeTerminal();
  const screen = new Screen(terminal);
  screen.draw(["one", "two"]);
  screen.draw(["three"], ["stays"]);
  assertEquals(terminal.lines, ["stays", "three", ""]);
  const before = terminal.written.length;
  screen.draw(["three"]);
  assertEquals(terminal.written.length, before, "nothing is written where nothing has changed");
  screen.draw(["four", "five", "six"], ["too"]);
  screen.close();
  screen.close();
  assertEquals(terminal.lines, ["stays", "too", ""]);
  assert(terminal.written.startsWith("\x1b[?2026h\x1b[?25l"), "the cursor is hidden");
  assert(terminal.written.endsWith("\x1b[?25h"), "and given back");
});

Deno.test("Screen finds the top of a picture that a narrower terminal has wrapped", () => {
  const terminal = new FakeTerminal();
  const screen = new Screen(terminal);
  screen.draw(["x".repeat(19), "y"]);
  terminal.columns = 10;
  terminal.written = "";
  screen.draw(["z"]);
  assertStringIncludes(terminal.written, "\r\x1b[3A");
});
