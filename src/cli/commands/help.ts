/** `omk help`: the help of omk, of a command, or of a topic. */

import { UsageError } from "../../errors.ts";
import type { Command, CommandContext } from "../command.ts";
import { lookUpCommand, partsOf } from "../find_command.ts";
import { TOPICS } from "../help_topics/topics.ts";
import { NEEDS_READ } from "../needs.ts";
import { COMMANDS } from "../registry.ts";
import { showHelp, showTopic } from "../show_help.ts";

/** See the module. */
export const helpCommand: Command = {
  name: "help",
  summary: "explain a command or a topic",
  usage: ["omk help", "omk help COMMAND", "omk help TOPIC"],
  description: [
    `Without a name it lists the commands and topics. Topics are ${
      TOPICS.map(({ name }) => name).join(", ")
    }. Where a command has the name of a topic, the topic is explained; the command has its --help.`,
  ],
  positionals: { min: 0, max: 2 },
  options: [],
  examples: [
    { command: "omk help run", note: "the same as omk run --help" },
    { command: "omk help plan", note: "the fields of a plan" },
    { command: "omk help --json | jq -r '.commands[].name'", note: "every command, for a program" },
  ],
  needs: NEEDS_READ,
  toleratesBadConfig: true,
  async run({ args, output, json }: CommandContext): Promise<number> {
    const { positionals: words } = args;
    const [first] = words;
    if (first === undefined) return await showHelp([], output, json);
    const topic = words.length === 1 ? TOPICS.find(({ name }) => name === first) : undefined;
    if (topic !== undefined) return await showTopic(topic, output, json);
    const left = lookUpCommand(words, 0)?.rest ?? (partsOf(first).length > 0 ? words.slice(1) : words);
    if (left.length === 0) return await showHelp(words, output, json);
    const { nearest } = await import("../../plan/nearest.ts");
    const guess = nearest(words.join(" "), [...COMMANDS, ...TOPICS].map(({ name }) => name));
    throw new UsageError({
      what: `There is no command or topic "${words.join(" ")}"`,
      why: guess === undefined ? undefined : `did you mean ${guess}?`,
      fix: "omk help lists them",
    });
  },
};
