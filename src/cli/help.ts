/** The help texts, made from the data of commands and topics. */

import type { Command, ExitCodeNote, OptionSpec } from "./command.ts";
import { COMMON_OPTIONS } from "./command.ts";
import type { HelpTopic, TopicSection } from "./help_topics/topic.ts";
import { type TopicListing, TOPICS } from "./help_topics/topics.ts";
import type { Style } from "./output.ts";
import { COMMAND_GROUPS, type CommandEntry } from "./registry.ts";
import { nameTable, wrap } from "./render/wrap.ts";

/** The exit codes of a command that declares none of its own. */
export const USUAL_EXIT_CODES: readonly ExitCodeNote[] = [
  { code: 0, meaning: "done" },
  { code: 1, meaning: "it could not be done" },
  { code: 2, meaning: "wrong usage, or no such run or task" },
  { code: 5, meaning: "omk or the machine failed, or a log is damaged" },
];

/** Help is no wider than this, whatever the terminal is: longer lines are hard to read. */
export const HELP_COLUMNS = 80;

/** Where the second column of a list of names begins, at most. */
const WIDEST_NAME = 26;
const INDENT = "  ";

/**
 * The help of one command, in lines of at most `columns` columns, but for usage and examples. `parts`: the commands
 * whose names begin with its own.
 */
export function commandHelp(
  command: Command,
  style: Style,
  columns: number = HELP_COLUMNS,
  parts: readonly CommandEntry[] = [],
): string {
  const options = [...command.options, ...COMMON_OPTIONS];
  const codes = command.exitCodes ?? USUAL_EXIT_CODES;
  const table = tableFor(columns);
  return joinParts([
    `${style.bold(`omk ${command.name}`)} - ${command.summary}`,
    section("Usage", command.usage.map((line) => `${line} [options]`), style),
    ...command.description.map((text) => wrap(text, columns).join("\n")),
    ...(parts.length === 0
      ? []
      : [section("Commands", table(parts.map(({ name, summary }) => [name, summary])), style)]),
    section("Options", table(options.map((option) => [optionNames(option), option.description])), style),
    section("Examples", exampleLines(command, style), style),
    section("Exit codes", table(codes.map(({ code, meaning }) => [String(code), meaning])), style),
  ]);
}

/** The help of a name that several commands begin with, such as `log`. */
export function groupHelp(
  name: string,
  commands: readonly CommandEntry[],
  style: Style,
  columns: number = HELP_COLUMNS,
): string {
  const rows = commands.map((each) => [each.name, each.summary] as const);
  return joinParts([
    section("Usage", [`omk ${name} COMMAND [options]`, `omk ${name} COMMAND --help`], style),
    section("Commands", tableFor(columns)(rows), style),
  ]);
}

/** The help of omk itself. */
export function programHelp(style: Style, columns: number = HELP_COLUMNS): string {
  const groups = [...COMMAND_GROUPS, { title: "Topics, by omk help TOPIC", commands: TOPICS }];
  const widest = Math.max(...groups.flatMap(({ commands }) => commands.map(({ name }) => name.length)));
  const table = tableFor(columns);
  return joinParts([
    `${style.bold("omk")} - turns a prompt or a plan into a proof-backed engineering run`,
    section("Usage", ["omk COMMAND [options]", "omk COMMAND --help", "omk help [COMMAND|TOPIC]"], style),
    ...groups.map(({ title, commands }) =>
      section(title, table(commands.map(({ name, summary }) => [name.padEnd(widest), summary])), style)
    ),
    section("Examples", [
      style.dim("# write a first plan, run it, deliver what it made"),
      "omk init",
      "omk run",
      "omk merge",
    ], style),
    section(
      "Exit codes",
      wrap(
        "0 ready or passed, 1 not ready or a command failed, 2 usage or an invalid plan, 3 waits for a person or " +
          "something outside, 4 needs more budget, 5 omk or the machine failed, 130 cancelled",
        columns - INDENT.length,
      ),
      style,
    ),
  ]);
}

/** A topic as text. */
export function topicHelp(
  { name, summary }: TopicListing,
  topic: HelpTopic,
  style: Style,
  columns: number = HELP_COLUMNS,
): string {
  return joinParts([
    `${style.bold(`omk help ${name}`)} - ${summary}`,
    ...topic.sections.map((each) => topicSection(each, style, columns)),
    section("See also", topic.seeAlso.map((words) => `omk ${words}`), style),
  ]);
}

function topicSection(
  { title, paragraphs = [], entries = [], example = [] }: TopicSection,
  style: Style,
  columns: number,
): string {
  const isFirst = title === "";
  const room = isFirst ? columns : columns - INDENT.length;
  const blocks = [
    ...paragraphs.map((text) => wrap(text, room)),
    nameTable(entries.map(({ name, meaning }) => [name, meaning]), room, WIDEST_NAME),
    example.map((line) => isFirst ? `${INDENT}${line}` : line),
  ].filter((lines) => lines.length > 0);
  const lines = blocks.flatMap((block, at) => at === 0 ? block : ["", ...block]);
  return isFirst ? lines.join("\n") : section(title, lines, style);
}

function tableFor(columns: number): (rows: readonly (readonly [string, string])[]) => readonly string[] {
  return (rows) => nameTable(rows, columns - INDENT.length, WIDEST_NAME);
}

function joinParts(parts: readonly string[]): string {
  return `${parts.join("\n\n")}\n`;
}

function section(title: string, lines: readonly string[], style: Style): string {
  return [style.bold(`${title}:`), ...lines.map((line) => line === "" ? "" : `${INDENT}${line}`)].join("\n");
}

function exampleLines(command: Command, style: Style): readonly string[] {
  return command.examples.flatMap(({ command: line, note }) => [style.dim(`# ${note}`), line]);
}

function optionNames(option: OptionSpec): string {
  const value = option.type === "boolean" ? "" : ` ${option.placeholder ?? "VALUE"}`;
  return `${option.short === undefined ? "    " : `-${option.short}, `}--${option.name}${value}`;
}
