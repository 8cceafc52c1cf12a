import { assertEquals } from "@std/assert";
import { isRequest } from "../../../src/cli/planning/request.ts";

Deno.test("isRequest() is true for words, and not for a file, whatever its name, nor for what could be a mistyped one", async () => {
  const cwd = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${cwd}/my plan.jsonc`, "{}");
    for (
      const [word, expected] of [
        ["Add rate limiting", true],
        ["one\nper line", true],
        ["x ".repeat(10_000), true],
        ["no\0 file", true],
        ["my plan.jsonc", false],
        [`${cwd}/my plan.jsonc`, false],
        ["plan.jsonc", false],
        ["our plan.jsonc", false],
        [" ", false],
      ] as const
    ) assertEquals(await isRequest(word, cwd), expected, word.slice(0, 20));
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});
