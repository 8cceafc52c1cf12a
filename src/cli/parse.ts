/** From the words of a command line to checked arguments. */

import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "../errors.ts";
import { nearest } from "../plan/nearest.ts";
import type { Command, CommandArguments, OptionSpec } from "./command.ts";
import { COMMON_OPTIONS } from "./command.ts";

/**
 * Parses the words after the name of a command.
 *
 * @throws {UsageError} for unknown options, missing or wrong values, and too few or too many arguments.
 */
export function parseCommandLine(command: Command, words: readonly string[]): CommandArguments {
  const options = [...command.options, ...COMMON_OPTIONS];
  const help = `see omk ${command.name} --help`;
  const named = (test: (option: OptionSpec) => boolean) => options.filter(test).map((option) => option.name);
  const parsed = parseArgs([...words], {
    boolean: named((option) => option.type === "boolean"),
    // "_" keeps positional arguments that look like numbers as they were typed.
    string: [...named((option) => option.type !== "boolean"), "_"],
    collect: named((option) => option.type === "list"),
    alias: Object.fromEntries(
      options.flatMap((each) => each.short === undefined ? [] : [[each.short, each.name]]),
    ),
    unknown: (word, key) => {
      if (key === undefined) return true;
      const guess = nearest(key, options.map((option) => option.name));
      const why = guess === undefined ? undefined : `did you mean --${guess}?`;
      throw new UsageError({ what: `Unknown option "${word}" of omk ${command.name}`, why, fix: help });
    },
  });
  const positionals = parsed._.map(String);
  const values = new Map<string, OptionValue>();
  for (const option of options) {
    const value = valueOf(option, parsed[option.name], help);
    if (value !== undefined) values.set(option.name, value);
  }
  // After the options: the empty value of one is told as that, not as a word that is not taken.
  checkPositionals(command, positionals, help);
  return {
    flag: (name) => values.get(name) === true,
    text(name) {
      const value = values.get(name);
      return typeof value === "string" ? value : undefined;
    },
    number(name) {
      const value = values.get(name);
      return typeof value === "number" ? value : undefined;
    },
    list(name) {
      const value = values.get(name);
      return Array.isArray(value) ? value : [];
    },
    positionals,
  };
}

type OptionValue = boolean | string | number | readonly string[];

function checkPositionals(command: Command, positionals: readonly string[], fix: string): void {
  const { min, max, choices } = command.positionals;
  if (positionals.length < min || positionals.length > max) {
    const what = positionals.length < min
      ? `omk ${command.name} needs more arguments`
      : `omk ${command.name} does not take "${positionals[max]}"`;
    throw new UsageError({ what, why: `its usage is ${command.usage.join(" | ")}`, fix });
  }
  const unknown = choices === undefined ? undefined : positionals.find((each) => !choices.includes(each));
  if (choices === undefined || unknown === undefined) return;
  throw new UsageError({
    what: `omk ${command.name} does not take "${unknown}"`,
    why: notAmong(unknown, choices),
    fix,
  });
}

/** Why a word is none of those that are possible, with the one that was probably meant. */
function notAmong(word: string, choices: readonly string[]): string {
  const guess = nearest(word, choices);
  const hint = guess === undefined ? "" : `, did you mean ${guess}?`;
  return `"${word}" is none of ${choices.join(", ")}${hint}`;
}

function valueOf(option: OptionSpec, raw: unknown, fix: string): OptionValue | undefined {
  if (raw === undefined || raw === false) return undefined;
  if (option.type === "boolean") return true;
  const texts = Array.isArray(raw) ? raw.map(String) : [String(raw)];
  if (option.type === "list") return listOf(option, texts, fix);
  // Given twice, the last one counts.
  const text = texts.at(-1) ?? "";
  if (text === "") throw new UsageError({ what: `Option --${option.name} needs a value`, fix });
  if (option.type === "number") {
    const number = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
    throw new UsageError({
      what: `Option --${option.name} needs a whole number`,
      why: `"${text}" is none`,
      fix,
    });
  }
  if (option.choices !== undefined && !option.choices.includes(text)) {
    const why = notAmong(text, option.choices);
    throw new UsageError({ what: `Option --${option.name} has an unknown value`, why, fix });
  }
  return text;
}

function listOf(option: OptionSpec, texts: readonly string[], fix: string): readonly string[] | undefined {
  if (texts.length === 0) return undefined;
  const items = texts.flatMap((text) => text.split(",")).map((item) => item.trim());
  if (items.includes("")) throw new UsageError({ what: `Option --${option.name} has an empty value`, fix });
  return items;
}
