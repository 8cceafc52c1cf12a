/** Every help text as it was last looked at; tests/snapshot.ts says how to write them anew. */

import { assert, assertEquals } from "@std/assert";
import { commandHelp, groupHelp, HELP_COLUMNS, programHelp, topicHelp } from "../../src/cli/help.ts";
import { TOPICS } from "../../src/cli/help_topics/topics.ts";
import { COMMANDS } from "../../src/cli/registry.ts";
import { Snapshots } from "../snapshot.ts";
import { PLAIN } from "./fixture.ts";

Deno.test("the help of omk, its commands, groups and topics is as the snapshots say", async () => {
  const snapshots = new Snapshots("help");
  await snapshots.check("omk.txt", programHelp(PLAIN));
  const partsOf = (group: string) => COMMANDS.filter(({ name }) => name.startsWith(`${group} `));
  for (const { name, load } of COMMANDS) {
    const text = commandHelp(await load(), PLAIN, HELP_COLUMNS, partsOf(name));
    await snapshots.check(`command_${name.replaceAll(" ", "_")}.txt`, text);
  }
  const groups = new Set(
    COMMANDS.flatMap(({ name }) => name.includes(" ") ? [name.split(" ")[0] ?? ""] : []),
  ).difference(new Set(COMMANDS.map(({ name }) => name)));
  for (const group of groups) {
    await snapshots.check(`group_${group}.txt`, groupHelp(group, partsOf(group), PLAIN));
  }
  for (const topic of TOPICS) {
    await snapshots.check(`topic_${topic.name}.txt`, topicHelp(topic, await topic.load(), PLAIN));
  }
  await snapshots.checkNoOthers();
});

Deno.test("no help text is wider than 80 columns, but for usage and examples", async () => {
  const texts = [
    programHelp(PLAIN),
    ...await Promise.all(COMMANDS.map(async ({ load }) => commandHelp(await load(), PLAIN))),
    ...await Promise.all(TOPICS.map(async (topic) => topicHelp(topic, await topic.load(), PLAIN))),
  ];
  for (const text of texts) {
    const [before = "", after = ""] = text.split("\nExamples:\n");
    const wide = [...before.split("\n"), ...after.split("\n\n").slice(1).join("\n\n").split("\n")]
      .filter((line) => line.length > HELP_COLUMNS && !line.startsWith("  omk "));
    assertEquals(wide, []);
    assert(!/[ \t]\n/.test(text), "no line ends with a blank");
  }
});
