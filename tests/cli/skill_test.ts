import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { COMMON_OPTIONS } from "../../src/cli/command.ts";
import { initCommand } from "../../src/cli/commands/init.ts";
import { lookUpCommand } from "../../src/cli/find_command.ts";
import { SKILL_PATH } from "../../src/cli/skill_path.ts";
import { SKILL_TEXT } from "../../src/cli/skill_text.ts";
import { OmkError } from "../../src/errors.ts";
import { loadPlan } from "../../src/plan/load.ts";
import { callCommand, PlainPlace } from "./fixture.ts";

/** Every call of omk that a text shows as code, as words without `omk`. */
function callsIn(text: string): readonly (readonly string[])[] {
  const inline = [...text.matchAll(/`(omk [^`\n]+)`/g)].map(([, call = ""]) => call);
  const shell = [...text.matchAll(/```sh\n([^]*?)```/g)].map(([, lines = ""]) => lines).join("\n");
  const blocks = [...shell.matchAll(/^omk .*$/gm)].map(([call]) => call);
  return [...inline, ...blocks].map((call) => call.split(/\s+/).slice(1));
}

Deno.test("the skill names commands and options that there are", async () => {
  const calls = callsIn(SKILL_TEXT);
  assert(calls.length > 15);
  for (const words of calls) {
    const found = lookUpCommand(words, 0);
    assert(found !== undefined, `omk ${words.join(" ")}`);
    const { options } = await found.entry.load();
    const names = [...options, ...COMMON_OPTIONS].map(({ name }) => `--${name}`);
    for (const word of words.filter((each) => each.startsWith("-"))) {
      assert(names.includes(word), `omk ${words.join(" ")}: ${word}`);
    }
  }
});

Deno.test("the plan in the skill is one that omk takes", async () => {
  const text = /```json\n([^]*?)```/.exec(SKILL_TEXT)?.[1] ?? "";
  const loaded = await loadPlan({ text, path: "omk.jsonc", env: {}, redact: (each) => each });
  assert(loaded.ok, loaded.ok ? "" : loaded.problems.map(({ message }) => message).join("\n"));
  assertEquals(loaded.plan.tasks.length, 3);
});

Deno.test("omk init --skill writes the skill once, and prints it for other places", async () => {
  await using place = await PlainPlace.make();
  const path = `${place.cwd}/${SKILL_PATH}`;
  assertEquals((await callCommand(initCommand, ["--skill", "--print"], place)).stdout, SKILL_TEXT);
  assertStringIncludes((await callCommand(initCommand, ["--skill"], place)).stdout, `Wrote ${path}\n`);
  assertEquals(await Deno.readTextFile(path), SKILL_TEXT);
  await assertRejects(
    () => callCommand(initCommand, ["--skill"], place),
    OmkError,
    "omk init --skill --force",
  );
  const { stdout } = await callCommand(initCommand, ["--skill", "--force", "--json"], place);
  assertEquals(JSON.parse(stdout).path, path);
  await assertRejects(() => Deno.stat(`${place.cwd}/omk.jsonc`), Deno.errors.NotFound);
});
