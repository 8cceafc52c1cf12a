import { assertEquals } from "@std/assert";
import { formatDuration } from "../../src/cli/render/duration.ts";
import { formatAge } from "../../src/cli/render/run_table.ts";
import { readTail, tailOffset } from "../../src/cli/render/tail.ts";
import {
  alignColumns,
  colouredLine,
  counted,
  cut,
  formatBytes,
  oneLine,
  renderLines,
} from "../../src/cli/render/text.ts";

Deno.test("oneLine() leaves nothing that moves the cursor, colours, or turns the writing around", () => {
  assertEquals(oneLine("a\tb\r\nc"), "a b c");
  assertEquals(oneLine("\x1b[31mred\x1b[0m \x1b]0;title\x07x\x1b[2J\x1b[H"), "red x");
  assertEquals(oneLine("abc\u202edef\x9b31m\x00"), "abc def 31m");
  assertEquals(oneLine("\x1b[1mbold\x1b(B\x1b[m \x1b7\x1bcx\x1bP+q1\x1b\\y"), "bold xy");
});

Deno.test("colouredLine() keeps colours and tabs of a task's line, and nothing that moves the cursor", () => {
  assertEquals(colouredLine("  a plain line "), "  a plain line ");
  assertEquals(colouredLine("\x1b[1;31mred\x1b[m\tx\x07y"), "\x1b[1;31mred\x1b[m\txy\x1b[0m");
  assertEquals(colouredLine("10%\r20%\r100%\r"), "100%");
  assertEquals(colouredLine("\x1b[2J\x1b[5Aup\x1b]0;title\x07\x1b[?25l\u202e"), "up");
  assertEquals(colouredLine("\x1b\x1b[2J[2J\x9b2J 漢字"), "[2J2J 漢字");
});

Deno.test("cut() counts columns, not letters", async () => {
  const texts: readonly [string, number, string][] = [
    ["short", 10, "short"],
    ["exactly ten", 11, "exactly ten"],
    ["a longer text", 8, "a longe…"],
    ["漢字漢字", 5, "漢字…"],
    ["👩‍👩‍👧‍👦 family", 4, "👩‍👩‍👧‍👦 …"],
  ];
  const lines = await renderLines(() => texts.map(([text, columns]) => cut(text, columns)));
  assertEquals(lines, texts.map(([, , expected]) => expected));
});

Deno.test("alignColumns() aligns by width and cuts the last column", async () => {
  const rows = [["a", "漢", "x"], ["bcd", "e", "a long text here and more"]];
  assertEquals(await renderLines(() => alignColumns(rows, 26)), [
    "a    漢  x",
    "bcd  e   a long text here…",
  ]);
  assertEquals(alignColumns([], 80), []);
});

Deno.test("counted() and formatBytes() speak as people do", () => {
  assertEquals([counted(0, "task"), counted(1, "task"), counted(2, "task")], [
    "0 tasks",
    "1 task",
    "2 tasks",
  ]);
  assertEquals(
    [0, 999, 1000, 1449, 9_960, 999_600, 85_000_000_000].map(formatBytes),
    ["0 B", "999 B", "1.0 kB", "1.4 kB", "10 kB", "1.0 MB", "85 GB"],
  );
});

Deno.test("formatDuration() and formatAge() use the units that matter", () => {
  assertEquals(
    [0, 37, 812, 12_000, 185_000, 7_800_000, 300_000_000].map(formatDuration),
    ["0.0s", "37ms", "0.8s", "12s", "3m 05s", "2h 10m", "3d 11h"],
  );
  assertEquals([0, 59_999, 720_000, 18_000_000, 260_000_000].map(formatAge), [
    "now",
    "now",
    "12m",
    "5h",
    "3d",
  ]);
});

Deno.test("readTail() gives the last lines of a file of any size", async () => {
  const path = await Deno.makeTempFile();
  try {
    assertEquals(await readTail(path, 3), []);
    await Deno.writeTextFile(path, "one\ntwo\nthree\n");
    assertEquals(await readTail(path, 2), ["two", "three"]);
    assertEquals(await readTail(path, 9), ["one", "two", "three"]);
    assertEquals(await readTail(path, 0), []);
    await Deno.writeTextFile(path, "one\n\ntwo without an end");
    assertEquals(await readTail(path, 2), ["", "two without an end"]);
    const long = Array.from({ length: 30_000 }, (_, at) => `line ${at}`).join("\n");
    await Deno.writeTextFile(path, `${long}\n`);
    assertEquals(await readTail(path, 2), ["line 29998", "line 29999"]);
    assertEquals((await readTail(path, 20_000)).length, 20_000);
    using file = await Deno.open(path);
    const { size } = await file.stat();
    assertEquals(await tailOffset(file, size, 30_000), 0);
    assertEquals(await tailOffset(file, size, 29_999), "line 0\n".length);
  } finally {
    await Deno.remove(path);
  }
  assertEquals(await readTail(path, 3), []);
});
