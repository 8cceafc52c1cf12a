import { assertRejects } from "@std/assert";
import { runCommand } from "../../src/cli/commands/run.ts";
import { UsageError } from "../../src/errors.ts";
import { callCommand } from "./fixture.ts";

Deno.test("omk run refuses a report that it could not write before it looks for a plan, and without running one", async () => {
  const cwd = await Deno.makeTempDir();
  try {
    for (
      const [words, message] of [
        [["--report", "x"], "a report is junit=FILE or sarif=FILE"],
        [["--dry-run", "--report", "junit=/not/there/x.xml"], "/not/there"],
        [["do all of it", "--report", "pdf=x"], "a report is junit=FILE or sarif=FILE"],
      ] as const
    ) {
      await assertRejects(() => callCommand(runCommand, words, { cwd }), UsageError, message);
    }
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});
