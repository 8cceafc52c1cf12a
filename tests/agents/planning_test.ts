/** From a prompt to ready, with a model that plans and then does what it planned. */

import { assert, assertEquals } from "@std/assert";
import { Sandbox } from "../e2e/harness.ts";
import { FakeModel } from "./fake_model/fake_model.ts";
import { type Ask, type Reply, writing } from "./fake_model/script.ts";
import { environmentFor, type InstalledAgent, waysOf } from "./installed.ts";
import { modelAgent } from "./model_agent.ts";
import { omkPatiently } from "./patient.ts";

const PLAN = {
  tasks: [
    {
      id: "one",
      prompt: "Write one.txt",
      write_set: ["one.txt"],
      acceptance_criteria: ["$ test -s one.txt"],
    },
    { id: "two", prompt: "Write two.txt", write_set: ["two.txt"] },
  ],
};

/** Plans, at first with a fault where it errs, and mends that once it is told of it; then does what it planned. */
const script = (errs: boolean) => (ask: Ask): Reply => {
  if (!ask.prompt.includes("You are the lead of a team")) {
    return writing(ask, ask.prompt.includes("Write one.txt") ? "one.txt" : "two.txt", "written\n");
  }
  const isRight = !errs || ask.prompt.includes("which is no task of the plan");
  const tasks = isRight ? PLAN.tasks : [{ ...PLAN.tasks[0], dependencies: ["zero"] }];
  return { text: `This is my plan.\n\n\`\`\`json\n${JSON.stringify({ tasks })}\n\`\`\`\n` };
};

/** Runs the prompt, and checks what came of it. */
async function fromPrompt(
  definition: (url: string) => Readonly<Record<string, unknown>>,
  installed?: InstalledAgent,
): Promise<void> {
  await using model = new FakeModel(script(installed === undefined));
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    agents: { it: definition(model.url) },
    gates: [{ name: "all", command: "test -s one.txt && test -s two.txt" }],
    defaults: { agent: "it" },
    tasks: [{ id: "other", run: "true" }],
  });
  const env = installed === undefined ? {} : await environmentFor(installed, sandbox, model.url);
  const { code, stdout, stderr } = await omkPatiently(sandbox, ["run", "Write two files", "--yes"], env);
  assertEquals(code, 0, stdout + stderr);
  const { status, tasks } = await sandbox.omkJson(["status"]);
  assertEquals([status, tasks.map(({ id }: { id: string }) => id)], ["ready", ["one", "two"]]);
  const [{ plan_lock }] = await sandbox.payloads("run_started") as [{ plan_lock: { planned_by: string } }];
  assert(plan_lock.planned_by !== null);
  assertEquals(model.timesAsked("What became of your earlier answers") > 0, installed === undefined);
  await sandbox.omkEnds(0, ["merge"]);
  assertEquals(await sandbox.read("two.txt"), "written\n");
}

Deno.test("P7: from a prompt to ready, asked of a model by a plain command", async () => {
  await fromPrompt((url) => ({ ...modelAgent(url) }));
});

/** One way of each: what a way adds, other tests show. */
const WAYS = [...waysOf("codex"), ...waysOf("kimi")].filter(({ preset, driver }) =>
  driver === (preset === "codex" ? "stream" : "acp")
);

for (const agent of WAYS) {
  Deno.test(`P7: from a prompt to ready, by ${agent.preset} over ${agent.driver}`, async () => {
    await fromPrompt(() => ({ preset: agent.preset, driver: agent.driver, start_secs: 200 }), agent);
  });
}
