import { assertRejects } from "@std/assert";
import { planCommand } from "../../../src/cli/commands/plan.ts";
import { runCommand } from "../../../src/cli/commands/run.ts";
import { OmkError } from "../../../src/errors.ts";
import { callCommand, PlainPlace } from "../fixture.ts";

Deno.test("P10: wrong calls about prompts are refused before any agent works", async () => {
  await using place = await PlainPlace.make();
  await Deno.writeTextFile(`${place.cwd}/there.jsonc`, "{}");
  for (
    const [command, words, message] of [
      [runCommand, ["a b", "--dry-run"], "Option --dry-run needs a plan that is there"],
      [runCommand, ["a b", "--only", "x"], "Option --only needs a plan that is there"],
      [runCommand, ["--yes"], "Option --yes is for a prompt"],
      [runCommand, ["a b"], "this directory is in no git repository, and agents work in worktrees"],
      [planCommand, ["do it"], "this directory is in no git repository"],
      [planCommand, [" "], "Cannot plan nothing"],
      [
        planCommand,
        [`use ghp_${"a1B2".repeat(9)}`],
        "Cannot plan a request that holds what looks like a secret",
      ],
      [planCommand, ["do it", "-o", "there.jsonc"], "there is a file already"],
    ] as const
  ) await assertRejects(() => callCommand(command, words, place), OmkError, message);
});
