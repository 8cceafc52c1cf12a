/** Tasks that a task proposes through its result file. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { Sandbox } from "./harness.ts";

/** A command that writes its result file with these proposals; `mark` is a line that none of them holds. */
function proposing(proposals: readonly unknown[], before: string, mark = "END"): string {
  const result = JSON.stringify({ status: "success", proposals });
  return `${before}; cat > "$OMK_RESULT" <<'${mark}'\n${result}\n${mark}\n`;
}

const GATES = [{ name: "ok", command: "true" }];

Deno.test("what a task proposes is recorded and refused, each with its reason, and the run goes on", async () => {
  const proposals = [{ id: "more", run: "touch more.txt" }, { run: "true" }];
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: GATES,
    tasks: [
      { id: "a", run: proposing(proposals, "echo a > a.txt") },
      {
        id: "b",
        run: `echo b > b.txt; (printf '{"status":"success","proposals":['; ` +
          `for i in $(seq 24); do printf '{"id":"x%s"},' $i; done; printf '{"id":"last"}]}') > "$OMK_RESULT"`,
      },
    ],
  });
  await sandbox.omkEnds(0, ["run"]);
  const rejected = await sandbox.payloads("task_rejected");
  const of = (id: string) =>
    rejected.filter((each) => JSON.stringify(each.proposed_by).includes(`"${id}"`))
      .map((each) => [each.task_id, each.reason]);
  const reason = "the plan does not allow proposals";
  assertEquals(of("a"), [["more", reason], ["a", reason]]);
  assertEquals(of("b").length, 21);
  assertEquals(of("b").at(-1), ["b", "5 more were not read: an attempt may make 20 proposals"]);
  const [finished] = (await sandbox.payloads("task_finished")).filter((each) => each.task_id === "a");
  assertEquals(JSON.parse(JSON.stringify(finished?.outcome)).reported.proposals, proposals);
  await sandbox.omkEnds(0, ["verify"]);
});

Deno.test("P7 P11: accepted tasks are run, merged, shown, proved and verified as those of the plan", async () => {
  const deeper = proposing(
    [{ id: "c", run: "echo c > out/c.txt", dependencies: ["b"] }],
    "echo b > out/b.txt",
  );
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [{ name: "all", command: "cat out/a.txt out/b.txt out/c.txt" }],
    proposals: { max_tasks: 3, max_depth: 2 },
    tasks: [{
      id: "a",
      run: proposing([
        { id: "b", run: deeper, dependencies: ["a"], name: "what a found" },
        { id: "d", run: "true", write_set: ["src/**"] },
      ], "mkdir -p out; echo a > out/a.txt"),
      write_set: ["out/**"],
    }],
  });
  await sandbox.omkEnds(0, ["run", "--dry-run"]);
  await sandbox.omkEnds(0, ["run"]);
  assertEquals((await sandbox.payloads("task_accepted")).map(({ task_id }) => task_id), ["b", "c"]);
  const [refused] = await sandbox.payloads("task_rejected");
  assertEquals(refused?.reason, '"write_set" names "src/**", where a task of "a" may not write');
  const proof = JSON.parse((await sandbox.omkEnds(0, ["proof", "--json"])).stdout);
  assertEquals(proof.plan.additions.tasks, [
    { id: "b", proposed_by: "a", attempt: 1 },
    { id: "c", proposed_by: "b", attempt: 1 },
  ]);
  assertEquals([proof.status, proof.passed.tasks], ["ready", ["a", "b", "c"]]);
  await sandbox.omkEnds(0, ["verify"]);
  const told = async (...args: string[]) => (await sandbox.omkEnds(0, args)).stdout;
  assertStringIncludes(await told("show", "latest"), "3 tasks (2 of them proposed by tasks)");
  assertStringIncludes(await told("show", "latest", "c"), "b, attempt 1");
  assertStringIncludes(
    await told("explain", "c"),
    'it was added to the run: proposed by "b", as the plan allows',
  );
  assertStringIncludes(await told("graph", "latest"), "c");
  assertStringIncludes(await told("status", "latest"), "3");
  await told("status", "latest", "--json");
  await told("logs", "latest", "c");
  await told("merge");
  assertEquals(await Deno.readTextFile(`${sandbox.project}/out/c.txt`), "c\n");
  // Nothing that was proposed is in the plan: who proposed it is run again, and proposes it again.
  const again = await told("run", "--reuse", "latest", "--base", "HEAD");
  assertStringIncludes(again, "ready");
});
