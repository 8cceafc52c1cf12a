/** From the words of a command line to the command that they name. */

import { UsageError } from "../errors.ts";
import { type CommandEntry, COMMANDS } from "./registry.ts";

/** A command, and the words that are not its name. */
export interface FoundCommand {
  readonly entry: CommandEntry;
  readonly rest: readonly string[];
}

/** The command whose name, of two words or one, stands at a place; undefined where there is none. */
export function lookUpCommand(words: readonly string[], at: number): FoundCommand | undefined {
  const one = words[at] ?? "";
  for (const [name, length] of [[`${one} ${words[at + 1] ?? ""}`, 2], [one, 1]] as const) {
    const entry = COMMANDS.find((each) => each.name === name);
    if (entry !== undefined) return { entry, rest: words.toSpliced(at, length) };
  }
  return undefined;
}

/**
 * The command whose name stands at a place.
 *
 * @throws {UsageError} where there is none, with what was probably meant.
 */
export async function findCommand(words: readonly string[], at: number): Promise<FoundCommand> {
  const found = lookUpCommand(words, at);
  if (found !== undefined) return found;
  const one = words[at] ?? "";
  const parts = partsOf(one).map((each) => `omk ${each.name}`);
  if (parts.length > 0) {
    const choice = [parts.slice(0, -1).join(", "), ...parts.slice(-1)].filter((each) => each !== "").join(
      " or ",
    );
    throw new UsageError({ what: `omk ${one} needs to know what to do`, fix: `use ${choice}` });
  }
  const { nearest } = await import("../plan/nearest.ts");
  const guess = nearest(one, COMMANDS.map((each) => each.name));
  const why = guess === undefined ? undefined : `did you mean ${guess}?`;
  throw new UsageError({ what: `Unknown command "${one}"`, why, fix: "omk --help lists the commands" });
}

/** The commands whose names have two words and begin with this one. */
export function partsOf(word: string): readonly CommandEntry[] {
  return COMMANDS.filter((each) => each.name.startsWith(`${word} `));
}
