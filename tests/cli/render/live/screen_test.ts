import { assert, assertEquals } from "@std/assert";
import { Screen } from "../../../../src/cli/render/live/screen.ts";
import { ScreenModel } from "./screen_model.ts";

Deno.test("Screen draws one picture over the other in one write, under lines that stay", () => {
  const terminal = new ScreenModel(20, 10);
  const screen = new Screen(terminal);
  screen.draw(["one", "two"]);
  assertEquals(terminal.visible, ["one", "two"]);
  screen.draw(["three"], ["stays"]);
  assertEquals(terminal.visible, ["stays", "three"]);
  const before = terminal.written;
  screen.draw(["three"]);
  assertEquals(terminal.written, before, "nothing is written where nothing has changed");
  screen.draw(["four", "five", "six"], ["too"]);
  screen.draw(["four", "FIVE", "six", "seven"]);
  assertEquals(terminal.visible, ["stays", "too", "four", "FIVE", "six", "seven"]);
  screen.draw(["four", "FIVE"]);
  assertEquals(terminal.visible, ["stays", "too", "four", "FIVE"]);
  assertEquals(terminal.writes, 5);
  screen.close();
  screen.close();
  assertEquals(terminal.all, ["stays", "too"]);
  assert(terminal.isCursorShown);
});

Deno.test("Screen writes the lines that have changed, and no others", () => {
  const terminal = new ScreenModel(80, 40);
  const screen = new Screen(terminal);
  const picture = Array.from({ length: 30 }, (_, at) => `line ${at} ${"x".repeat(60)}`);
  screen.draw(picture);
  const before = terminal.written;
  screen.draw(picture.with(7, "another"));
  assert(terminal.written - before < 200, `${terminal.written - before} units for one line`);
  assertEquals(terminal.visible, picture.with(7, "another"));
});

Deno.test("Screen keeps every character of long lines that stay, and scrolls no picture away", () => {
  const terminal = new ScreenModel(10, 5);
  const screen = new Screen(terminal);
  screen.draw(["one", "two", "three", "four"]);
  screen.draw(["1", "2", "3", "4"], ["0123456789", "0123456789abcdefghij", "short"]);
  for (let at = 0; at < 3; at++) screen.draw([`${at}`, "2", "3", "4"], [`note ${at}`]);
  screen.close();
  assertEquals(terminal.all, [
    "0123456789",
    "0123456789",
    "abcdefghij",
    "short",
    "note 0",
    "note 1",
    "note 2",
  ]);
});

Deno.test("Screen leaves nothing of a picture whose lines the terminal finds too wide, or has wrapped anew", () => {
  const terminal = new ScreenModel(20, 10);
  const screen = new Screen(terminal);
  screen.draw(["wider than twenty columns", "y"], ["stays"]);
  screen.draw(["x".repeat(19), "y"]);
  assertEquals(terminal.visible, ["stays", "x".repeat(19), "y"]);
  terminal.resize(10, 10);
  screen.draw(["z"], ["below"]);
  assertEquals(terminal.all, ["stays", "below", "z"]);
  terminal.resize(30, 4);
  screen.draw(["z"]);
  screen.close();
  assertEquals(terminal.all, ["stays", "below"]);
});
