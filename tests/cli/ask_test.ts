import { assertEquals } from "@std/assert";
import { askChoice } from "../../src/cli/ask.ts";
import { KeptOutput } from "./fixture.ts";

Deno.test("askChoice() takes a word or its beginning, asks again for anything else, and never takes the end for a yes", () => {
  const choices = ["resume", "new", "restart"] as const;
  const ask = (...lines: readonly string[]) => {
    const output = new KeptOutput();
    const left = [...lines];
    const chosen = askChoice(output, "What now?", choices, "new", () => left.shift() ?? null);
    return [chosen, output.stderr.split("\n").length - 1];
  };
  assertEquals(ask("resume"), ["resume", 1]);
  assertEquals(ask(" N "), ["new", 1]);
  assertEquals(ask(""), ["new", 1]);
  assertEquals(ask("y", "re", "res", "RESU"), ["resume", 7]);
  assertEquals(ask("newer"), [undefined, 3]);
  assertEquals(ask(), [undefined, 1]);
});
