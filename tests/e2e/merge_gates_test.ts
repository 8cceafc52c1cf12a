/** Gates that judge merges before these are in the head: in the real program, with real git. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { KINDS, type PayloadOf } from "../../src/log/kinds.ts";
import { headTree } from "./crash.ts";
import { Sandbox } from "./harness.ts";

/** The runs of gates, in the order in which they began. */
async function gateRuns(sandbox: Sandbox): Promise<readonly PayloadOf<"gate_started">[]> {
  return (await sandbox.payloads("gate_started")).map((each) => KINDS.gate_started.payload.parse(each));
}

/** The text files in the head of the newest run. */
async function headTexts(sandbox: Sandbox): Promise<string[]> {
  const paths = await sandbox.git("ls-tree", "--name-only", `refs/omk/${await sandbox.runId()}/head`);
  return paths.split("\n").filter((path) => path.endsWith(".txt"));
}

Deno.test("gate_each batch: the culprit is found by halving, and is not in what is delivered", async () => {
  await using sandbox = await Sandbox.withRepository({ "start.txt": "" });
  const ids = ["t0", "t1", "t2", "t3"];
  const log = `${sandbox.project}/.git/omk/runs/$OMK_RUN_ID/events.jsonl`;
  const count = `$(cat ${sandbox.root}/first ${log} | grep -c '"kind":"task_finished"')`;
  const wait = `if ! test -e ${sandbox.root}/first; then touch ${sandbox.root}/first; ` +
    `while test ${count} -lt 5; do sleep 0.02; done; fi`;
  await sandbox.plan({
    version: 1,
    workers: 5,
    gate_each: "batch",
    gates: [{ name: "clean", command: `${wait}; test ! -e bad.txt` }],
    tasks: [
      { id: "first", run: "echo first > first.txt", priority: 1 },
      ...ids.map((id) => ({
        id,
        // The first is judged by itself, and all others wait for that.
        run: `while ! test -e ${sandbox.root}/first; do sleep 0.02; done; echo ${id} > ${
          id === "t2" ? "bad" : id
        }.txt`,
      })),
    ],
  });
  const { stdout } = await sandbox.omkEnds(1, ["run", "--verbose"]);
  const batches = (await sandbox.payloads("merge_judging")).map((each) =>
    KINDS.merge_judging.payload.parse(each).tasks.length
  );
  assertEquals(batches.slice(0, 2), [1, 4]);
  const runs = (await gateRuns(sandbox)).filter(({ merges }) => (merges?.batch ?? 0) > 1);
  assert(runs.length <= 1 + 3, `${runs.length} runs`);
  assertMatch(stdout, /gate {4}clean on the merges of 4 tasks/);
  assertMatch(stdout, /^failed t2: failed a gate: gate "clean" exited with 1, on the tree of its merge/m);
  assertEquals(
    await headTexts(sandbox),
    ["first.txt", "start.txt", ...ids.filter((id) => id !== "t2").map((id) => `${id}.txt`)].sort(),
  );
  assertEquals(await sandbox.git("show", `refs/omk/${await sandbox.runId()}/task/t2/1/pin:bad.txt`), "t2");
  const explained = await sandbox.omkEnds(0, ["explain", "latest", "t2"]);
  assertMatch(explained.stdout, /merged with what is before it, for the gates to judge/);
  assertMatch(explained.stdout, /gate "clean" exited with 1, on the tree of its merge/);
  // What gates have judged before it became the head is not judged again.
  const proof = await sandbox.omkJson(["proof", "--json"]);
  assertEquals([proof.status, proof.gates[0].result, proof.gates[0].tree], [
    "not_ready",
    "passed",
    await headTree(sandbox),
  ]);
  await sandbox.omkEnds(0, ["verify"]);
  await sandbox.omkEnds(0, ["replay", "latest", "--rebuild"]);
  const { spans } = await sandbox.omkJson(["replay", "latest", "--json"]);
  assert(spans.some((each: { readonly result: string }) => each.result === "staged"));
});

Deno.test("gate_each task: what fails is tried again, told what the gate printed, sees outputs of what is judged, and nothing red is delivered", async () => {
  await using sandbox = await Sandbox.withRepository({ ".gitignore": "made/\n" });
  await sandbox.plan({
    version: 1,
    workers: 1,
    gate_each: "task",
    gates: [
      { name: "made", command: "test ! -e a.txt || test -e made/a" },
      { name: "word", command: "! grep -q wrong *.txt || { echo misspelt; exit 1; }" },
      { name: "style", command: "false", required: false },
    ],
    tasks: [
      { id: "a", run: "mkdir made; touch made/a; echo a > a.txt", outputs: ["made/a"] },
      {
        id: "b",
        run:
          'if grep -q misspelt "${OMK_GATE_LOG:-/dev/null}"; then echo right > b.txt; else echo wrong > b.txt; fi',
        dependencies: ["a"],
        retry_policy: { max_attempts: 1, backoff_seconds: 0 },
      },
    ],
  });
  await sandbox.omkEnds(0, ["run", "--merge"]);
  assertEquals(await sandbox.read("b.txt"), "right\n");
  const runs = (await gateRuns(sandbox)).map(({ gate, merges }) => `${gate} ${merges?.tasks}`);
  assertEquals(runs, ["made a", "word a", "made b", "word b", "made b", "word b", "style undefined"]);
  await sandbox.omkEnds(0, ["verify"]);
});

Deno.test("what an earlier run made is judged like any merge, by gates side by side, and is run where they refuse it", async () => {
  await using sandbox = await Sandbox.withRepository({ "kind": "old\n" });
  // Each waits for the other, and sees nothing of what that leaves.
  const meets = (own: string, other: string) =>
    `! test -e left.txt && touch left.txt ${sandbox.root}/${own} || exit 1; ` +
    `while ! test -e ${sandbox.root}/${other}; do sleep 0.02; done`;
  const plan = (command: string) => ({
    version: 1,
    workers: 3,
    gate_each: "batch",
    gates: [
      { name: "ok", command: `${meets("ok", "beside")}; ${command}` },
      { name: "beside", command: meets("beside", "ok") },
    ],
    tasks: ["a", "b", "c"].map((id) => ({
      id,
      run: `cat kind > ${id}.txt`,
      read_set: ["x"],
      write_set: [`${id}.txt`],
    })),
  });
  await sandbox.plan(plan("true"));
  await sandbox.omkEnds(0, ["run"]);
  await sandbox.commit("Another kind", { kind: "new\n" });
  await sandbox.plan(plan("! grep -q old b.txt"));
  await sandbox.omkEnds(0, ["run", "--reuse", "latest"]);
  const { tasks } = await sandbox.omkJson(["status"]);
  assertEquals(tasks.map((each: { readonly attempt: number }) => each.attempt), [0, 1, 0]);
  const head = `refs/omk/${await sandbox.runId()}/head`;
  assertEquals(
    await Promise.all(["a", "b", "c"].map((id) => sandbox.git("show", `${head}:${id}.txt`))),
    ["old", "new", "old"],
  );
  assertMatch(
    (await sandbox.omkEnds(0, ["explain", "latest", "b"])).stdout,
    /does not fit the head of this run: gate "ok"/,
  );
  await sandbox.omkEnds(0, ["verify"]);
});
