/** Prompts: agents of all kinds in real runs, honest ones and others. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { Sandbox } from "./harness.ts";

const SCRIPTED = fromFileUrl(new URL("../worker/agents/scripted_agent.ts", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** A scripted agent over the Agent Client Protocol. */
const SCRIPTED_AGENT = {
  driver: "acp",
  command: [Deno.execPath(), "run", "--quiet", "--no-check", "-A", `--config=${CONFIG}`, SCRIPTED],
};

Deno.test("P8: honest agents, over a protocol and by a plain command, come to ready", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [{ name: "both", command: "grep -q hello a.txt && grep -q 'Make b' b.txt" }],
    agents: {
      scripted: SCRIPTED_AGENT,
      mine: { command: "cat > b.txt; echo working" },
    },
    tasks: [
      { id: "a", prompt: "write a.txt hello\nsay written", agent: "scripted" },
      { id: "b", prompt: "Make b", agent: "mine", write_set: ["b.txt"], dependencies: ["a"] },
    ],
  });
  await sandbox.omkEnds(0, ["run"]);
  const { tasks } = await sandbox.omkJson(["status"]);
  assertEquals(tasks.map((each: { state: string }) => each.state), ["completed", "completed"]);
  const { agent, usage } = tasks[0].outcome;
  assertEquals([agent.name, agent.driver, agent.version], ["scripted", "acp", "1.2.3"]);
  assertEquals([usage.input_tokens, usage.output_tokens, usage.quality], [1234, 56, "measured"]);
  assertStringIncludes((await sandbox.omkEnds(0, ["logs", "a"])).stdout, "written");
  await sandbox.omkEnds(0, ["verify"]);
});

Deno.test("P8, P13: an agent that lies, strays or edits its judge never comes to ready", async () => {
  const retry_policy = { max_attempts: 0 };
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    workers: 1,
    protected: "deny",
    gates: [{ name: "judge", command: "sh judge.sh" }],
    agents: {
      liar: { command: "echo 'All done, every test passes'" },
      stray: { command: 'echo x > a.txt; echo x > "$CHECKOUT/stray.txt"' },
      forger: { command: "echo 'exit 0' > judge.sh" },
    },
    tasks: [
      { id: "liar", prompt: "Work", agent: "liar", retry_policy },
      { id: "stray", prompt: "Work", agent: "stray", retry_policy, env: { CHECKOUT: { from: "CHECKOUT" } } },
      { id: "forger", prompt: "Work", agent: "forger", retry_policy },
    ],
  }, { "judge.sh": "test -f work.txt\n" });
  await sandbox.omkEnds(1, ["run"], { env: { CHECKOUT: sandbox.project } });
  const { status, tasks } = await sandbox.omkJson(["status"]);
  assertEquals(status, "not_ready");
  assertEquals(
    tasks.map((each: { id: string; outcome: { result: string } }) => [each.id, each.outcome.result]),
    [["liar", "empty_diff"], ["stray", "wrote_outside"], ["forger", "protected_changed"]],
  );
  assertMatch(tasks[1].outcome.detail, /stray\.txt$/);
});
