import { assertEquals } from "@std/assert";
import { readShellText } from "../../src/plan/shell_command.ts";

Deno.test("readShellText() knows one plain command from everything that is more", () => {
  const simple: readonly [string, readonly string[]][] = [
    ["npm test", ["npm", "test"]],
    ["  npm   run  'a b' ", ["npm", "run", "a b"]],
    ['echo "x y" z\\ w', ["echo", "x y", "z w"]],
    ["echo 'a;b|c>d$e`f'", ["echo", "a;b|c>d$e`f"]],
    ["echo a#b ''", ["echo", "a#b", ""]],
    ['echo "a\\"b"', ["echo", 'a"b']],
  ];
  for (const [text, words] of simple) {
    const read = readShellText(text);
    assertEquals([read.isSimple, read.commands], [true, [words]], text);
  }
  const compound = [
    "a; b",
    "a && b",
    "a || b",
    "a | b",
    "a &",
    "a\nb",
    "a\rb",
    "a > f",
    "a < f",
    "a 2>&1",
    "(a)",
    "a $(b)",
    "a `b`",
    'a "$(b)"',
    'a "`b`"',
    "a $X",
    'a "$X"',
    "a ${X}",
    "a *.ts",
    "a ?",
    "a [x]",
    "a {x,y}",
    "a ~/x",
    "X=1 a",
    "X+=1 a",
    "! a",
    "if a",
    "a # b",
    "a 'b",
    'a "b',
    "a \\",
    "a \\\nb",
    "a \x1b[2K",
    "",
    "<(a)",
  ];
  for (const text of compound) assertEquals(readShellText(text).isSimple, false, JSON.stringify(text));
});

Deno.test("readShellText() finds every command that can be seen, and tells where some may be hidden", () => {
  const commands = (text: string) => readShellText(text).commands;
  assertEquals(commands("cd x && git push -f; A=1 rm -rf / | tee f"), [
    ["cd", "x"],
    ["git", "push", "-f"],
    ["rm", "-rf", "/"],
    ["tee", "f"],
  ]);
  assertEquals(commands("then git push"), [["git", "push"]]);
  assertEquals(commands("git $SUB x"), [["git", null, "x"]]);
  assertEquals(commands("a\ngit push"), [["a"], ["git", "push"]]);
  const hidden = [
    "x $(y)",
    "`y`",
    "sh -c 'git push'",
    "/bin/bash x.sh",
    "env A=1 y",
    "xargs rm",
    "eval y",
    "$X",
    "a '",
  ];
  for (const text of hidden) assertEquals(readShellText(text).hidesCommands, true, text);
  for (const text of ["git push", "a $X", "a && b", "echo '$(y)'"]) {
    assertEquals(readShellText(text).hidesCommands, false, text);
  }
});
