import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { helpCommand } from "../../src/cli/commands/help.ts";
import { COMMON_OPTIONS } from "../../src/cli/command.ts";
import { commandHelp, groupHelp, programHelp } from "../../src/cli/help.ts";
import { heldPermissions, NEEDS_ALL, NEEDS_READ } from "../../src/cli/needs.ts";
import { COMMANDS } from "../../src/cli/registry.ts";
import { UsageError } from "../../src/errors.ts";
import { callCommand, PLAIN } from "./fixture.ts";

Deno.test("every command has the name and summary of the registry, a usage, and real examples", async () => {
  for (const entry of COMMANDS) {
    const command = await entry.load();
    assertEquals(command.name, entry.name);
    assertEquals(command.summary, entry.summary, entry.name);
    assert(command.usage.every((line) => line.startsWith(`omk ${entry.name}`)), entry.name);
    assert(command.examples.length >= 2, `${entry.name} has ${command.examples.length} examples`);
    for (const { command: line, note } of command.examples) {
      assertStringIncludes(line, `omk ${entry.name}`);
      assert(note !== "", line);
    }
  }
});

Deno.test("no command has two options of one name, and none takes the place of a common one", async () => {
  for (const { load } of COMMANDS) {
    const { name, options } = await load();
    const names = [...options, ...COMMON_OPTIONS].flatMap((each) => [each.name, each.short ?? []].flat());
    assertEquals(names.length, new Set(names).size, name);
    assert(options.every((option) => option.description !== "" && !option.description.endsWith(".")), name);
  }
});

Deno.test("commandHelp() shows usage, options, examples and exit codes of every command", async () => {
  for (const { name, load } of COMMANDS) {
    const command = await load();
    const help = commandHelp(command, PLAIN);
    for (const title of ["Usage:", "Options:", "Examples:", "Exit codes:"]) {
      assertStringIncludes(help, title, name);
    }
    for (const option of command.options) assertStringIncludes(help, `--${option.name}`, name);
    for (const line of help.split("\n")) assert(line.length <= 132, `${name}: ${line}`);
  }
});

Deno.test("programHelp() lists every command once", () => {
  const [help = "", topics = ""] = programHelp(PLAIN).split("Topics");
  for (const { name, summary } of COMMANDS) {
    assertEquals(help.split("\n").filter((line) => new RegExp(`^  ${name} {2,}`).test(line)).length, 1, name);
    assertStringIncludes(help, summary);
  }
  assertMatch(topics, /130 cancelled/);
});

Deno.test("groupHelp() lists the commands of a group", () => {
  const help = groupHelp("log", COMMANDS.filter((each) => each.name.startsWith("log ")), PLAIN);
  assertStringIncludes(help, "omk log COMMAND --help");
  assertStringIncludes(help, "log verify");
});

Deno.test("heldPermissions() always holds read, and env only with run", () => {
  assertEquals(heldPermissions(NEEDS_READ), ["read"]);
  assertEquals(heldPermissions({ run: false, write: true }), ["read", "write"]);
  assertEquals(heldPermissions(NEEDS_ALL), ["read", "write", "run", "env"]);
});

Deno.test("omk help refuses words behind the name of a command, of a group or of a topic", async () => {
  for (
    const words of [["run", "extra"], ["gates", "status", "extra"], ["gates", "stats"], ["plan", "extra"]]
  ) {
    await assertRejects(
      () => callCommand(helpCommand, words, { cwd: "/" }),
      UsageError,
      words.length > 2 ? "" : `There is no command or topic "${words.join(" ")}"`,
    );
  }
  assertStringIncludes((await callCommand(helpCommand, ["gates", "status"], { cwd: "/" })).stdout, "Usage:");
  assertStringIncludes((await callCommand(helpCommand, ["key"], { cwd: "/" })).stdout, "key create");
});
