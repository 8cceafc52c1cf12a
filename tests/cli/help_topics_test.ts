import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { helpCommand } from "../../src/cli/commands/help.ts";
import { topicHelp } from "../../src/cli/help.ts";
import { TOPICS } from "../../src/cli/help_topics/topics.ts";
import { COMMANDS } from "../../src/cli/registry.ts";
import { UsageError } from "../../src/errors.ts";
import { KINDS } from "../../src/log/kinds.ts";
import { planInput } from "../../src/plan/schema.ts";
import { callCommand, PLAIN } from "./fixture.ts";

const PLACE = { cwd: "/" };

async function textOf(name: string): Promise<string> {
  const topic = TOPICS.find((each) => each.name === name);
  assert(topic !== undefined);
  return topicHelp(topic, await topic.load(), PLAIN);
}

Deno.test("omk help plan and gates name every field", async () => {
  const text = await textOf("plan");
  const names = new Set(text.split("\n").map((line) => /^ {2}(\S+)(?: |$)/.exec(line)?.[1]));
  const hasEntry = (name: string) => names.has(name);
  for (const name of [...Object.keys(planInput.shape), ...Object.keys(planInput.shape.tasks.element.shape)]) {
    assert(hasEntry(name), name);
  }
  for (
    const name of [
      "retry_policy.max_attempts",
      "loop.max_iterations",
      "review.rubric.file",
      "approval.otherwise",
    ]
      .concat("attempts.pick.review.agent", "silence_secs", "decision")
  ) {
    assert(hasEntry(name), name);
    assertEquals(
      text.split("\n").filter((line) => line.startsWith(`  ${name} `) || line === `  ${name}`).length,
      1,
    );
  }
  assertStringIncludes(await textOf("gates"), "output_fails");
});

Deno.test("omk help log names every kind, and marks those that are synced at once", async () => {
  const text = await textOf("log");
  for (const [name, kind] of Object.entries(KINDS)) {
    assert(new RegExp(`^ {2}${name}${kind.synced ? "\\*" : ""}(?: |$)`, "m").test(text), name);
  }
});

Deno.test("omk help prints commands, groups and topics, and all of it as JSON", async () => {
  const help = async (...words: readonly string[]) => (await callCommand(helpCommand, words, PLACE)).stdout;
  assertStringIncludes(await help(), "Topics, by omk help TOPIC:");
  assertStringIncludes(await help("run"), "omk run - ");
  assertStringIncludes(await help("log", "tail"), "omk log tail - ");
  assertStringIncludes(await help("budget"), "budget add");
  assertStringIncludes(await help("proof"), "omk help proof - ");
  const all = JSON.parse(await help("--json"));
  assertEquals(all.commands.map((each: { name: string }) => each.name), COMMANDS.map(({ name }) => name));
  const run = JSON.parse(await help("run", "--json"));
  assertEquals([run.name, run.options.at(-1).name], ["run", "color"]);
  for (const { name } of TOPICS) assertEquals(JSON.parse(await help(name, "--json")).name, name);
  const error = await assertRejects(() => help("enviroment"), UsageError);
  assertStringIncludes(error.message, "did you mean environment?");
});
