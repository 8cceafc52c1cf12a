/** An agent that asks for leave: a person answers, a task cannot; what it used, and what it is told the second time. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { eventually } from "./call.ts";
import { Sandbox } from "./harness.ts";

const SCRIPTED = fromFileUrl(new URL("../worker/agents/scripted_agent.ts", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));
const SECONDS_OF_A_PERSON = 300;

Deno.test("an agent waits for omk approve, no task can give it, and cost and prompt tell what came of it (P8, P9, P12)", async () => {
  await using sandbox = await Sandbox.withRepository();
  const told = `${sandbox.root}/told`;
  await sandbox.plan({
    version: 1,
    budget: { usd: 5, unknown: "allow" },
    agents: {
      scripted: {
        driver: "acp",
        command: [Deno.execPath(), "run", "-A", "--no-prompt", "--config", CONFIG, SCRIPTED],
      },
    },
    approval: {
      rules: [{ decision: "ask", command: "make release" }, { decision: "allow", command: "make" }],
      timeout_secs: SECONDS_OF_A_PERSON,
    },
    gates: [{
      name: "look",
      command: "grep -q twice a.txt || { echo wanted: twice; exit 1; }",
      scope: "task",
    }],
    tasks: [
      {
        id: "api",
        agent: "scripted",
        prompt:
          "ask execute make release\nask execute make\nask execute curl x\nwrite a.txt once\nusage 0.25",
        gates: ["look"],
        retry_policy: { max_attempts: 0 },
      },
      {
        id: "thief",
        // Without the mark in its own environment; its parent has it.
        run: `while [ ! -e ${told}.go ]; do sleep 0.05; done; cd ${sandbox.project}; ` +
          `env -u OMK_MARK ${
            sandbox.omkCommand("approve", "1")
          } > ${told}.new 2>&1; echo "code $?" >> ${told}.new; ` +
          `mv ${told}.new ${told}`,
      },
    ],
  });
  const run = sandbox.omk(["run"]);
  await eventually("the request", async () => {
    const shown = await sandbox.omk(["approve", "--json"]);
    return shown.code === 0 && shown.stdout.includes('"approval":"1"') || undefined;
  });
  assertMatch(
    (await sandbox.omk(["status"])).stdout,
    /1 {2}task api wants to execute: make release\n[^]*omk approve /,
  );
  await Deno.writeTextFile(`${told}.go`, "");
  const refused = await eventually(
    "the task to be refused",
    () => Deno.readTextFile(told).catch(() => undefined),
  );
  assertStringIncludes(refused, "this process was started by an omk run");
  assertMatch(refused, /code 2\n$/);
  const approved = await sandbox.omk(["approve", "1", "--reason", "go ahead"]);
  assertEquals([approved.code, approved.stdout], [0, "allowed; the agent of task api goes on\n"]);
  const { code, stdout } = await run;
  assertEquals(code, 1, stdout);
  const again = await sandbox.omk(["approve", "1"]);
  assert(again.code !== 0, again.stdout);

  const events = (await sandbox.omk(["events", "--json", "--kind", "approval_decided"])).stdout.trim().split(
    "\n",
  )
    .map((line) => JSON.parse(line).payload);
  assertEquals(events.map(({ approval, decision, by }) => [approval, decision, by]), [
    ["1", "allow", "person"],
    ["2", "allow", "policy"],
    ["3", "deny", "policy"],
  ]);
  const output = (await sandbox.omk(["logs", "latest", "api"])).stdout;
  assertEquals(output.match(/^answer .*$/gm), [
    "answer proceed_once",
    "answer proceed_once",
    "answer no_thanks",
  ]);

  const cost = await sandbox.omkJson(["cost"]);
  const [task] = cost.tasks as { readonly task_id: string; readonly usage: unknown }[];
  assertEquals(task?.task_id, "api");
  assertStringIncludes(JSON.stringify(cost.totals), '{"metric":"usd","amount":0.25,"quality":"measured"}');
  const proof = JSON.parse(await Deno.readTextFile(`${await sandbox.runDirectory()}/proof.json`));
  assertStringIncludes(JSON.stringify(proof.usage), '{"amount":0.25,"metric":"usd","quality":"measured"}');

  const prompt = (await sandbox.omk(["prompt", "latest", "api"])).stdout;
  assertStringIncludes(prompt, "ask execute make release\n");
  assertStringIncludes(prompt, "- look: grep -q twice");
});
