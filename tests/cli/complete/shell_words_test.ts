import { assertEquals } from "@std/assert";
import { quoteShellWord, splitShellLine } from "../../../src/cli/complete/shell_words.ts";
import { call } from "../../e2e/call.ts";

/** As bash sets it. */
const BREAKS = " \t\n\"'><=;|&(:";

Deno.test("splitShellLine() reads words as a shell does, and keeps the last apart", () => {
  const line = splitShellLine(`omk show 'a b' "c \\"d\\" \\e" f\\ g  h`);
  assertEquals(line.words, ["omk", "show", "a b", 'c "d" \\e', "f g"]);
  assertEquals(line.current, { value: "h", quote: "", fixed: 0 });
  assertEquals(splitShellLine("omk show ").current.value, "");
  assertEquals(splitShellLine("omk show ''").words, ["omk", "show"]);
  assertEquals(splitShellLine("omk show '' x").words, ["omk", "show", ""]);
  assertEquals(splitShellLine("").words, []);
});

Deno.test("splitShellLine() says which quote is open and what the shell does not replace", () => {
  assertEquals(splitShellLine("omk 'a b", BREAKS).current, { value: "a b", quote: "'", fixed: 0 });
  assertEquals(splitShellLine('omk --gate="a', BREAKS).current, { value: "--gate=a", quote: '"', fixed: 7 });
  assertEquals(splitShellLine("omk --only=a", BREAKS).current.fixed, 7);
  assertEquals(splitShellLine("omk unit:\\ f", BREAKS).current, { value: "unit: f", quote: "", fixed: 5 });
  assertEquals(splitShellLine("omk a\\:b", BREAKS).current.fixed, 0);
  assertEquals(splitShellLine("omk a:b").current.fixed, 0);
});

Deno.test("quoteShellWord() makes words that a shell reads as the same text", async () => {
  const texts = [
    "unit: fast",
    "a'b",
    'say "x"',
    "$HOME `id` \\",
    "~/x",
    "über*[1]?",
    "a;b|c&d(e)<f>",
    "#no",
    "!x",
  ];
  const words = texts.flatMap((text) => [
    quoteShellWord(text),
    `'${quoteShellWord(text, "'")}'`,
    `"${quoteShellWord(text, '"')}"`,
  ]);
  const { stdout } = await call("sh", ["-c", `printf '%s\\n' ${words.join(" ")}`], { cwd: "/", env: {} });
  assertEquals(stdout.split("\n").slice(0, -1), texts.flatMap((text) => [text, text, text]));
});
