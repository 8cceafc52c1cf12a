/** The examples of the help, taken word by word as a shell would. */

import { assert, assertEquals } from "@std/assert";
import { lookUpCommand } from "../../src/cli/find_command.ts";
import { TOPICS } from "../../src/cli/help_topics/topics.ts";
import { parseCommandLine } from "../../src/cli/parse.ts";
import { COMMANDS } from "../../src/cli/registry.ts";
import { splitShellLine } from "../../src/cli/complete/shell_words.ts";

/** The calls of omk in a line of shell, each as the words behind `omk`. */
function callsOf(line: string): readonly (readonly string[])[] {
  return splitAtOperators(line).map((part) => splitShellLine(`${part} `).words)
    .filter((words) => words.includes("omk"))
    .map((words) => words.slice(words.indexOf("omk") + 1));
}

/** Parts between `|`, `;`, `&&`, parentheses and redirections that stand outside of quotes. */
function splitAtOperators(line: string): readonly string[] {
  const parts = [""];
  for (const [token] of line.matchAll(/'[^']*'|"(?:\\.|[^"])*"|\\.|[|;&<>()]|[^'"\\|;&<>()]+/gs)) {
    if (/^[|;&<>()]$/.test(token)) parts.push("");
    else parts[parts.length - 1] += token;
  }
  return parts;
}

async function checkCalls(line: string): Promise<void> {
  const calls = callsOf(line);
  assert(calls.length > 0, `"${line}" does not call omk`);
  for (const words of calls) {
    const at = words[0] === "--color" ? 2 : 0;
    const found = lookUpCommand(words, at);
    assert(found !== undefined, `"${line}" calls no command`);
    // What --help goes with is not looked at.
    if (!words.includes("--help")) parseCommandLine(await found.entry.load(), found.rest);
  }
}

Deno.test("every example of every command is a command line that its parser takes", async () => {
  for (const { load } of COMMANDS) {
    const command = await load();
    for (const { command: line } of command.examples) await checkCalls(line);
  }
});

Deno.test("every command that a topic names is one, and every topic that it refers to", async () => {
  const names = new Set(TOPICS.map(({ name }) => name));
  for (const topic of TOPICS) {
    const { sections, seeAlso } = await topic.load();
    const lines = sections.flatMap(({ example = [] }) => example).filter((line) => /\bomk\b/.test(line));
    for (
      const line of [
        ...lines.map((each) => each.replace(/ #.*|^ *[\d*]+\) /g, "")),
        ...seeAlso.map((each) => `omk ${each}`),
      ]
    ) {
      await checkCalls(line);
    }
    for (const words of seeAlso.filter((each) => each.startsWith("help "))) {
      assert(names.has(words.slice("help ".length)), words);
    }
    const texts = sections.flatMap(({ paragraphs = [] }) => paragraphs).join("\n");
    for (const [, first = "", second = ""] of texts.matchAll(/\bomk ([a-z]+)(?: ([a-z]+))?/g)) {
      if (["is", "without", "does"].includes(first)) continue;
      assertEquals(lookUpCommand([first, second], 0) !== undefined, true, `omk ${first} ${second}`);
    }
  }
});
