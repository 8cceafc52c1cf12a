import { assertRejects } from "@std/assert";
import { budgetAddCommand } from "../../src/cli/commands/budget_add.ts";
import { UsageError } from "../../src/errors.ts";
import { callCommand } from "./fixture.ts";

Deno.test("omk budget add refuses what is no amount, and says what was given and how one is written", async () => {
  for (
    const [words, message] of [
      [["--time", "soon"], 'Cannot add "soon" to the budget of time: it is no time above 0; write it as 90m'],
      [["--time", "0"], 'Cannot add "0" to the budget of time: it is no time above 0'],
      [["--usd", "0"], 'Cannot add "0" to the budget of usd: it is no number above 0'],
      [[], "give exactly one of"],
      [["--usd", "1", "--attempts", "2"], "give exactly one of"],
    ] as const
  ) {
    await assertRejects(() => callCommand(budgetAddCommand, words, { cwd: "/" }), UsageError, message);
  }
});
