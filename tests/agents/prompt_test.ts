import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Sandbox } from "../e2e/harness.ts";
import { FakeModel } from "./fake_model/fake_model.ts";
import { type Ask, inTurn, type Reply, writing } from "./fake_model/script.ts";
import { environmentFor, waysOf } from "./installed.ts";
import { modelAgent } from "./model_agent.ts";
import { omkPatiently } from "./patient.ts";

const REQUEST = "Greet the world in two languages";

const PLAN = {
  gates: [{ name: "both", command: "cat en.txt fr.txt" }],
  tasks: [
    { id: "english", prompt: "Write the greeting into en.txt", write_set: ["en.txt"] },
    {
      id: "french",
      prompt: "Write the greeting into fr.txt",
      write_set: ["fr.txt"],
      dependencies: ["english"],
      acceptance_criteria: ["$ grep -q monde fr.txt"],
    },
  ],
};

/** A lead that looks around, makes a mistake, and mends it; then two workers. */
function script(ask: Ask): Reply {
  const { prompt } = ask;
  if (prompt.includes("You are the lead")) {
    const isMended = prompt.includes("What became of your earlier answers");
    const plan = isMended ? PLAN : { tasks: [{ ...PLAN.tasks[0], dependencies: ["nobody"] }] };
    return inTurn(ask, { shell: "ls" }, {
      text: `Here is the plan.\n\`\`\`json\n${JSON.stringify(plan)}\n\`\`\``,
    });
  }
  return prompt.includes("en.txt")
    ? writing(ask, "en.txt", "Hello, world\n")
    : writing(ask, "fr.txt", "Bonjour, monde\n");
}

/** From the request to what is delivered. */
async function fromPromptToMerge(
  sandbox: Sandbox,
  model: FakeModel,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const { code, stdout, stderr } = await omkPatiently(sandbox, ["run", REQUEST, "--yes"], env);
  assertEquals(code, 0, stdout + stderr);
  assertMatch(stdout, /english[^]*french[^]*ready/);
  assertEquals((await sandbox.omkJson(["status"])).status, "ready");
  const [lead] = model.asked;
  assertStringIncludes(lead?.prompt ?? "", REQUEST);
  assertEquals(model.asked.some(({ prompt }) => prompt.includes("nobody")), true, "the mistake was told");
  await sandbox.omkEnds(0, ["merge"]);
  assertEquals([await sandbox.read("en.txt"), await sandbox.read("fr.txt")], [
    "Hello, world\n",
    "Bonjour, monde\n",
  ]);
  await sandbox.omkEnds(0, ["verify"]);
  await sandbox.becomesQuiet();
}

/** A project without any file of omk: the agent is said in the configuration of the user. */
async function configured(sandbox: Sandbox, settings: object): Promise<void> {
  const directory = `${sandbox.root}/home/.config/omk`;
  await Deno.mkdir(directory, { recursive: true });
  await Deno.writeTextFile(`${directory}/config.jsonc`, JSON.stringify({ agent: "it", ...settings }));
}

Deno.test("omk run PROMPT comes from words to ready, with an agent that is a plain command", async () => {
  await using model = new FakeModel(script);
  await using sandbox = await Sandbox.withRepository();
  await configured(sandbox, { agents: { it: modelAgent(model.url) } });
  await fromPromptToMerge(sandbox, model, {});
});

for (const agent of waysOf("kimi").filter(({ driver }) => driver === "acp")) {
  Deno.test(`omk run PROMPT comes from words to ready, with Kimi Code as lead and as worker`, async () => {
    await using model = new FakeModel(script);
    await using sandbox = await Sandbox.withRepository();
    const { preset, driver } = agent;
    await configured(sandbox, { agents: { it: { preset, driver, start_secs: 200 } }, approval: "yolo" });
    await fromPromptToMerge(sandbox, model, await environmentFor(agent, sandbox, model.url));
  });
}
