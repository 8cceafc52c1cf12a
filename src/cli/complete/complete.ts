/** What the word at the end of a command line may become, from the data of the commands. */

import { type Command, COMMON_OPTIONS, type OptionSpec } from "../command.ts";
import { lookUpCommand } from "../find_command.ts";
import { type Candidate, type Completion, NOTHING } from "./candidate.ts";
import { commandWords } from "./command_words.ts";
import { argumentsAt } from "./positionals.ts";
import { type ValueContext, valuesOf } from "./values.ts";

/** Where a command line is completed. */
export interface CompletionPlace {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * What fits the word `current`, which stands behind `words`; these begin behind the name of the program. The
 * candidates begin with `current`.
 */
export async function complete(
  words: readonly string[],
  current: string,
  place: CompletionPlace,
): Promise<Completion> {
  const before = readOptions(words, COMMON_OPTIONS, true);
  if (before.awaitsValue !== undefined) return optionValues(before.awaitsValue, current, "");
  const at = before.firstPositional;
  const found = at === undefined ? undefined : lookUpCommand(words, at);
  if (found === undefined) {
    if (current.startsWith("-") && at === undefined) return optionNames(COMMON_OPTIONS, new Set(), current);
    return matching(commandWords(at === undefined ? [] : words.slice(at)), current);
  }
  // A command of one word may be the beginning of another one of two.
  const isFirstWordOnly = found.rest.length === words.length - 1 && words.length - 1 === at;
  const more = isFirstWordOnly ? startingWith(commandWords(words.slice(at)), current) : [];
  const own = await completeArguments(await found.entry.load(), found.rest, current, place);
  if (more.length === 0) return own;
  return { kind: "words", candidates: [...more, ...own.kind === "words" ? own.candidates : []] };
}

async function completeArguments(
  command: Command,
  words: readonly string[],
  current: string,
  place: CompletionPlace,
): Promise<Completion> {
  const options = [...command.options, ...COMMON_OPTIONS];
  const { awaitsValue, positionals, given, isSeparated } = readOptions(words, options, false);
  const takesPlan = argumentsAt(command.usage, command.name, 0).includes("PLAN");
  const context: ValueContext = { ...place, commandName: command.name, takesPlan, positionals };
  const ofOption = (option: OptionSpec, text: string, prefix: string) =>
    optionValues(option, text, prefix, context);
  if (awaitsValue !== undefined) return await ofOption(awaitsValue, current, "");
  if (!isSeparated && current.startsWith("-")) {
    const assignment = /^--([^=]+)=(.*)$/s.exec(current);
    if (assignment === null) return optionNames(options, given, current);
    const option = options.find(({ name }) => name === assignment[1]);
    if (option === undefined || option.type === "boolean") return NOTHING;
    return await ofOption(option, assignment[2] ?? "", `--${option.name}=`);
  }
  return await positionalValues(command, current, context);
}

async function positionalValues(
  command: Command,
  current: string,
  context: ValueContext,
): Promise<Completion> {
  const { choices, max } = command.positionals;
  if (context.positionals.length >= max) return NOTHING;
  if (choices !== undefined) return matching(plain(choices), current);
  let paths: Completion = NOTHING;
  const fit: Candidate[] = [];
  for (const name of argumentsAt(command.usage, command.name, context.positionals.length)) {
    const values = await valuesOf(name, context) ?? NOTHING;
    if (values.kind === "words") fit.push(...startingWith(values.candidates, current));
    else paths = values;
  }
  // Where paths fit too, the shell offers them as soon as no word does.
  return fit.length > 0 ? { kind: "words", candidates: fit } : paths;
}

/** The values of an option; `prefix` stands before them in the same word. */
async function optionValues(
  option: OptionSpec,
  text: string,
  prefix: string,
  context?: ValueContext,
): Promise<Completion> {
  const values = option.choices !== undefined
    ? matching(plain(option.choices), "")
    : context === undefined
    ? NOTHING
    : await valuesOf(option.placeholder ?? "", context) ?? NOTHING;
  if (values.kind !== "words") return values;
  // Of a list, the part behind the last comma is completed, and what stands before it is not offered again.
  const comma = option.type === "list" ? text.lastIndexOf(",") + 1 : 0;
  const earlier = text.slice(0, comma);
  const candidates = values.candidates
    .filter(({ value }) => !earlier.split(",").includes(value))
    .map((each) => ({ ...each, value: `${prefix}${earlier}${each.value}` }));
  return matching(candidates, `${prefix}${text}`);
}

function optionNames(
  options: readonly OptionSpec[],
  given: ReadonlySet<string>,
  current: string,
): Completion {
  const left = options.filter(({ name, type }) => type === "list" || !given.has(name));
  return matching(
    left.map(({ name, description }) => ({
      value: `--${name}`,
      description: description.replaceAll("\n", " "),
    })),
    current,
  );
}

/** What the words before the current one say about options. */
interface ReadOptions {
  /** The option whose value is awaited. */
  readonly awaitsValue: OptionSpec | undefined;
  readonly positionals: readonly string[];
  /** Where the first positional argument stands. */
  readonly firstPositional: number | undefined;
  /** Names of the options that were given. */
  readonly given: ReadonlySet<string>;
  /** Whether `--` was given. */
  readonly isSeparated: boolean;
}

function readOptions(
  words: readonly string[],
  options: readonly OptionSpec[],
  toFirstPositional: boolean,
): ReadOptions {
  const positionals: string[] = [];
  const given = new Set<string>();
  let firstPositional: number | undefined;
  let awaitsValue: OptionSpec | undefined;
  let isSeparated = false;
  for (const [at, word] of words.entries()) {
    if (awaitsValue !== undefined) {
      awaitsValue = undefined;
      continue;
    }
    if (!isSeparated && word === "--") {
      isSeparated = true;
      continue;
    }
    const option = isSeparated ? undefined : optionOf(word, options);
    if (option !== undefined) {
      given.add(option.name);
      if (option.type !== "boolean" && /^(?:--[^=]+|-\w)$/.test(word)) awaitsValue = option;
    } else if (isSeparated || !word.startsWith("-")) {
      firstPositional ??= at;
      positionals.push(word);
      if (toFirstPositional) break;
    }
  }
  return { awaitsValue, positionals, firstPositional, given, isSeparated };
}

function optionOf(word: string, options: readonly OptionSpec[]): OptionSpec | undefined {
  const long = /^--([^=]+)/.exec(word)?.[1];
  if (long !== undefined) return options.find(({ name }) => name === long);
  const short = /^-(\w)/.exec(word)?.[1];
  return short === undefined ? undefined : options.find((option) => option.short === short);
}

function plain(values: readonly string[]): readonly Candidate[] {
  return values.map((value) => ({ value, description: "" }));
}

function matching(candidates: readonly Candidate[], current: string): Completion {
  return { kind: "words", candidates: startingWith(candidates, current) };
}

function startingWith(candidates: readonly Candidate[], current: string): readonly Candidate[] {
  return candidates.filter(({ value }) => value.startsWith(current));
}
