/** Tasks that a task proposes through its result file. */

import { assertEquals } from "@std/assert";
import { Sandbox } from "./harness.ts";

Deno.test("what a task proposes is recorded and refused, each with its reason, and the run goes on", async () => {
  const proposals = [{ id: "more", run: "touch more.txt" }, { run: "true" }];
  const result = JSON.stringify({ status: "success", proposals });
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [{ name: "ok", command: "true" }],
    tasks: [
      { id: "a", run: `echo a > a.txt; echo '${result}' > "$OMK_RESULT"` },
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
