import { assertEquals } from "@std/assert";
import { nameTable, wrap } from "../../../src/cli/render/wrap.ts";

Deno.test("wrap() fills lines, takes line ends for spaces, and leaves long words whole", () => {
  assertEquals(wrap("one two\nthree  four", 9), ["one two", "three", "four"]);
  assertEquals(wrap("a verylongword b", 6), ["a", "verylongword", "b"]);
  assertEquals(wrap("  ", 10), []);
});

Deno.test("nameTable() aligns texts and wraps them in their column", () => {
  const rows = [["-n", "print a few words"], ["--name", "short"], ["--a-very-long-name", "its text"], [
    "x",
    "",
  ]] as const;
  assertEquals(nameTable(rows, 20, 8), [
    "-n      print a few",
    "        words",
    "--name  short",
    "--a-very-long-name",
    "        its text",
    "x",
  ]);
});
