import { assertEquals } from "@std/assert";
import { LiveModel } from "../../../../src/cli/render/live/model.ts";
import { makeTask } from "../../../run/fixture.ts";
import { Scene } from "../scene.ts";

Deno.test("LiveModel.lastLine() is the last line with something in it, however the output is cut in pieces", () => {
  const model = new LiveModel();
  assertEquals(model.lastLine("a"), "");
  for (const piece of ["first\nsec", "ond", "\n", "\n  \r\n"]) model.output("a", piece, 0);
  assertEquals(model.lastLine("a"), "second");
  model.output("a", "10%\r20%\r", 0);
  assertEquals(model.lastLine("a"), "20%");
  for (let at = 0; at < 100_000; at++) model.output("b", `line ${at}\n`, 0);
  assertEquals(model.lastLine("b"), "line 99999");
  model.output("b", "x".repeat(1_000_000), 0);
  assertEquals(/^x{1,1024}$/.test(model.lastLine("b")), true, "no more than can be shown");
});

Deno.test("LiveModel counts silence from the start of a body or its last output, and forgets what has ended", () => {
  const scene = new Scene([makeTask("a")]).go();
  const model = new LiveModel();
  let told = scene.ledger.events.length;
  const tell = (now: number) => {
    for (const event of scene.ledger.events.slice(told)) model.event(event, now);
    told = scene.ledger.events.length;
  };
  assertEquals(model.silentSince("a"), undefined, "preparing is no silence");
  model.output("a", "early\n", 500);
  scene.start("a");
  tell(1_000);
  assertEquals(
    [model.lastLine("a"), model.silentSince("a")],
    ["early", 500],
    "output may come before the event",
  );
  model.output("a", "later\n", 2_000);
  assertEquals(model.silentSince("a"), 2_000);
  scene.finish("a");
  tell(3_000);
  assertEquals([model.lastLine("a"), model.silentSince("a")], ["", undefined]);
});

Deno.test("LiveModel asks for what is not a whole line yet, and takes bytes for a sign of life", () => {
  const scene = new Scene([makeTask("a")]).go().start("a");
  const model = new LiveModel();
  for (const event of scene.ledger.events) model.event(event, 1_000);
  model.output("a", "first\n", 2_000);
  let voice = { output_bytes: 6, heard_at: 2_000, last_line: "first" };
  model.ask(() => voice);
  assertEquals([model.lastLine("a"), model.silentSince("a")], ["first", 2_000]);
  voice = { output_bytes: 10, heard_at: 9_000, last_line: "10 %" };
  assertEquals([model.lastLine("a"), model.silentSince("a")], ["10 %", 9_000]);
  voice = { output_bytes: 12, heard_at: 9_500, last_line: "" };
  assertEquals([model.lastLine("a"), model.silentSince("a")], ["first", 9_500]);
});
