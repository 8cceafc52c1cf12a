/** From the words of a command line to checked arguments. */

import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "../errors.ts";
import type { Command, CommandArguments, OptionSpec } from "./command.ts";
import { COMMON_OPTIONS } from "./command.ts";
import { nearest } from "../plan/nearest.ts";

/**
 * Parses the words after the name of a command.
 *
 * @throws {UsageError} for unknown options, missing or wrong values, and too few or too many arguments.
 */
export function parseCommandLine(command: Command, words: readonly string[]): CommandArguments {
  const options = [...command.options, ...COMMON_OPTIONS];
  const help = `see omk ${command.name} --help`;
  const parsed = parseArgs([...words], {
    boolean: options.filter((option) => option.type === "boolean").map((option) => option.name),
    string: options.filter((option) => option.type !== "boolean").map((option) => option.name),
    collect: options.filter((option) => option.type === "list").map((option) => option.name),
    alias: Object.fromEntries(options.flatMap((each) => each.short === undefined ? [] : [[each.short, each.name]])),
    unknown: (word, key) => {
      if (key === undefined) return true;
      const guess = nearest(key, options.map((option) => option.name));
      const why = guess === undefined ? undefined : `did you mean --${guess}?`;
      throw new UsageError({ what: `Unknown option "${word}" of omk ${command.name}`, why, fix: help });
    },
  });
  const positionals = parsed._.map(String);
  const { min, max } = command.positionals;
  if (positionals.length < min || positionals.length > max) {
    const what = positionals.length < min
      ? `omk ${command.name} needs more arguments`
      : `omk ${command.name} does not take "${positionals[max]}"`;
    throw new UsageError({ what, why: `usage: ${command.usage.join(" | ")}`, fix: help });
  }
  const values = new Map<string, OptionValue>();
  for (const option of options) {
    const value = valueOf(option, parsed[option.name], help);
    if (value !== undefined) values.set(option.name, value);
  }
  return {
    flag: (name) => values.get(name) === true,
    text: (name) => typed(values.get(name), "string"),
    number: (name) => typed(values.get(name), "number"),
    list: (name) => {
      const value = values.get(name);
      return Array.isArray(value) ? value : [];
    },
    positionals,
  };
}

type OptionValue = boolean | string | number | readonly string[];

function typed<T extends "string" | "number">(
  value: OptionValue | undefined,
  type: T,
): (T extends "string" ? string : number) | undefined;
function typed(value: OptionValue | undefined, type: string): OptionValue | undefined {
  return typeof value === type ? value : undefined;
}

function valueOf(option: OptionSpec, raw: unknown, fix: string): OptionValue | undefined {
  if (raw === undefined || raw === false) return undefined;
  if (option.type === "boolean") return true;
  if (option.type === "list") return Array.isArray(raw) ? raw.flatMap((each) => String(each).split(",")) : undefined;
  const text = Array.isArray(raw) ? String(raw.at(-1)) : String(raw);
  if (text === "") throw new UsageError({ what: `Option --${option.name} needs a value`, fix });
  if (option.type === "number") {
    const number = Number(text);
    if (Number.isSafeInteger(number) && number >= 0) return number;
    throw new UsageError({ what: `Option --${option.name} needs a whole number`, why: `"${text}" is none`, fix });
  }
  if (option.choices !== undefined && !option.choices.includes(text)) {
    const guess = nearest(text, option.choices);
    const why = `"${text}" is none of ${option.choices.join(", ")}${guess === undefined ? "" : `; did you mean ${guess}?`}`;
    throw new UsageError({ what: `Option --${option.name} has an unknown value`, why, fix });
  }
  return text;
}
