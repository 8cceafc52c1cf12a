/** Prompts that come to nothing, each in its own way: what omk makes of it with a real agent. */

import { assert, assertEquals } from "@std/assert";
import { Sandbox } from "../e2e/harness.ts";
import { FakeModel } from "./fake_model/fake_model.ts";
import { type Ask, inTurn, type Reply, writing } from "./fake_model/script.ts";
import { environmentFor, type InstalledAgent } from "./installed.ts";
import { omkPatiently } from "./patient.ts";

/** Nothing listens there. */
const NOWHERE = "http://127.0.0.1:9";

/** What the model answers to each task; `outside`: a path that is none of its business. */
function scriptFor(outside: string): (ask: Ask) => Reply {
  return (ask) => {
    const { prompt } = ask;
    if (prompt.includes("Meet errors")) return { status: 500 };
    if (prompt.includes("Hang")) return { hang: true };
    if (prompt.includes("Be deaf")) {
      return { shell: "trap '' TERM; echo $$ > deaf.txt; sleep 1000; sleep 1000" };
    }
    if (prompt.includes("Leave a tool")) {
      const leave = "setsid sleep 1000 > /dev/null 2>&1 & echo left > left.txt";
      return inTurn(ask, { shell: leave }, { text: "I left it." });
    }
    if (prompt.includes("Ask for leave")) {
      return inTurn(ask, { shell: "touch asked.txt" }, { text: "I may not." });
    }
    if (prompt.includes("Stray")) {
      return inTurn(ask, { shell: `echo x > ${outside}` }, { text: "I strayed." });
    }
    return writing(ask, "wrong.txt", "");
  };
}

/** What a task came to. */
interface Outcome {
  readonly result: string;
  readonly detail?: string;
  readonly proven_dead: boolean;
  readonly strays_ended: number;
}

/** How the tasks are to come out, by their names. */
export type Expected = Readonly<Record<string, string>>;

/** Those that are the same with every agent. */
export const COMMON: Expected = {
  errors: "model_unreachable",
  nowhere: "model_unreachable",
  hang: "timeout",
  deaf: "timeout",
  left: "success",
  stray: "wrote_outside",
};

/** Runs the tasks that `expected` names, and checks what came of them. */
export async function runFailures(agent: InstalledAgent, expected: Expected): Promise<void> {
  const { preset, driver } = agent;
  const it = { preset, driver, start_secs: 200, checkout: "ignore" };
  await using sandbox = await Sandbox.withRepository();
  await using model = new FakeModel(scriptFor(`${sandbox.project}/stray.txt`));
  const env = await environmentFor(agent, sandbox, model.url);
  const nowhere = await environmentFor(agent, sandbox, NOWHERE, "nowhere");
  const patience = (secs: number) => ({ first_update_secs: secs, silence_secs: secs });
  const tasks = [
    { id: "errors", prompt: "Meet errors" },
    { id: "nowhere", prompt: "Meet nobody", agent: "nowhere" },
    { id: "hang", prompt: "Hang", agent: "impatient" },
    { id: "deaf", prompt: "Be deaf", timeout_secs: 20 },
    { id: "left", prompt: "Leave a tool" },
    { id: "denied", prompt: "Ask for leave", agent: "asking" },
    {
      id: "stray",
      prompt: "Stray",
      agent: "watched",
      trigger_rule: "all_done",
      dependencies: [] as string[],
    },
  ].filter(({ id }) => expected[id] !== undefined);
  for (const task of tasks) {
    if (task.id === "stray") task.dependencies = tasks.map(({ id }) => id).filter((id) => id !== "stray");
  }
  await sandbox.plan({
    version: 1,
    // What hinders each other at the start would fail for another reason than the one that is tried.
    workers: agent.settle === undefined ? 6 : 1,
    approval: {
      rules: [{ decision: "deny", exact: "touch asked.txt" }, { decision: "allow", tool: "execute" }],
      otherwise: "safe",
    },
    defaults: { agent: "it", timeout_secs: 200, retry_policy: { max_attempts: 0 } },
    agents: {
      it,
      asking: it,
      watched: { ...it, checkout: "watch" },
      impatient: { ...it, ...patience(15) },
      nowhere: { ...it, ...patience(30), env: nowhere },
    },
    tasks,
  });
  const run = await omkPatiently(sandbox, ["run"], env);
  const status = await sandbox.omkJson(["status"]);
  const outcomes = new Map<string, Outcome>(
    status.tasks.map((task: { id: string; outcome: Outcome }) => [task.id, task.outcome]),
  );
  const results = Object.fromEntries([...outcomes].map(([id, { result }]) => [id, result]));
  const why = `${JSON.stringify(Object.fromEntries(outcomes))}\n${run.stdout}${run.stderr}`;
  assertEquals(results, expected, why);
  assertEquals(run.code, 1, why);
  assert([...outcomes.values()].every(({ proven_dead }) => proven_dead), why);
  await sandbox.becomesQuiet();
}
