import { assert, assertStringIncludes } from "@std/assert";
import { renderMarkdown, renderText } from "../../src/proof/render.ts";
import type { Proof } from "../../src/proof/schema.ts";
import { RUN_ID } from "../run/fixture.ts";
import { prove, readyRun } from "./fixture.ts";

const seconds = (ms: number) => `${ms / 1000}s`;

Deno.test("renderText() and renderMarkdown() answer what somebody who comes back to a run asks", () => {
  const proof = prove(readyRun());
  const text = renderText(proof, seconds);
  for (
    const line of [
      `run ${RUN_ID} (test): ready`,
      "attempted:\n  a: completed (2 attempts, 0.02s)\n  b: completed (1 attempt, 0.01s)",
      "changed:\n  added new.ts (a, b)\n  deleted src/b.ts (a, b)",
      `passed:\n  2 tasks: a, b\n  gate "test" on tree ${
        "e".repeat(12)
      } (0.02s, but it failed on this tree before: run 2 passed)`,
      "failed: nothing",
      "not tested: nothing",
      "needs a person: nothing",
      'retries:\n  task "a" after attempt 1 (retry): exited with 75',
      "may be merged:\n  yes: the run is ready",
    ]
  ) assertStringIncludes(text, line);
  const counts = { tests: 3, failures: 1, skipped: 1 };
  const counted = { ...proof, gates: proof.gates.map((gate) => ({ ...gate, counts })) };
  assertStringIncludes(renderText(counted, seconds), "(0.02s, 3 tests, 1 failed, 1 skipped, but it failed");
  const markdown = renderMarkdown(proof, seconds);
  for (
    const title of [
      "# Run",
      "## Attempted",
      "## Changed",
      "## Passed",
      "## Failed",
      "## Not tested",
      "## Needs a person",
      "## May be merged",
    ]
  ) {
    assertStringIncludes(markdown, `${title}`);
  }
});

Deno.test("renderText() and renderMarkdown() let no file name or reason break the page", () => {
  const proof = prove(readyRun());
  const odd: Proof = {
    ...proof,
    summary: "a\u001b[31mb",
    changed: { complete: false, paths: [{ path: "x\n## `y` <b>", change: "added", tasks: ["a"] }] },
    known_gaps: Array.from({ length: 40 }, (_, at) => `gap ${at}`),
  };
  const text = renderText(odd, seconds);
  assert(!text.includes("\u001b"));
  assertStringIncludes(text, "added x ## `y` <b> (a)\n  and more, which git tells");
  assertStringIncludes(text, "  gap 29\n  and 10 more");
  assertStringIncludes(renderMarkdown(odd, seconds), "- added x \\#\\# \\`y\\` \\<b\\> (a)");
});
