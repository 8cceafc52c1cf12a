/** Best of several: candidates do one task side by side; one is picked and merged, the others are kept. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Sandbox } from "./harness.ts";
import { assertUntouched, userState } from "./user_state.ts";

Deno.test("P3, P5, P6, P7: the best candidate alone is merged, and the others are pinned", async () => {
  // The first one is verbose, the second one fails its gate, the third one is brief.
  const writer =
    'case "$OMK_TASK_ID" in small.1) seq 9 > out.txt;; small.2) touch bad.txt;; *) echo hi > out.txt;; esac';
  const retry_policy = { max_attempts: 0 };
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    workers: 4,
    gates: [{ name: "out", command: "test -s out.txt" }],
    agents: { writer: { command: writer } },
    tasks: [
      {
        id: "small",
        prompt: "Write out.txt",
        agent: "writer",
        write_set: ["out.txt", "bad.txt"],
        gates: [{ name: "own", command: "test ! -e bad.txt" }],
        attempts: { parallel: 3, pick: "smallest-diff" },
        retry_policy,
      },
      {
        id: "first",
        run: 'echo "$OMK_TASK_ID" > first.txt; test "$OMK_TASK_ID" = first.2 || sleep 1000',
        attempts: { parallel: 2 },
      },
      { id: "after", run: "grep hi out.txt && cp first.txt after.txt", dependencies: ["small", "first"] },
    ],
  });
  const before = await userState(sandbox);
  const { stdout } = await sandbox.omkEnds(0, ["run"]);
  assertMatch(stdout, /done +small, by candidate small\.3/);
  assertStringIncludes(stdout, "ready: 5 of 5 tasks completed");
  await assertUntouched(sandbox, before);
  const { tasks, status } = await sandbox.omkJson(["status"]);
  assertEquals(status, "ready");
  assertEquals(
    tasks.map((each: { id: string; state: string }) => `${each.id} ${each.state}`),
    [
      "small.1 cancelled",
      "small.2 failed",
      "small.3 completed",
      "small completed",
      "first.1 cancelled",
      "first.2 completed",
      "first completed",
      "after completed",
    ],
  );
  const refs = `refs/omk/${await sandbox.runId()}`;
  assertEquals(await sandbox.git("show", `${refs}/head:out.txt`), "hi");
  assertEquals(await sandbox.git("show", `${refs}/head:after.txt`), "first.2");
  assertEquals(await sandbox.git("show", `${refs}/task/small.1/1/pin:out.txt`), "1\n2\n3\n4\n5\n6\n7\n8\n9");
  assertEquals(await sandbox.git("show", `${refs}/task/first.1/1/pin:first.txt`), "first.1");
  const picks = await sandbox.payloads("candidate_picked");
  assertMatch(
    String(picks.find((each) => each["task_id"] === "small")?.["reason"]),
    /^its patch is the smallest: "small\.3" \d+ bytes, "small\.1" \d+ bytes$/,
  );
  assertStringIncludes(
    (await sandbox.omkEnds(0, ["explain", "small"])).stdout,
    "candidate small.3 was picked",
  );
  assertStringIncludes(
    (await sandbox.omkEnds(0, ["explain", "first.1"])).stdout,
    'candidate "first.2" was picked',
  );
  const proof = await sandbox.omkJson(["proof"]);
  assertEquals([proof.failed, proof.picks.length], [[], 2]);
  await sandbox.omkEnds(0, ["verify"]);
  await sandbox.omkEnds(0, ["merge"]);
});

/** Names a candidate with the code that its prompt asks for. */
const NAME = (pick: string) =>
  `code=$(sed -n 's/^{"review": "\\([0-9a-f]*\\)".*/\\1/p' "$OMK_PROMPT_FILE"); ` +
  `echo "I looked at them."; echo '{"review": "'$code'", "pick": "${pick}", "why": "it says hello"}'`;

