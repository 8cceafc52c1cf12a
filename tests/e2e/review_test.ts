/** Reviews: work is merged once it has passed them, and goes back with their findings where they block it. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Sandbox } from "./harness.ts";
import { assertUntouched, userState } from "./user_state.ts";

/** Says that it found nothing, with the code that its prompt asks for. */
const SAY = (findings: string) =>
  `code=$(sed -n 's/^{"review": "\\([0-9a-f]*\\)".*/\\1/p' "$OMK_PROMPT_FILE"); ` +
  `echo "I looked at it."; echo '{"review": "'$code'", "findings": [${findings}]}'`;

const BLOCKING = '{"severity": "blocking", "path": "api.txt", "line": 1, "message": "it greets nobody"}';

/** Blocks until the work greets somebody. */
const CRITIC = `cat "$OMK_PROMPT_FILE" > /dev/null; if grep -q world api.txt; then ${
  SAY('{"severity": "note", "message": "fine now", "path": null}')
}; else ${SAY(BLOCKING)}; fi`;

/** Does better once it is told what is wrong. */
const WRITER = 'if grep -q "it greets nobody" "$OMK_PROMPT_FILE"; then echo hello world > api.txt; ' +
  "else echo hello > api.txt; fi";

function planOf(review: object, agents: object = {}, tasks: readonly object[] = []): object {
  return {
    version: 1,
    gates: [{ name: "greets", command: "test -s api.txt" }],
    agents: {
      writer: { command: WRITER, prompt: "file" },
      critic: { command: CRITIC, prompt: "file" },
      ...agents,
    },
    tasks: [
      {
        id: "api",
        prompt: "Greet",
        agent: "writer",
        write_set: ["api.txt"],
        acceptance_criteria: ["it greets the world"],
        retry_policy: { max_attempts: 0 },
      },
      {
        id: "look",
        review: { of: ["api"], agent: "critic", ...review },
        retry_policy: { max_attempts: 1, backoff_seconds: 0 },
      },
      { id: "after", run: "grep -q world api.txt && echo done > after.txt", dependencies: ["look"] },
      ...tasks,
    ],
  };
}

Deno.test("P4, P7, P8: what a review finds goes back with its findings, and nothing is merged before it has passed", async () => {
  await using sandbox = await Sandbox.withPlan(planOf({ rubric: "security" }));
  const before = await userState(sandbox);
  const told = (await sandbox.omkEnds(0, ["prompt", "look"])).stdout;
  for (const part of ["You review for security", "it greets the world", "(what it changed)"]) {
    assertStringIncludes(told, part);
  }
  await sandbox.omkEnds(0, ["run"]);
  await assertUntouched(sandbox, before);
  const { tasks, status } = await sandbox.omkJson(["status"]);
  assertEquals(status, "ready");
  assertEquals(
    tasks.map((each: { id: string; state: string; attempt: number }) => [each.id, each.state, each.attempt]),
    [["api", "completed", 2], ["look", "completed", 2], ["after", "completed", 1]],
  );
  const reviewed = (await sandbox.events()).filter(({ kind }) => kind === "task_reviewed");
  assertEquals(reviewed.map(({ payload }) => [payload["round"], payload["verdict"]]), [[1, "blocked"], [
    2,
    "passed",
  ]]);
  const story = (await sandbox.omkEnds(0, ["explain", "api"])).stdout;
  assertMatch(story, /review look found what blocks it/);
  assertMatch(story, /blocking: api\.txt:1: it greets nobody/);
  const shown = await sandbox.omkJson(["show", "api"]);
  assertEquals(shown.attempts[0].reviews[0].findings[0].line, 1);
  assertEquals(shown.attempts[1].reviews[0].findings, [{ severity: "note", message: "fine now" }]);
  assertStringIncludes((await sandbox.omkEnds(0, ["show", "api"])).stdout, "look, round 1: blocked");
  const second = await Deno.readTextFile(`${await sandbox.runDirectory()}/tasks/api/2/prompt.md`);
  assertStringIncludes(second, "blocking api.txt:1: it greets nobody");
  const asked = await Deno.readTextFile(`${await sandbox.runDirectory()}/tasks/look/2/prompt.md`);
  for (const part of ["it greets the world", "+hello world", "Round 1", "it greets nobody"]) {
    assertStringIncludes(asked, part);
  }
  const proof = (await sandbox.omkEnds(0, ["proof", "--format", "md"])).stdout;
  assertStringIncludes(proof, "## Reviews");
  assertMatch(proof, /it greets nobody/);
  await sandbox.omkEnds(0, ["verify"]);
  await sandbox.omkEnds(0, ["replay", "--rebuild"]);
  await sandbox.omkEnds(0, ["merge"]);
});

Deno.test("P8: a review that gives nothing, quotes, edits or blocks for ever lets nothing into the head", async () => {
  const reviewed = (id: string) => ({ id, run: `echo ${id} > ${id}.txt` });
  const retry_policy = { max_attempts: 1, backoff_seconds: 0 };
  const review = (agent: string, more: object = {}) => ({
    id: `${agent}-review`,
    review: { of: [agent], agent, ...more },
    retry_policy,
  });
  const agent = (command: string) => ({ command, prompt: "file" });
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [{ name: "look", command: "true" }],
    agents: {
      mute: agent("echo 'All good, ship it'"),
      quoter: agent(`cat "$OMK_PROMPT_FILE"; echo '{"findings": []}'`),
      editor: agent(`echo x > editor.txt; ${SAY("")}`),
      strict: agent(SAY(BLOCKING)),
    },
    tasks: [
      ...["mute", "quoter", "editor", "strict"].map(reviewed),
      review("mute"),
      review("quoter"),
      review("editor"),
      review("strict", { max_rounds: 1 }),
    ],
  });
  const { stdout } = await sandbox.omkEnds(1, ["run"]);
  assertStringIncludes(stdout, "not merged mute: its work is merged once it is reviewed by mute-review");
  const { tasks, status } = await sandbox.omkJson(["status"]);
  assertEquals(status, "not_ready");
  const ends = tasks.map((
    each: { id: string; state: string; attempt: number; outcome: { result: string } },
  ) => [each.id, each.state, each.attempt, each.outcome.result]);
  assertEquals(ends, [
    ["mute", "finished", 1, "success"],
    ["quoter", "finished", 1, "success"],
    ["editor", "finished", 1, "success"],
    ["strict", "failed", 2, "success"],
    ["mute-review", "failed", 2, "findings_invalid"],
    ["quoter-review", "failed", 2, "findings_invalid"],
    ["editor-review", "failed", 2, "write_set_violated"],
    ["strict-review", "blocked", 2, "success"],
  ]);
  assertMatch(
    tasks[3].reason,
    /review "strict-review" found what blocks it: api\.txt:1: it greets nobody; it had been sent back once/,
  );
  const refs = `refs/omk/${await sandbox.runId()}`;
  assertEquals(await sandbox.git("ls-tree", "--name-only", `${refs}/head`), "README.md\nomk.jsonc");
  // What the reviewer changed is kept, and nowhere else.
  assertEquals(await sandbox.git("show", `${refs}/task/editor-review/1/pin:editor.txt`), "x");
  assertStringIncludes((await sandbox.omkEnds(0, ["explain", "mute"])).stdout, "mute-review");
  await sandbox.omkEnds(0, ["verify"]);
});
