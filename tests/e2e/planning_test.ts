/** Prompts become plans, and plans become runs: a scripted lead agent in real runs, from source and as the executable. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Sandbox } from "./harness.ts";

/**
 * One agent for everything, as a plain command: in the run that plans it plays the script that the prompt names, elsewhere
 * it does what its prompt says.
 */
const AGENT = `prompt=$(cat)
if [ "$OMK_TASK_ID" = plan ]; then
  echo scribble > scribble.txt
  case $prompt in *"PLAY "*) . "./$(printf '%s' "$prompt" | sed -n 's/.*PLAY \\([a-z]*\\).*/\\1/p' | head -n 1).sh";; esac
  exit
fi
printf '%s' "$prompt" | sed -n 's/^WRITE //p' | while read -r file; do echo "by $OMK_TASK_ID" > "$file"; done
`;

/** The first answer has two faults, of which the second one still has one; the third is a plan. */
const CORRECTED = `case $OMK_ATTEMPT in
1) echo 'I would do this: {"tasks": [{"id": "a", "promt": "WRITE a.txt", "dependencies": ["zz"]}]}';;
2) case $prompt in *'unknown field "promt"'*'which is no task of the plan'*) ;; *) echo 'I was told nothing'; exit;; esac
   echo '{"approval": "yolo", "tasks": [{"id": "a", "prompt": "WRITE a.txt"}]}';;
3) case $prompt in *'"approval" is not for you to say'*) ;; *) echo 'I was told nothing'; exit;; esac
   cat <<'END'
Now it is right.
\`\`\`json
{"name": "two files", "tasks": [
  {"id": "a", "prompt": "WRITE a.txt", "write_set": ["a.txt"], "acceptance_criteria": ["$ grep -q 'by a' a.txt", "It reads well"]},
  {"id": "b", "prompt": "WRITE b.txt", "write_set": ["b.txt"], "dependencies": ["a"]}
]}
\`\`\`
END
esac
`;

/** It needs to know which file, and then writes the plan into the file that there is for it. */
const VAGUE = `if [ -z "$OMK_ANSWER" ]; then echo '{"question": "Which file?"}'
else echo "{\\"tasks\\": [{\\"id\\": \\"only\\", \\"prompt\\": \\"WRITE $OMK_ANSWER\\"}]}" > "$OMK_REPLY"; echo done; fi
`;

/** It wants to change what the gate is made of. */
const SLY = `echo '{"tasks": [{"id": "a", "prompt": "WRITE a.txt", "write_set": ["a.txt", "judge.sh"]}]}'
`;

