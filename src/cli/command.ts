/** What a command of omk is: the data that its help and its parser are made of, and the function that runs it. */

import type { Config } from "./config/config.ts";
import type { Needs } from "./needs.ts";
import type { Output } from "./output.ts";

/** One option of a command. */
export interface OptionSpec {
  /** Long name, without the dashes. */
  readonly name: string;
  readonly short?: string;
  /** `list` may be given several times, and splits at commas. */
  readonly type: "boolean" | "string" | "number" | "list";
  /** What stands for the value in the help, such as `N`. */
  readonly placeholder?: string;
  readonly description: string;
  /** The only values that a `string` may have. */
  readonly choices?: readonly string[];
}

/** A command line that works, with what it is for. */
export interface Example {
  readonly command: string;
  readonly note: string;
}

/** What a command means by an exit code. */
export interface ExitCodeNote {
  readonly code: number;
  readonly meaning: string;
}

/** The arguments of a command, parsed and checked against its options. */
export interface CommandArguments {
  /** Whether a boolean option was given. */
  flag(name: string): boolean;
  /** Value of a string option. */
  text(name: string): string | undefined;
  /** Value of a number option. */
  number(name: string): number | undefined;
  /** Values of a list option; empty where it was not given. */
  list(name: string): readonly string[];
  /** What is not an option. */
  readonly positionals: readonly string[];
}

/** What a command gets. */
export interface CommandContext {
  readonly args: CommandArguments;
  readonly output: Output;
  /** The directory that omk was called in, absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What options, environment and the user's file say of each setting. */
  readonly config: Config;
  /** Whether `--json` was given. */
  readonly json: boolean;
  /** Whether a person can be asked: stdin and stderr are terminals and `--json` was not given. */
  readonly interactive: boolean;
}

/** See the module. */
export interface Command {
  /** As typed: `run`, `log tail`. */
  readonly name: string;
  readonly summary: string;
  /** Each form of the command line, without the options: `omk status [RUN]`. */
  readonly usage: readonly string[];
  /** More than the summary, in short paragraphs; empty where there is nothing to add. */
  readonly description: readonly string[];
  /** How many positional arguments there may be, and the only values that they may have. */
  readonly positionals: { readonly min: number; readonly max: number; readonly choices?: readonly string[] };
  readonly options: readonly OptionSpec[];
  readonly examples: readonly Example[];
  /** The exit codes that say more than 0 for success, 1 for a failure, 2 for wrong usage, 5 for the machine. */
  readonly exitCodes?: readonly ExitCodeNote[];
  /** The permissions that the command uses; all others are given up before it runs. Absent: it uses all. */
  readonly needs?: Needs;
  /**
   * Whether it works where the configuration cannot be used, and says nothing about unknown variables; its settings
   * are then those that omk has by itself.
   */
  readonly toleratesBadConfig?: boolean;
  /** Resolves with the exit code. What it throws is printed as an error, with the error's own exit code. */
  run(context: CommandContext): Promise<number>;
}

/** The options that every command has. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  { name: "json", type: "boolean", description: "Print JSON for machines" },
  { name: "help", short: "h", type: "boolean", description: "Show this help" },
  {
    name: "color",
    type: "string",
    placeholder: "WHEN",
    choices: ["auto", "always", "never"],
    description: "Colour the output: auto (default), always, never",
  },
];
