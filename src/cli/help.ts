/** The help texts, made from the data of the commands. */

import type { Command, ExitCodeNote, OptionSpec } from "./command.ts";
import { COMMON_OPTIONS } from "./command.ts";
import type { Style } from "./output.ts";
import { COMMAND_GROUPS, type CommandEntry } from "./registry.ts";

/** The exit codes of a command that declares none of its own. */
const USUAL_EXIT_CODES: readonly ExitCodeNote[] = [
  { code: 0, meaning: "done" },
  { code: 1, meaning: "it could not be done" },
  { code: 2, meaning: "wrong usage, or no such run or task" },
  { code: 5, meaning: "omk or the machine failed, or a log is damaged" },
];

/** Where the second column of a list of names begins, at most. */
const WIDEST_NAME = 26;

/** The help of one command. */
export function commandHelp(command: Command, style: Style): string {
  const options = [...command.options, ...COMMON_OPTIONS];
  const codes = command.exitCodes ?? USUAL_EXIT_CODES;
  return joinParts([
    `${style.bold(`omk ${command.name}`)} - ${command.summary}`,
    section("Usage", command.usage.map((line) => `${line} [options]`), style),
    ...command.description,
    section("Options", table(options.map((option) => [optionNames(option), option.description])), style),
    section("Examples", exampleLines(command, style), style),
    section("Exit codes", table(codes.map(({ code, meaning }) => [String(code), meaning])), style),
  ]);
}

/** The help of a name that several commands begin with, such as `log`. */
export function groupHelp(name: string, commands: readonly CommandEntry[], style: Style): string {
  return joinParts([
    section("Usage", [`omk ${name} COMMAND [options]`, `omk ${name} COMMAND --help`], style),
    section("Commands", table(commands.map((each) => [each.name, each.summary])), style),
  ]);
}

/** The help of omk itself. */
export function programHelp(style: Style): string {
  const widest = Math.max(
    ...COMMAND_GROUPS.flatMap(({ commands }) => commands.map(({ name }) => name.length)),
  );
  const groups = COMMAND_GROUPS.map(({ title, commands }) =>
    section(title, table(commands.map(({ name, summary }) => [name.padEnd(widest), summary])), style)
  );
  return joinParts([
    `${style.bold("omk")} - turns a plan into a proof-backed engineering run`,
    section("Usage", ["omk COMMAND [options]", "omk COMMAND --help"], style),
    ...groups,
    section("Examples", [
      style.dim("# write a first plan, run it, deliver what it made"),
      "omk init",
      "omk run",
      "omk merge",
    ], style),
    section("Exit codes", [
      "0 ready or passed   1 not ready, or a command failed   2 usage or an invalid plan",
      "3 waits for a person or something outside   4 needs more budget   5 omk or the machine failed   130 cancelled",
    ], style),
  ]);
}

function joinParts(parts: readonly string[]): string {
  return `${parts.join("\n\n")}\n`;
}

function section(title: string, lines: readonly string[], style: Style): string {
  return [style.bold(`${title}:`), ...lines.map((line) => `  ${line}`)].join("\n");
}

function exampleLines(command: Command, style: Style): readonly string[] {
  return command.examples.flatMap(({ command: line, note }) => [style.dim(`# ${note}`), line]);
}

/** Two columns; a name that is wider than the first gets a line of its own. */
function table(rows: readonly (readonly [name: string, text: string])[]): readonly string[] {
  const widths = rows.map(([name]) => name.length).filter((width) => width <= WIDEST_NAME);
  const width = Math.max(0, ...widths) + 2;
  return rows.flatMap(([name, text]) =>
    name.length > WIDEST_NAME ? [name, `${" ".repeat(width)}${text}`] : [`${name.padEnd(width)}${text}`]
  );
}

function optionNames(option: OptionSpec): string {
  const value = option.type === "boolean" ? "" : ` ${option.placeholder ?? "VALUE"}`;
  return `${option.short === undefined ? "    " : `-${option.short}, `}--${option.name}${value}`;
}
