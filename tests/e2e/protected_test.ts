/** Work that changes what judges it. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { Sandbox } from "./harness.ts";

Deno.test("P7 P8: with protected deny no attempt changes plan, CI or gates, unless its write set names that very path", async () => {
  const files = {
    "check.sh": "test -f work.txt && . ./scripts/rest\n",
    "scripts/rest": "true\n",
    ".ci/run": "true\n",
  };
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    name: "protected",
    protected: "deny",
    gates: [{ name: "check", command: "sh check.sh" }],
    tasks: [
      { id: "work", run: "echo work > work.txt" },
      { id: "gate", run: "echo true > check.sh" },
      { id: "behind", run: "echo false > scripts/rest" },
      { id: "plan", run: "echo '{}' > omk.jsonc" },
      { id: "ci", run: "rm .ci/run; mkdir -p .github/workflows; echo x > .github/workflows/x.yml" },
      { id: "wide", run: "echo true > check.sh", write_set: ["**"] },
      { id: "named", run: "echo 'test -f work.txt # stricter' > check.sh", write_set: ["check.sh"] },
    ],
  }, files);
  await sandbox.omkEnds(1, ["run"]);
  const { tasks } = await sandbox.omkJson(["show"]);
  const standing = Object.fromEntries(
    tasks.map(({ id, state }: { readonly id: string; readonly state: string }) => [id, state]),
  );
  assertEquals(standing, {
    work: "completed",
    gate: "failed",
    behind: "failed",
    plan: "failed",
    ci: "failed",
    wide: "failed",
    named: "completed",
  });
  const { reason } = tasks.find(({ id }: { readonly id: string }) => id === "ci");
  assertStringIncludes(reason, ".ci/run, .github/workflows/x.yml");
  await sandbox.omkEnds(0, ["verify"]);
});
