/** The program: finds the command, parses its arguments, runs it, and turns what it throws into a message. */

import { ExitCode, isSystemError, OmkError, UsageError } from "../errors.ts";
import type { PlanProblem } from "../plan/problem.ts";
import { buildInfo, VERSION } from "../version.ts";
import type { CommandContext } from "./command.ts";
import { COLOR } from "./config/settings.ts";
import { giveUpPermissions, NEEDS_ALL } from "./needs.ts";
import { type ColorChoice, createOutput, type Output } from "./output.ts";

/** What the words of a command line are, before a command has parsed its own. */
interface Call {
  readonly words: readonly string[];
  /** Where the name of the command stands; −1 where there is none. */
  readonly at: number;
  readonly json: boolean;
  /** Undefined where no option says it. */
  readonly color: ColorChoice | undefined;
}

/**
 * Runs omk with these arguments and resolves with the exit code.
 */
export async function main(words: readonly string[]): Promise<number> {
  if (words[0] === "__complete") return await (await import("./complete/answer.ts")).answer(words.slice(1));
  const env = Deno.env.toObject();
  const call = readCall(words);
  const terminal = { env, output: createOutput(call.color ?? colorOf(env), env) };
  try {
    return await dispatch(call, terminal);
  } catch (error) {
    return await report(error, terminal.output, call.json);
  }
}

/** What was found at the start. */
interface Terminal {
  readonly env: Readonly<Record<string, string>>;
  /** Replaced where the configuration says something else about colour. */
  output: Output;
}

async function dispatch(call: Call, terminal: Terminal): Promise<number> {
  const { words, at, json } = call;
  const { env, output } = terminal;
  if (at < 0) return await answerWithoutCommand(words, output, json);
  const isHelpAsked = beforeSeparator(words).some((word) => word === "--help" || word === "-h");
  if (isHelpAsked) return await printHelp(words.slice(at), output, json);
  const { findCommand } = await import("./find_command.ts");
  const { entry, rest } = await findCommand(words, at);
  const command = await entry.load();
  const { parseCommandLine } = await import("./parse.ts");
  const args = parseCommandLine(command, rest);
  giveUpPermissions(command.needs ?? NEEDS_ALL);
  const { loadConfig } = await import("./config/load_config.ts");
  const config = await loadConfig(args, env, command.toleratesBadConfig);
  terminal.output = createOutput(config.value(COLOR) ?? "auto", env);
  if (!json && !command.toleratesBadConfig) await warnOfUnknownVariables(terminal);
  const context: CommandContext = {
    args,
    output: terminal.output,
    cwd: workingDirectory(),
    env,
    config,
    json,
    interactive: !json && Deno.stdin.isTerminal() && output.stderrIsTerminal,
  };
  return await command.run(context);
}

async function warnOfUnknownVariables({ env, output }: Terminal): Promise<void> {
  const { describeUnknown, unknownVariables } = await import("./config/environment.ts");
  for (const name of unknownVariables(env)) {
    output.note(`${output.errorStyle.yellow("warning:")} ${await describeUnknown(name)}`);
  }
}

/** The colour that the environment asks for, for what is said before the configuration is read. */
function colorOf(env: Readonly<Record<string, string>>): ColorChoice {
  return COLOR.kind.ofText(env[COLOR.variable] ?? "") ?? "auto";
}

function readCall(words: readonly string[]): Call {
  const own = beforeSeparator(words);
  let color: ColorChoice | undefined;
  let at = -1;
  for (const [place, word] of own.entries()) {
    const isColorValue = own[place - 1] === "--color";
    const value = isColorValue
      ? word
      : word.startsWith("--color=")
      ? word.slice("--color=".length)
      : undefined;
    if (value !== undefined) color = COLOR.kind.ofText(value) ?? color;
    if (at < 0 && !word.startsWith("-") && !isColorValue) at = place;
  }
  return { words, at, json: own.includes("--json"), color };
}

/** The words before `--`; what comes after it is never an option. */
function beforeSeparator(words: readonly string[]): readonly string[] {
  const end = words.indexOf("--");
  return end < 0 ? words : words.slice(0, end);
}

/** Prints the help of what the words name that are no options. */
async function printHelp(words: readonly string[], output: Output, json: boolean): Promise<number> {
  const { showHelp } = await import("./show_help.ts");
  return await showHelp(words.filter((word) => !word.startsWith("-")), output, json);
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
  if (words.includes("--help") || words.includes("-h")) return await printHelp([], output, json);
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
  if (hasProblems(error)) {
    await printProblems(error, output);
  } else if (error instanceof OmkError) {
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

/** An error that lists what is wrong with a text; known by its name, so that what reads texts is not loaded. */
function hasProblems(error: unknown): error is OmkError & { readonly problems: readonly PlanProblem[] } {
  return error instanceof OmkError && (error.name === "PlanError" || error.name === "ConfigError");
}

async function printProblems(
  { detail, problems }: OmkError & { readonly problems: readonly PlanProblem[] },
  output: Output,
): Promise<void> {
  const [{ planProblemLines }, { loadMeasure }] = await Promise.all([
    import("./render/plan_problems.ts"),
    import("./render/text.ts"),
  ]);
  await loadMeasure();
  const { errorStyle: style } = output;
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const [first] = problems;
  output.note(`${style.red("error:")} ${detail.what}: ${count} in ${first?.path}\n`);
  const lines = planProblemLines(problems, { cwd: workingDirectory(), style, columns: output.columns });
  for (const line of lines) output.note(line);
}
