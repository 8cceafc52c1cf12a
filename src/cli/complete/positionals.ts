/** Which arguments a command may take at a place, as its usage says: `omk logs [RUN] [TASK…]`. */

interface Argument {
  /** What stands for it; several where they are alternatives: `[COMMAND|TOPIC]`. */
  readonly names: readonly string[];
  readonly isOptional: boolean;
  readonly isRepeated: boolean;
}

/**
 * The names of the arguments that the positional argument number `at` (from 0) may be, in the order of the usage
 * lines. Each line begins with `omk` and the name of the command.
 */
export function argumentsAt(usage: readonly string[], commandName: string, at: number): readonly string[] {
  const names = usage.flatMap((line) => {
    const own = line.slice(`omk ${commandName}`.length).split(/\s+/).filter((word) => word !== "");
    return namesAt(own.map(parseArgument).filter((each) => each !== null), at);
  });
  return [...new Set(names)];
}

/** Null for what is no argument: an option, or a word that stands for itself. */
function parseArgument(word: string): Argument | null {
  const match = /^(\[?)([A-Z][A-Z|]*)(…?)\]?$/.exec(word);
  if (match === null) return null;
  return { names: (match[2] ?? "").split("|"), isOptional: match[1] !== "", isRepeated: match[3] !== "" };
}

function namesAt(list: readonly Argument[], at: number): readonly string[] {
  return list.filter((argument, place) => {
    const before = list.slice(0, place);
    const least = before.filter((each) => !each.isOptional).length;
    const most = [...before, argument].some((each) => each.isRepeated) ? Infinity : place;
    return least <= at && at <= most;
  }).flatMap(({ names }) => names);
}
