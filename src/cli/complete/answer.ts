/**
 * `omk __complete`, which the scripts of `omk completions` call for each word that is completed. It is no command:
 * no help lists it, and its form may change with every version, as that of the scripts.
 *
 *     omk __complete bash LINE BREAKS            LINE up to the cursor, BREAKS are COMP_WORDBREAKS
 *     omk __complete SHELL =CURRENT WORD…        the words behind `omk`; `=` since some shells drop empty words
 *
 * It prints `words`, `files` or `directories`, and then, for words, one candidate on each line: for bash as it is to be
 * inserted, for others followed by a tab and a description. Nothing is printed where nothing is known, and
 * whatever goes wrong, the exit code is 0 and stderr stays empty: a shell would print that amid the command line.
 */

import { ExitCode } from "../../errors.ts";
import { giveUpPermissions, NEEDS_READ } from "../needs.ts";
import { type Candidate, type Completion } from "./candidate.ts";
import { complete } from "./complete.ts";
import { quoteShellWord, splitShellLine } from "./shell_words.ts";

/** Answers what a script asks, and resolves with the exit code. */
export async function answer(args: readonly string[]): Promise<number> {
  try {
    const place = { cwd: Deno.cwd(), env: Deno.env.toObject() };
    giveUpPermissions(NEEDS_READ);
    const text = await answerText(args, place);
    await Deno.stdout.write(new TextEncoder().encode(text));
  } catch {
    // A damaged run, a plan that is being written, no permission: there is nothing to offer then.
  }
  return ExitCode.OK;
}

/** What is printed for these arguments. */
export async function answerText(
  args: readonly string[],
  place: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<string> {
  const [shell, first = "", ...rest] = args;
  if (shell === "bash") {
    const { words, current } = splitShellLine(first, rest[0]);
    const completion = await complete(words.slice(1), current.value, place);
    return print(
      completion,
      ({ value }) => quoteShellWord(value.slice(current.fixed), current.quote),
    );
  }
  // What the shell has not unquoted by itself.
  const current = splitShellLine(first.slice(1)).current.value;
  const completion = await complete(rest, current, place);
  return print(completion, ({ value, description }) => `${value}\t${description}`);
}

function print(completion: Completion, lineOf: (candidate: Candidate) => string): string {
  if (completion.kind !== "words") return `${completion.kind}\n`;
  // A line end in a name would be taken for the end of a candidate.
  const fit = completion.candidates.filter(({ value }) => !/[\r\n\t]/.test(value));
  return ["words", ...fit.map((each) => lineOf(each).replaceAll(/[\r\n]+/g, " "))].join("\n") + "\n";
}
