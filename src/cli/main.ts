/** The program: finds the command, parses its arguments, runs it, and turns what it throws into a message. */

import { ExitCode, OmkError, UsageError } from "../errors.ts";
import { buildInfo, VERSION } from "../version.ts";
import type { CommandEntry } from "./registry.ts";
import { COMMANDS } from "./registry.ts";
import type { CommandContext } from "./command.ts";
import { type ColorChoice, createOutput, type Output } from "./output.ts";

/**
 * Runs omk with these arguments and resolves with the exit code.
 */
export async function main(words: readonly string[]): Promise<number> {
  const env = Deno.env.toObject();
  const output = createOutput(colorChoice(words), env);
  const json = words.includes("--json");
  try {
    return await dispatch(words, output, env, json);
  } catch (error) {
    return await report(error, output, json);
  }
}

async function dispatch(
  words: readonly string[],
  output: Output,
  env: Readonly<Record<string, string>>,
  json: boolean,
): Promise<number> {
  const first = words.find((word) => !word.startsWith("-"));
  if (first === undefined || first === "help") return await answerWithoutCommand(words, output, json);
  const { entry, rest } = await findCommand(words);
  const command = await entry.load();
  if (rest.includes("--help") || rest.includes("-h")) {
    const { commandHelp } = await import("./help.ts");
    output.write(commandHelp(command, output.style));
    return ExitCode.OK;
  }
  const { parseCommandLine } = await import("./parse.ts");
  const context: CommandContext = {
    args: parseCommandLine(command, rest),
    output,
    cwd: Deno.cwd(),
    env,
    json,
    interactive: !json && Deno.stdin.isTerminal() && output.stderrIsTerminal,
  };
  return await command.run(context);
}

/** The command that the words begin with, which may have two words, and the words after it. */
async function findCommand(words: readonly string[]): Promise<{ entry: CommandEntry; rest: readonly string[] }> {
  const at = words.findIndex((word) => !word.startsWith("-"));
  const one = words[at] ?? "";
  const two = `${one} ${words[at + 1] ?? ""}`;
  for (const [name, length] of [[two, 2], [one, 1]] as const) {
    const entry = COMMANDS.find((each) => each.name === name);
    if (entry !== undefined) return { entry, rest: [...words.slice(0, at), ...words.slice(at + length)] };
  }
  const { nearest } = await import("../plan/nearest.ts");
  const parts = COMMANDS.filter((each) => each.name.startsWith(`${one} `)).map((each) => `omk ${each.name}`);
  if (parts.length > 0) throw new UsageError({ what: `omk ${one} needs to know what to do`, fix: `use ${parts.join(" or ")}` });
  const guess = nearest(one, COMMANDS.map((each) => each.name));
  const why = guess === undefined ? undefined : `did you mean ${guess}?`;
  throw new UsageError({ what: `Unknown command "${one}"`, why, fix: "omk --help lists the commands" });
}

async function answerWithoutCommand(words: readonly string[], output: Output, json: boolean): Promise<number> {
  if (words.includes("--version") || words.includes("-V")) {
    if (json) output.json(buildInfo());
    else output.print(`omk ${VERSION}`);
    return ExitCode.OK;
  }
  const topic = words.filter((word) => !word.startsWith("-")).slice(1);
  const { commandHelp, programHelp } = await import("./help.ts");
  if (topic.length > 0) {
    const { entry } = await findCommand(topic);
    output.write(commandHelp(await entry.load(), output.style));
    return ExitCode.OK;
  }
  const unknown = words.find((word) => word.startsWith("-") && !["--help", "-h", "--json"].includes(word) && !word.startsWith("--color"));
  if (unknown !== undefined) {
    throw new UsageError({ what: `Unknown option "${unknown}"`, fix: "omk --help lists the commands" });
  }
  const isAsked = words.includes("--help") || words.includes("-h") || words.includes("help");
  if (isAsked) output.write(programHelp(output.style));
  else output.note(programHelp(output.errorStyle).trimEnd());
  return isAsked ? ExitCode.OK : ExitCode.USAGE;
}

/** Prints an error, and returns the exit code that goes with it. */
async function report(error: unknown, output: Output, json: boolean): Promise<number> {
  const exitCode = error instanceof OmkError ? error.exitCode : ExitCode.FAILED_INFRA;
  if (json) {
    const { errorDocument } = await import("./render/error_document.ts");
    output.note(JSON.stringify(errorDocument(error, exitCode)));
  } else if (error instanceof OmkError) {
    output.note(`${output.errorStyle.red("error:")} ${error.message}`);
  } else {
    const stack = error instanceof Error ? error.stack ?? error.message : String(error);
    output.note(`${output.errorStyle.red("error:")} A fault of omk: ${stack}`);
  }
  return exitCode;
}

function colorChoice(words: readonly string[]): ColorChoice {
  const at = words.findIndex((word) => word === "--color" || word.startsWith("--color="));
  const word = words[at];
  const value = word === undefined ? undefined : word.includes("=") ? word.slice(word.indexOf("=") + 1) : words[at + 1];
  return value === "always" || value === "never" ? value : "auto";
}
