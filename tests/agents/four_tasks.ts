/** A run of four prompts: a conflict, a gate that fails until its output was read, and a merge. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Sandbox } from "../e2e/harness.ts";
import { FakeModel } from "./fake_model/fake_model.ts";
import { type Ask, inTurn, type Reply, USAGE_PER_CALL, writing } from "./fake_model/script.ts";
import { environmentFor, type InstalledAgent } from "./installed.ts";
import { omkPatiently } from "./patient.ts";

/** What the gate prints, and nobody else. */
const COMPLAINT = "green must hold the word leaf";

/** What judges stands in files of their own, which the tasks leave alone. */
const GATES = {
  "leaf.sh": `grep -q leaf green.txt || { echo "${COMPLAINT}"; exit 1; }\n`,
  "all.sh": 'test "$(sort words.txt | tr "\\n" " ")" = "one two " && test -s last.txt\n',
};

/** What a good model does. */
function script(ask: Ask): Reply {
  const { prompt } = ask;
  if (prompt.includes("Write green")) {
    return writing(ask, "green.txt", prompt.includes(COMPLAINT) ? "leaf\n" : "grass\n");
  }
  if (prompt.includes("Write last")) return writing(ask, "last.txt", "last\n");
  const word = prompt.includes("Add the word one") ? "one" : "two";
  // Who comes second sees the other's work, once it has begun anew. A tool that writes files may refuse to replace one.
  const how = prompt.includes("What went wrong before") ? ">>" : ">";
  return inTurn(ask, { shell: `echo ${word} ${how} words.txt` }, { text: `I added ${word}.` });
}

/** Runs them, and checks what came of it. */
export async function runFourTasks(agent: InstalledAgent): Promise<void> {
  const { preset, driver } = agent;
  const task = { agent: "it", timeout_secs: 120 };
  await using model = new FakeModel(script);
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    workers: 3,
    approval: "yolo",
    agents: { it: { preset, driver, start_secs: 200, ...modelFor(agent) } },
    gates: [
      { name: "leaf", scope: "task", command: "sh leaf.sh" },
      { name: "all", command: "sh all.sh" },
    ],
    tasks: [
      { id: "one", prompt: "Add the word one to words.txt", ...task },
      { id: "two", prompt: "Add the word two to words.txt", ...task },
      { id: "green", prompt: "Write green.txt", gates: ["leaf"], ...task },
      { id: "last", prompt: "Write last.txt", dependencies: ["one", "two", "green"], ...task },
    ],
  }, { ...GATES, "words.txt": "none\n" });
  const env = await environmentFor(agent, sandbox, model.url);
  model.asked.length = 0;
  const { code, stdout, stderr } = await omkPatiently(sandbox, ["run"], env);
  assertEquals(code, 0, stdout + stderr);

  const { status, tasks } = await sandbox.omkJson(["status"]);
  assertEquals(status, "ready");
  const retries = await sandbox.payloads("retry_scheduled");
  const attempts = Object.fromEntries(
    tasks.map((each: Record<string, unknown>) => [each["id"], each["attempt"]]),
  );
  assertEquals(
    [attempts.green, attempts.last, attempts.one + attempts.two],
    [2, 1, 3],
    JSON.stringify(retries),
  );
  assertEquals((await sandbox.payloads("merge_conflicted")).length, 1);
  assertEquals((await sandbox.payloads("gate_failed")).map(({ name, gate }) => name ?? gate), ["leaf"]);
  assert(model.timesAsked(COMPLAINT) > 0, "the output of the gate was in a prompt");
  assertEquals(model.unknown, []);
  if (agent.hides !== "calls") await checkUsage(sandbox, model, agent.hides !== "cache");
  await sandbox.omkEnds(0, ["merge"]);
  assertEquals((await sandbox.read("words.txt")).split("\n").sort(), ["", "one", "two"]);
  assertEquals(await sandbox.read("green.txt"), "leaf\n");
  assertStringIncludes((await sandbox.omkEnds(0, ["logs", "last"], { env })).stdout, "I wrote last.txt");
  await sandbox.omkEnds(0, ["verify"]);
  await sandbox.becomesQuiet();
}

/** Gemini CLI asks for a model by name. */
function modelFor({ preset }: InstalledAgent): { readonly model?: string } {
  return preset === "gemini" ? { model: "gemini-2.5-pro" } : {};
}

/** The tokens that omk has counted are those that the model has. */
async function checkUsage(sandbox: Sandbox, model: FakeModel, knowsCache: boolean): Promise<void> {
  const calls = model.asked.length;
  const { totals } = await sandbox.omkJson(["cost"]);
  const of = (wanted: string) =>
    totals.filter(({ metric }: { metric: string }) => metric === wanted).map((
      { amount, quality }: Record<string, unknown>,
    ) => [amount, quality]);
  const { input, cached, output } = USAGE_PER_CALL;
  assertEquals(of("input_tokens"), [[calls * input, "measured"]]);
  assertEquals(of("cached_tokens"), knowsCache ? [[calls * cached, "measured"]] : []);
  assertEquals(of("output_tokens"), [[calls * output, "measured"]]);
}
