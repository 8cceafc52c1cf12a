import { assert, assertEquals } from "@std/assert";
import type { OutputMode } from "../../../../src/cli/config/settings.ts";
import { LiveView } from "../../../../src/cli/render/live/live_view.ts";
import { PlainView } from "../../../../src/cli/render/plain_view.ts";
import { eventually } from "../../../e2e/call.ts";
import { makeTask } from "../../../run/fixture.ts";
import { KeptOutput } from "../../fixture.ts";
import { Scene } from "../scene.ts";
import { ScreenModel } from "./screen_model.ts";

/** A live view of tasks on a terminal, with another view for what stays. */
function liveView(terminal: ScreenModel, mode: OutputMode = "none"): LiveView {
  const output = new KeptOutput();
  output.print = (line = "") => terminal.write(`${line}\n`);
  const { note, write, writeBytes, json } = output;
  const above = (print: (line: string) => void) =>
    new PlainView({ ...output, note, write, writeBytes, json, print: (line = "") => print(line) }, {
      mode,
      verbosity: "normal",
      marks: null,
      onlyEnds: true,
    });
  return new LiveView(output, terminal, above);
}

Deno.test("LiveView leaves what happened, whatever tasks print, and nothing of its pictures", async () => {
  const terminal = new ScreenModel(60, 12);
  const view = liveView(terminal, "group");
  const scene = new Scene([makeTask("bar"), makeTask("red"), makeTask("slow")], { workers: 3 }, view).go();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(terminal.writes, 0, "nothing is drawn before the beginning");
  view.begin(scene.state, scene.directory);
  scene.start("bar").start("red").start("slow");
  view.taskOutput("bar", 1, "10%\r20%\r100%\r\n\x1b[2J\x1b[5Acleared\n");
  view.taskOutput("red", 1, "\x1b[31mred\x1b(B\x1b[m\tend\x07\n");
  await eventually("a picture", () => terminal.visible.find((line) => /slow +[0-9]/.test(line)));
  assertEquals(terminal.visible[1]?.startsWith("running  0 of 3 done"), true);
  scene.end("bar", "success").end("red", "exit").go();
  view.note("a remark\x1b[2J\nof two lines");
  await eventually("its lines", () => terminal.visible.find((line) => line === "of two lines"));
  assert(terminal.isListenedTo);
  view.end(["", "the end"]);
  view.close();
  assertEquals(terminal.all, [
    'run 20260102-030405-abcd "test": 3 tasks, 3 workers',
    "  output of bar, attempt 1:",
    "  | 100%",
    "  | cleared",
    "  done    bar in 10ms, nothing to merge",
    "  output of red, attempt 1:",
    "  | red end",
    "  failed  red: exited with 1",
    "a remark",
    "of two lines",
    "",
    "the end",
  ]);
  assert(terminal.isCursorShown);
  assertEquals(terminal.isListenedTo, false);
});

Deno.test("LiveView draws below what a shell wrote while omk was stopped", async () => {
  const terminal = new ScreenModel(60, 12);
  const view = liveView(terminal);
  const scene = new Scene([makeTask("slow")], {}, view).go();
  view.begin(scene.state, scene.directory);
  scene.start("slow");
  const isDrawn = () => /slow +[0-9]/.test(terminal.visible.at(-1) ?? "") || undefined;
  await eventually("a picture", isDrawn);
  assert(terminal.isCursorShown, "a stopped program leaves the cursor to the shell");
  terminal.stopAndContinue("[1]+  Stopped");
  await eventually("a new picture", isDrawn);
  view.close();
  assertEquals(terminal.all.at(-1), "[1]+  Stopped");
});
