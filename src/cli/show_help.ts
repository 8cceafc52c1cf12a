/** Printing help: of omk, of a command, of a group of commands, of a topic; as text, or as JSON. */

import { ExitCode } from "../errors.ts";
import type { Command, OptionSpec } from "./command.ts";
import { COMMON_OPTIONS } from "./command.ts";
import { findCommand, lookUpCommand, partsOf } from "./find_command.ts";
import { commandHelp, groupHelp, HELP_COLUMNS, programHelp, topicHelp, USUAL_EXIT_CODES } from "./help.ts";
import { type TopicListing, TOPICS } from "./help_topics/topics.ts";
import type { Output } from "./output.ts";
import { COMMAND_GROUPS, type CommandEntry } from "./registry.ts";

/**
 * Prints the help of the command that the words name, or of omk where there are none.
 *
 * @throws {UsageError} where they name no command.
 */
export async function showHelp(words: readonly string[], output: Output, json: boolean): Promise<number> {
  const columns = Math.min(HELP_COLUMNS, output.columns);
  const [first] = words;
  const parts = first === undefined ? [] : partsOf(first);
  const isCommand = lookUpCommand(words, 0) !== undefined;
  if (first === undefined) {
    if (json) output.json(programDocument());
    else output.write(programHelp(output.style, columns));
  } else if (parts.length > 0 && !isCommand) {
    if (json) output.json({ schema_version: 1, commands: parts.map((each) => listed(each)) });
    else output.write(groupHelp(first, parts, output.style, columns));
  } else {
    const { entry } = await findCommand(words, 0);
    const command = await entry.load();
    if (json) output.json(commandDocument(command));
    else output.write(commandHelp(command, output.style, columns, partsOf(entry.name)));
  }
  return ExitCode.OK;
}

/** Prints a topic. */
export async function showTopic(topic: TopicListing, output: Output, json: boolean): Promise<number> {
  const { name, summary } = topic;
  const content = await topic.load();
  if (json) output.json({ schema_version: 1, name, summary, sections: content.sections });
  else output.write(topicHelp(topic, content, output.style, Math.min(HELP_COLUMNS, output.columns)));
  return ExitCode.OK;
}

function programDocument() {
  return {
    schema_version: 1,
    commands: COMMAND_GROUPS.flatMap(({ title, commands }) =>
      commands.map((each) => ({ ...listed(each), group: title }))
    ),
    topics: TOPICS.map(listed),
  };
}

function listed({ name, summary }: CommandEntry | TopicListing) {
  return { name, summary };
}

function commandDocument(command: Command) {
  const { name, summary, usage, description, options, examples, exitCodes } = command;
  return {
    schema_version: 1,
    name,
    summary,
    usage,
    description: description.map((text) => text.replaceAll("\n", " ")),
    options: [...options, ...COMMON_OPTIONS].map(optionDocument),
    examples,
    exit_codes: exitCodes ?? USUAL_EXIT_CODES,
  };
}

function optionDocument({ name, short, type, placeholder, choices, description }: OptionSpec) {
  return {
    name,
    short: short ?? null,
    type,
    placeholder: placeholder ?? null,
    choices: choices ?? null,
    description: description.replaceAll("\n", " "),
  };
}
