/** The help texts, made from the data of the commands. */

import type { Command, OptionSpec } from "./command.ts";
import { COMMON_OPTIONS } from "./command.ts";
import type { Style } from "./output.ts";
import { COMMAND_GROUPS } from "./registry.ts";

/** The help of one command. */
export function commandHelp(command: Command, style: Style): string {
  const parts = [
    `${style.bold(`omk ${command.name}`)} - ${command.summary}`,
    section("Usage", command.usage.map((line) => `${line} [options]`), style),
    ...(command.description.length === 0 ? [] : [command.description.join("\n\n")]),
    section("Options", [...command.options, ...COMMON_OPTIONS].map(optionLine), style),
    section("Examples", command.examples.flatMap(({ command: line, note }) => [style.dim(`# ${note}`), line]), style),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** The help of omk itself. */
export function programHelp(style: Style): string {
  const groups = COMMAND_GROUPS.map(({ title, commands }) =>
    section(title, commands.map(({ name, summary }) => `${name.padEnd(NAME_WIDTH)}${summary}`), style)
  );
  const parts = [
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
  ];
  return `${parts.join("\n\n")}\n`;
}

const NAME_WIDTH = 14;
const OPTION_WIDTH = 26;

function section(title: string, lines: readonly string[], style: Style): string {
  return [style.bold(`${title}:`), ...lines.map((line) => `  ${line}`)].join("\n");
}

function optionLine(option: OptionSpec): string {
  const value = option.type === "boolean" ? "" : ` ${option.placeholder ?? "VALUE"}`;
  const names = `${option.short === undefined ? "    " : `-${option.short}, `}--${option.name}${value}`;
  const gap = names.length >= OPTION_WIDTH ? `\n${" ".repeat(OPTION_WIDTH + 2)}` : " ".repeat(OPTION_WIDTH - names.length);
  return `${names}${gap}${option.description}`;
}