Deno.test("P6, P7, P8: what a reviewer names is merged alone; one that names nothing that counts lets nothing in", async () => {
  const agent = (command: string) => ({ command, prompt: "file" });
  const best = (id: string, work: string, reviewer: string) => ({
    id,
    prompt: `Greet in ${id}.txt`,
    agent: work,
    write_set: [`${id}.txt`],
    acceptance_criteria: ["it greets the world"],
    gates: [{ name: `own-${id}`, command: `test -s ${id}.txt` }],
    attempts: { parallel: 3, pick: { review: { agent: reviewer, rubric: "test" } } },
    retry_policy: { max_attempts: 1, backoff_seconds: 0 },
  });
  const write = 'echo "hello from $OMK_TASK_ID" > "${OMK_TASK_ID%.*}.txt"';
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    workers: 8,
    gates: [{ name: "all", command: "true" }],
    agents: {
      writer: agent(write),
      // The gate of the first one fails.
      careless: agent(`case "$OMK_TASK_ID" in *.1) touch c.txt;; *) ${write};; esac`),
      lonely: agent(`case "$OMK_TASK_ID" in *.2) ${write};; *) touch d.txt;; esac`),
      critic: agent(NAME("a.2")),
      // It edits at first, and the first candidate for "c" is none that it was shown.
      editor: agent(`test -e "\${OMK_REPLY%/*/*}/2" || echo x > c.txt; ${NAME("c.3")}`),
      quoter: agent('cat "$OMK_PROMPT_FILE"; echo "b.1 is the best"'),
    },
    tasks: [
      best("a", "writer", "critic"),
      best("b", "writer", "quoter"),
      best("c", "careless", "editor"),
      best("d", "lonely", "quoter"),
      { id: "after", run: "cp a.txt after.txt", dependencies: ["a"] },
    ],
  });
  const before = await userState(sandbox);
  const planned = (await sandbox.omkEnds(0, ["prompt", "a.review"])).stdout;
  for (
    const part of ["You pick the one", '"pick": "CANDIDATE"', "it greets the world", "(what it changed)"]
  ) {
    assertStringIncludes(planned, part);
  }
  const { stdout } = await sandbox.omkEnds(1, ["run"]);
  await assertUntouched(sandbox, before);
  assertMatch(
    stdout,
    /not merged b\.1: it is one of the candidates for b, .* picked by b\.review \(failed\)/,
  );
  const { tasks, status } = await sandbox.omkJson(["status"]);
  assertEquals(status, "not_ready");
  assertEquals(
    tasks.map((each: { id: string; state: string; attempt: number }) =>
      `${each.id} ${each.state} ${each.attempt}`
    ),
    [
      ...["a.1 cancelled 1", "a.2 completed 1", "a.3 cancelled 1", "a.review completed 1", "a completed 0"],
      ...["b.1 finished 1", "b.2 finished 1", "b.3 finished 1", "b.review failed 2", "b pending 0"],
      ...["c.1 failed 2", "c.2 cancelled 1", "c.3 completed 1", "c.review completed 2", "c completed 0"],
      ...["d.1 failed 2", "d.2 completed 1", "d.3 failed 2", "d.review cancelled 0", "d completed 0"],
      "after completed 1",
    ],
  );
  const refs = `refs/omk/${await sandbox.runId()}`;
  assertEquals(await sandbox.git("show", `${refs}/head:after.txt`), "hello from a.2");
  assertEquals(
    await sandbox.git("ls-tree", "--name-only", `${refs}/head`),
    "README.md\na.txt\nafter.txt\nc.txt\nd.txt\nomk.jsonc",
  );
  assertEquals(await sandbox.git("show", `${refs}/task/a.1/1/pin:a.txt`), "hello from a.1");
  const prompt = await Deno.readTextFile(`${await sandbox.runDirectory()}/tasks/c.review/2/prompt.md`);
  for (
    const part of [
      'Candidate "c.2"',
      "+hello from c.3",
      "Greet in c.txt",
      "You review how the change is tested",
    ]
  ) {
    assertStringIncludes(prompt, part);
  }
  assert(!prompt.includes('Candidate "c.1"'), "what has not passed is not shown");
  const picks = await sandbox.payloads("candidate_picked");
  assertEquals(
    picks.map((each) => `${each["task_id"]}: ${each["reason"]}`).toSorted(),
    [
      'a: review "a.review" named it: it says hello',
      'c: review "c.review" named it: it says hello',
      "d: its work alone is done, so no review is needed",
    ],
  );
  assertStringIncludes((await sandbox.omkEnds(0, ["explain", "a"])).stdout, "it says hello");
  assertStringIncludes((await sandbox.omkEnds(0, ["explain", "a.review"])).stdout, "it picked candidate a.2");
  assertStringIncludes((await sandbox.omkEnds(0, ["explain", "b"])).stdout, "b.review (failed)");
  const shown = (await sandbox.omkEnds(0, ["show", "a.review"])).stdout;
  assertMatch(shown, /reviews +a\.1, a\.2, a\.3 by the rubric test, picks one for a\n/);
  assertMatch(shown, /picks +a\.2: it says hello\n/);
  assertEquals((await sandbox.omkJson(["proof"])).picks.length, 3);
  await sandbox.omkEnds(0, ["verify"]);
  await sandbox.omkEnds(0, ["replay", "--rebuild"]);
});
