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

Deno.test("agents of the configuration do prompts that name none, after the plan's own and an option", async () => {
  const wrote = (name: string) => `echo ${name} > $OMK_TASK_ID.txt`;
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [{ name: "done", command: "cat *.txt" }],
    agents: { theirs: { command: wrote("theirs") } },
    tasks: [
      { id: "a", prompt: "Work" },
      { id: "b", prompt: "Work", agent: "theirs" },
    ],
  });
  const config = `${sandbox.root}/home/.config/omk/config.jsonc`;
  await Deno.mkdir(config.slice(0, config.lastIndexOf("/")), { recursive: true });
  const configure = (settings: unknown) => Deno.writeTextFile(config, JSON.stringify(settings, null, 2));

  await sandbox.omkEnds(2, ["run"]);
  await configure({
    agent: "mine",
    agents: {
      mine: { command: wrote("mine") },
      theirs: { command: "exit 1" },
      other: { command: wrote("other") },
    },
    approval: "never",
  });
  const agents = async (...args: readonly string[]) => {
    await sandbox.omkEnds(0, ["run", "--new", ...args]);
    const { tasks } = await sandbox.omkJson(["status"]);
    return tasks.map((each: { outcome: { agent: { name: string } } }) => each.outcome.agent.name);
  };
  assertEquals(await agents(), ["mine", "theirs"]);
  assertEquals(await agents("--agent", "other", "--approval", "yolo"), ["other", "theirs"]);
  const plan = JSON.parse(await Deno.readTextFile(`${await sandbox.runDirectory()}/plan.json`));
  assertEquals([plan.approval.policy, Object.keys(plan.agents).sort()], ["yolo", ["other", "theirs"]]);
  const listed = await sandbox.omkJson(["agents"]);
  assertEquals(listed.agents.slice(-2).map(({ name }: { name: string }) => name), ["theirs", "other"]);
  assertStringIncludes((await sandbox.omk(["doctor"])).stdout, "mine: an agent of your configuration");

  await configure({ agents: { mine: { comand: "x" } } });
  const { stderr } = await sandbox.omkEnds(2, ["run"]);
  assertMatch(
    stderr,
    /config\.jsonc:4:7: unknown field "comand"\n.*"comand": "x"\n.*\^{8}\n.*did you mean "command"/,
  );
});
