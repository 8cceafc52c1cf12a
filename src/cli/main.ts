/** The program: finds the command, parses its arguments, runs it, and turns what it throws into a message. */

import { ExitCode, isSystemError, OmkError, UsageError } from "../errors.ts";
import { buildInfo, VERSION } from "../version.ts";
import type { CommandContext } from "./command.ts";
import { giveUpPermissions, NEEDS_ALL } from "./needs.ts";
import { type ColorChoice, createOutput, type Output } from "./output.ts";
import { type CommandEntry, COMMANDS } from "./registry.ts";

/** What the words of a command line are, before a command has parsed its own. */
interface Call {
  readonly words: readonly string[];
  /** Where the name of the command stands; −1 where there is none. */
  readonly at: number;
  readonly json: boolean;
  readonly color: ColorChoice;
}

/**
 * Runs omk with these arguments and resolves with the exit code.
 */
export async function main(words: readonly string[]): Promise<number> {
  const env = Deno.env.toObject();
  const call = readCall(words);
  const output = createOutput(call.color, env);
  try {
    return await dispatch(call, output, env);
  } catch (error) {
    return await report(error, output, call.json);
  }
}

async function dispatch(call: Call, output: Output, env: Readonly<Record<string, string>>): Promise<number> {
  const { words, at, json } = call;
  if (at < 0) return await answerWithoutCommand(words, output, json);
  if (words[at] === "help") return await printHelp(words.toSpliced(at, 1), output);
  const isHelpAsked = beforeSeparator(words).some((word) => word === "--help" || word === "-h");
  if (isHelpAsked) return await printHelp(words, output);
  const { entry, rest } = await findCommand(words, at);
  const command = await entry.load();
  const { parseCommandLine } = await import("./parse.ts");
  const args = parseCommandLine(command, rest);
  giveUpPermissions(command.needs ?? NEEDS_ALL);
  const context: CommandContext = {
    args,
    output,
    cwd: workingDirectory(),
    env,
    json,
    interactive: !json && Deno.stdin.isTerminal() && output.stderrIsTerminal,
  };
  return await command.run(context);
}

function readCall(words: readonly string[]): Call {
  const own = beforeSeparator(words);
  let color: ColorChoice = "auto";
  let at = -1;
  for (const [place, word] of own.entries()) {
    const isColorValue = own[place - 1] === "--color";
    const value = isColorValue
      ? word
      : word.startsWith("--color=")
      ? word.slice("--color=".length)
      : undefined;
    if (value === "always" || value === "never") color = value;
    if (at < 0 && !word.startsWith("-") && !isColorValue) at = place;
  }
  return { words, at, json: own.includes("--json"), color };
}

/** The words before `--`; what comes after it is never an option. */
function beforeSeparator(words: readonly string[]): readonly string[] {
  const end = words.indexOf("--");
  return end < 0 ? words : words.slice(0, end);
}

/** The command whose name, of one word or two, stands at a place, and all words around its name. */
async function findCommand(
  words: readonly string[],
  at: number,
): Promise<{ readonly entry: CommandEntry; readonly rest: readonly string[] }> {
  const one = words[at] ?? "";
  for (const [name, length] of [[`${one} ${words[at + 1] ?? ""}`, 2], [one, 1]] as const) {
    const entry = COMMANDS.find((each) => each.name === name);
    if (entry !== undefined) return { entry, rest: words.toSpliced(at, length) };
  }
  const parts = partsOf(one).map((each) => `omk ${each.name}`);
  if (parts.length > 0) {
    throw new UsageError({ what: `omk ${one} needs to know what to do`, fix: `use ${parts.join(" or ")}` });
  }
  const { nearest } = await import("../plan/nearest.ts");
  const guess = nearest(one, COMMANDS.map((each) => each.name));
  const why = guess === undefined ? undefined : `did you mean ${guess}?`;
  throw new UsageError({ what: `Unknown command "${one}"`, why, fix: "omk --help lists the commands" });
}

/** The commands whose names have two words and begin with this one. */
function partsOf(word: string): readonly CommandEntry[] {
  return COMMANDS.filter((each) => each.name.startsWith(`${word} `));
}

/** Prints the help of the command that the words name, or of omk where they name none. */
async function printHelp(words: readonly string[], output: Output): Promise<number> {
  const { commandHelp, groupHelp, programHelp } = await import("./help.ts");
  const names = words.filter((word) => !word.startsWith("-"));
  const [first] = names;
  const parts = first === undefined ? [] : partsOf(first);
  const isPart = parts.some((each) => each.name === names.slice(0, 2).join(" "));
  if (first === undefined) output.write(programHelp(output.style));
  else if (parts.length > 0 && !isPart) output.write(groupHelp(first, parts, output.style));
  else {
    const { entry } = await findCommand(names, 0);
    output.write(commandHelp(await entry.load(), output.style));
  }
  return ExitCode.OK;
}

async function answerWithoutCommand(
  words: readonly string[],
  output: Output,
  json: boolean,
): Promise<number> {
  if (words.includes("--version") || words.includes("-V")) {
    if (json) output.json(buildInfo());
    else output.print(`omk ${VERSION}`);
    return ExitCode.OK;
  }
  if (words.includes("--help") || words.includes("-h")) return await printHelp([], output);
  const isKnown = (word: string) => !word.startsWith("-") || word === "--json" || word.startsWith("--color");
  const unknown = words.find((word) => !isKnown(word));
  if (unknown !== undefined) {
    throw new UsageError({ what: `Unknown option "${unknown}"`, fix: "omk --help lists the commands" });
  }
  const { programHelp } = await import("./help.ts");
  output.note(programHelp(output.errorStyle).trimEnd());
  return ExitCode.USAGE;
}

function workingDirectory(): string {
  try {
    return Deno.cwd();
  } catch (error) {
    throw new UsageError({
      what: "Cannot tell which directory this is",
      why: "it was removed, or may not be read",
      fix: "change to one that exists",
      cause: error,
    });
  }
}

/** Prints an error, and returns the exit code that goes with it. */
async function report(error: unknown, output: Output, json: boolean): Promise<number> {
  const exitCode = error instanceof OmkError ? error.exitCode : ExitCode.FAILED_INFRA;
  if (json) {
    const { errorDocument } = await import("./render/error_document.ts");
    output.note(JSON.stringify(errorDocument(error, exitCode)));
    return exitCode;
  }
  const label = output.errorStyle.red("error:");
  if (error instanceof OmkError) {
    output.note(`${label} ${error.message}`);
  } else if (isSystemError(error)) {
    output.note(
      `${label} The system refused what omk needs: ${error.message}; omk doctor checks this machine`,
    );
  } else {
    const stack = error instanceof Error ? error.stack ?? error.message : String(error);
    output.note(`${label} A fault of omk ${VERSION}: ${stack}`);
  }
  return exitCode;
}
