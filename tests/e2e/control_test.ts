/** What people ask of a run from another process, while it goes on or after its end: retry, answer, pause, budget. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { appears } from "./call.ts";
import { Sandbox } from "./harness.ts";

/** A gate that passes on any tree. */
const LOOK = { name: "look", command: "ls > /dev/null" };

Deno.test("omk retry runs what failed and what it blocked again, in the same run, and the proof tells the new end", async () => {
  await using sandbox = await Sandbox.withRepository();
  await sandbox.plan({
    version: 1,
    gates: [LOOK],
    tasks: [
      { id: "a", run: `test -e ${sandbox.root}/fixed && echo a > a.txt` },
      { id: "b", run: "cat a.txt > b.txt", dependencies: ["a"] },
      { id: "c", run: "echo c > c.txt" },
    ],
  });
  const { stdout } = await sandbox.omkEnds(1, ["run"]);
  assertStringIncludes(stdout, "omk retry");
  const before = (await sandbox.payloads("task_claimed")).length;
  assertMatch(
    (await sandbox.omkEnds(1, ["retry", "b"])).stderr,
    /depends on "a", which did not succeed; retry that first/,
  );
  assertMatch((await sandbox.omkEnds(1, ["retry", "c"])).stderr, /task "c" is completed/);
  await sandbox.omkEnds(2, ["retry"]);
  await sandbox.omkEnds(2, ["retry", "nobody"]);
  assertEquals((await sandbox.payloads("retry_requested")).length, 0, "what is refused is not appended");
  await Deno.writeTextFile(`${sandbox.root}/fixed`, "");
  await sandbox.omkEnds(0, ["retry", "a", "--reason", "the machine is fixed"]);
  const claims = (await sandbox.payloads("task_claimed")).slice(before);
  assertEquals(
    claims.map(({ task_id, attempt }) => [task_id, attempt]),
    [["a", 2], ["b", 1]],
    "c is not run again",
  );
  assertEquals((await sandbox.payloads("task_reopened")).map(({ reason }) => reason), [
    "the machine is fixed",
    "what it depends on is run again",
  ]);
  await sandbox.omkEnds(0, ["verify"]);
  await sandbox.omkEnds(0, ["merge"]);
  assertEquals([await sandbox.read("b.txt"), await sandbox.read("c.txt")], ["a\n", "c\n"]);
});

Deno.test("omk answer sends a waiting task back to work with the answer, once the run is resumed", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [LOOK],
    tasks: [{
      id: "ask",
      run: `if [ -n "$OMK_ANSWER" ]; then printf '%s\\n' "$OMK_ANSWER" > colour.txt
        else echo '{"status":"blocked_on_human","question":"Which colour?"}' > "$OMK_RESULT"; fi`,
    }],
  });
  await sandbox.omkEnds(3, ["run"]);
  await sandbox.omkEnds(2, ["resume"]);
  const { stdout } = await sandbox.omkEnds(0, ["answer", "ask", "blue"]);
  assertMatch(stdout, /question: Which colour\?\n.*omk resume/);
  await sandbox.omkEnds(0, ["resume"]);
  await sandbox.omkEnds(0, ["merge"]);
  assertEquals(await sandbox.read("colour.txt"), "blue\n");
  assertMatch(
    (await sandbox.omkEnds(1, ["answer", "ask", "red"])).stderr,
    /is completed, and waits for no answer/,
  );
});

Deno.test("omk pause lets a run start nothing more until omk unpause", async () => {
  await using sandbox = await Sandbox.withRepository();
  const go = `${sandbox.root}/go`;
  await sandbox.plan({
    version: 1,
    gates: [LOOK],
    workers: 1,
    tasks: [
      { id: "first", run: `touch ${sandbox.root}/first.runs; while [ ! -e ${go} ]; do sleep 0.05; done` },
      { id: "second", run: "echo second > second.txt" },
    ],
  });
  const omk = sandbox.start(["run"]);
  await appears(`${sandbox.root}/first.runs`);
  assertMatch((await sandbox.omkEnds(0, ["pause", "--reason", "wait"])).stdout, /is paused; 1 task at work/);
  assertMatch((await sandbox.omkEnds(1, ["pause"])).stderr, /paused already/);
  await Deno.writeTextFile(go, "");
  await omk.printed("done    first");
  assertEquals((await sandbox.omkJson(["status"])).counts.pending, 1);
  await sandbox.omkEnds(0, ["unpause"]);
  assertEquals((await omk.ended).code, 0);
  assertMatch(
    (await sandbox.omkEnds(1, ["pause"])).stderr,
    /it? ?the run is finished: ready|is finished: ready/,
  );
});

Deno.test("a run whose budget of attempts is used up ends with 4, and goes on once there is more", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [LOOK],
    budget: { attempts: 1 },
    tasks: [{ id: "a", run: "echo a > a.txt" }, { id: "b", run: "echo b > b.txt" }],
  });
  await sandbox.omkEnds(4, ["run"]);
  await sandbox.omkEnds(2, ["budget", "add"]);
  assertMatch(
    (await sandbox.omkEnds(1, ["budget", "add", "--usd", "5"])).stderr,
    /the plan sets no budget of usd/,
  );
  await sandbox.omkEnds(0, ["budget", "add", "--attempts", "1"]);
  await sandbox.omkEnds(0, ["resume"]);
  await sandbox.omkEnds(0, ["verify"]);
});

Deno.test("P9: a task cannot steer its own run", async () => {
  await using sandbox = await Sandbox.withRepository();
  await sandbox.plan({
    version: 1,
    gates: [],
    tasks: [{
      id: "a",
      run: ["pause", "unpause", "retry a", "answer a yes", "budget add --time 1h"]
        .map((words) => `! ${sandbox.omkCommand(...words.split(" "))} 2>> ${sandbox.root}/said || exit 1`)
        .join("; "),
    }],
  });
  await sandbox.omkEnds(0, ["run"]);
  const said = await Deno.readTextFile(`${sandbox.root}/said`);
  assertEquals(said.match(/from inside a task/g)?.length, 5, said);
});
