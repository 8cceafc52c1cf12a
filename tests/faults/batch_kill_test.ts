/**
 * SIGKILL of omk in the middle of a batch of merges that gates judge. The simulation goes through all points of a batch;
 * here are real processes and real git.
 */

import { assertEquals } from "@std/assert";
import { eventually } from "../e2e/call.ts";
import { assertSoundAfterKill } from "../e2e/crash.ts";
import { Sandbox } from "../e2e/harness.ts";
import { share } from "./share.ts";

/** The text files in the head of the newest run. */
async function headTexts(sandbox: Sandbox): Promise<string[]> {
  const paths = await sandbox.git("ls-tree", "--name-only", `refs/omk/${await sandbox.runId()}/head`);
  return paths.split("\n").filter((path) => path.endsWith(".txt"));
}

/** A run of six tasks in which the merge of one is red. */
const SPOILED = {
  version: 1,
  workers: 6,
  gate_each: "batch",
  gates: [{ name: "clean", command: "sleep 0.1; test ! -e c.txt" }],
  tasks: ["a", "b", "c", "d", "e", "f"].map((id) => ({ id, run: `echo ${id} > ${id}.txt` })),
};

const POINTS = [
  { kind: "merge_judging", nth: 2 },
  { kind: "gate_failed", nth: 1 },
  { kind: "merge_staged", nth: 2 },
  { kind: "gate_started", nth: 3 },
  { kind: "gate_passed", nth: 2 },
  { kind: "task_completed", nth: 1 },
  { kind: "task_failed", nth: 1 },
];

Deno.test("P1, P6, P7: a run that is killed in the middle of a batch goes on from there, wherever that is", async () => {
  for (const { kind, nth } of POINTS.slice(0, share(2, POINTS.length))) {
    await using sandbox = await Sandbox.withPlan(SPOILED);
    const omk = sandbox.start(["run", "--json"]);
    const ended = omk.ended;
    const seen = () => omk.stdout.split(`"kind":"${kind}"`).length - 1;
    await eventually(`${kind} ${nth}`, () => seen() >= nth ? true : undefined);
    omk.kill("SIGKILL");
    const { stdout } = await ended;
    const acknowledged = stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line));
    await assertSoundAfterKill(sandbox, acknowledged);
    if ((await sandbox.omkJson(["status"])).standing === "interrupted") await sandbox.omkEnds(1, ["resume"]);
    assertEquals(await headTexts(sandbox), ["a.txt", "b.txt", "d.txt", "e.txt", "f.txt"], kind);
    const { counts } = await sandbox.omkJson(["status"]);
    assertEquals([counts.completed, counts.failed], [5, 1], kind);
    const completed = (await sandbox.payloads("task_completed")).map(({ task_id }) => task_id);
    assertEquals(completed.toSorted(), ["a", "b", "d", "e", "f"], kind);
    await sandbox.omkEnds(0, ["verify"]);
  }
});