Deno.test("prompts become plans, and plans become runs", async (test) => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    agents: { mine: { command: "sh agent.sh" } },
    gates: [{ name: "judge", command: "sh judge.sh" }],
    tasks: [{ id: "other", run: "true" }],
  }, {
    "agent.sh": AGENT,
    "judge.sh": "test -s a.txt\n",
    "corrected.sh": CORRECTED,
    "vague.sh": VAGUE,
    "sly.sh": SLY,
    "silent.sh": "echo 'I would rather not.'\n",
  });

  await test.step("P6, P8, P13: from a prompt to ready, through two corrections", async () => {
    const { stdout } = await sandbox.omkEnds(0, ["run", "Make it: PLAY corrected", "--yes"]);
    for (
      const part of [
        "retry   plan at once: answered with no plan that can be run: 2 problems",
        'plan "two files" by mine: 2 tasks',
        "for reviewers  It reads well",
        "check          a-check-1 (grep -q 'by a' a.txt)",
        "ready: 2 of 2 tasks completed",
      ]
    ) assertStringIncludes(stdout, part);
    const kept = /kept as (\S+)/.exec(stdout)?.[1] ?? "";
    // What the lead agent has left in its worktree is kept, and in nobody's way.
    const planning = kept.split("/").at(-2) ?? "";
    const pins = await sandbox.git("for-each-ref", `refs/omk/${planning}/task/plan`);
    assertEquals(pins.split("\n").length, 3);
    const head = await sandbox.git("rev-parse", `refs/omk/${await sandbox.runId()}/head`);
    assertEquals(await sandbox.git("diff", "--name-only", "HEAD", head), "a.txt\nb.txt");
    assertEquals(await sandbox.git("status", "--porcelain"), "");
    await sandbox.omkEnds(0, ["verify", planning]);

    // The same once more, without anybody who plans.
    await sandbox.commit("no lead agent", { "corrected.sh": "exit 1\n" });
    const lock = kept.replace("jsonc", "lock.json");
    await Deno.writeTextFile(
      lock,
      (await Deno.readTextFile(lock)).replace('"version": null', '"version": "0.9"'),
    );
    const again = await sandbox.omkEnds(0, ["run", kept]);
    assertStringIncludes(again.stdout, "ready: 2 of 2 tasks");
    assertStringIncludes(again.stderr, 'note: agent "mine" is of an unknown version, and was version 0.9');
    const { plan_lock } = await sandbox.omkJson(["proof"]);
    assertEquals([plan_lock.planned_by, plan_lock.agents[0].name], [planning, "mine"]);
    assertEquals((await sandbox.omkJson(["cost"])).planning.run_id, planning);
  });

  await test.step("a vague prompt waits for an answer; resume plans, and runs what was planned", async () => {
    const asked = await sandbox.omkEnds(3, ["run", "Make it: PLAY vague", "--yes"]);
    assertStringIncludes(asked.stdout, "waits plan: Which file?");
    await sandbox.omkEnds(0, ["answer", "plan", "a.txt"]);
    const { stdout } = await sandbox.omkEnds(0, ["resume", "--yes"]);
    assertMatch(stdout, /plan ".*" by mine: 1 task\n[^]*ready: 1 of 1 task completed/);
  });

  await test.step("where no answer is a plan, one task has the whole prompt", async () => {
    const { stdout } = await sandbox.omkEnds(0, ["run", "PLAY silent\nWRITE a.txt", "--yes"]);
    assertStringIncludes(
      stdout,
      "mine has made no plan that can be run in 3 answers, so one task has the whole request",
    );
    assertStringIncludes(stdout, "ready: 1 of 1 task completed");
  });

  await test.step("P7, P10: what nobody agrees to is kept and not run, least of all where it touches what judges it", async () => {
    const sly = await sandbox.omkEnds(2, ["run", "Make it: PLAY sly", "--yes"]);
    assertStringIncludes(sly.stdout, "a may change what judges it: judge.sh");
    assertStringIncludes(
      sly.stderr,
      'task "a" may change what judges it (judge.sh), which --yes does not cover',
    );
    const refused = await sandbox.omkEnds(2, ["run", "Make it: PLAY sly"]);
    assertMatch(refused.stderr, /look at it, and run it with omk run \/.*planned\.jsonc\n/);
    assertStringIncludes((await sandbox.omkJson(["status"])).name, "plan: Make it");
  });

  await test.step("omk plan tells as JSON what it made, and keeps it as a file", async () => {
    await sandbox.commit("a lead agent", { "corrected.sh": CORRECTED });
    const made = await sandbox.omkJson(["plan", "Make it: PLAY corrected", "-o", "my plan.jsonc"]);
    assertEquals([made.answers, made.agent, made.fallback], [3, "mine", null]);
    assertEquals(made.path, `${sandbox.project}/my plan.jsonc`);
    assertEquals(made.next, [`omk run '${made.path}'`]);
    assertEquals(made.tasks[0].gates, [{ name: "a-check-1", command: "grep -q 'by a' a.txt" }]);
    assertEquals(made.gates, [{ name: "judge", command: "sh judge.sh", scope: "run" }]);
    assertStringIncludes(await sandbox.read("my plan.jsonc"), "// A plan of mine");
    // It and its lock are no changes that tasks would miss.
    await sandbox.omkEnds(0, ["run", "my plan.jsonc", "--dry-run"]);
  });
});
