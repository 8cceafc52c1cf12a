import { assertEquals, assertThrows } from "@std/assert";
import type { Command, OptionSpec } from "../../src/cli/command.ts";
import { parseCommandLine } from "../../src/cli/parse.ts";
import { UsageError } from "../../src/errors.ts";

const OPTIONS: readonly OptionSpec[] = [
  { name: "workers", short: "w", type: "number", placeholder: "N", description: "" },
  { name: "only", type: "list", placeholder: "TASK", description: "" },
  { name: "base", type: "string", choices: ["HEAD", "dirty"], description: "" },
  { name: "dry-run", short: "n", type: "boolean", description: "" },
];

function parse(...words: string[]) {
  const command: Command = {
    name: "try",
    summary: "",
    usage: ["omk try [A] [B]"],
    description: [],
    positionals: { min: 0, max: 2 },
    options: OPTIONS,
    examples: [],
    run: () => Promise.resolve(0),
  };
  return parseCommandLine(command, words);
}

Deno.test("parseCommandLine() gives each option in its type, wherever it stands", () => {
  const args = parse("one", "--workers", "3", "--only=a,b", "two", "--only", "c", "--dry-run", "--json");
  assertEquals(args.positionals, ["one", "two"]);
  assertEquals(args.number("workers"), 3);
  assertEquals(args.list("only"), ["a", "b", "c"]);
  assertEquals(args.flag("dry-run"), true);
  assertEquals(args.flag("json"), true);
  assertEquals(args.text("base"), undefined);
});

Deno.test("parseCommandLine() takes short options, and says nothing of what was not given", () => {
  assertEquals(parse("-w", "2", "-n").number("workers"), 2);
  assertEquals(parse("-w2").number("workers"), 2);
  const nothing = parse();
  assertEquals(nothing.flag("dry-run"), false);
  assertEquals(nothing.list("only"), []);
  assertEquals(nothing.number("workers"), undefined);
});

Deno.test("parseCommandLine() keeps arguments that look like numbers, and what follows --", () => {
  assertEquals(parse("007", "1e3").positionals, ["007", "1e3"]);
  assertEquals(parse("--", "--json", "-n").positionals, ["--json", "-n"]);
  assertEquals(parse("--", "--json").flag("json"), false);
});

Deno.test("parseCommandLine() lets the last of two values count", () => {
  assertEquals(parse("--base", "HEAD", "--base", "dirty").text("base"), "dirty");
});

Deno.test("parseCommandLine() refuses what it does not know, with what was probably meant", () => {
  assertThrows(() => parse("--workrs", "3"), UsageError, "did you mean --workers?");
  assertThrows(() => parse("--base", "head"), UsageError, "did you mean HEAD?");
  assertThrows(() => parse("-x"), UsageError, 'Unknown option "-x" of omk try');
});

Deno.test("parseCommandLine() refuses missing, empty and wrong values", () => {
  assertThrows(() => parse("--workers"), UsageError, "needs a value");
  assertThrows(() => parse("one", "two", "--base", ""), UsageError, "Option --base needs a value");
  assertThrows(() => parse("--workers", "many"), UsageError, '"many" is none');
  assertThrows(() => parse("--workers", "1.5"), UsageError, "whole number");
  assertThrows(() => parse("--workers", "0x10"), UsageError, "whole number");
  assertThrows(() => parse("--only", "a,,b"), UsageError, "empty value");
});

Deno.test("parseCommandLine() refuses too many arguments, and shows the usage", () => {
  const error = assertThrows(() => parse("a", "b", "c"), UsageError);
  assertEquals(error.message, 'omk try does not take "c": its usage is omk try [A] [B]; see omk try --help');
  assertEquals(error.exitCode, 2);
});
