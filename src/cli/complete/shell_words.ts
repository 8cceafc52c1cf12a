/** The words of a command line as a POSIX shell reads them, and the word at its end, which is being completed. */

/** The word that is being completed. */
export interface CurrentWord {
  /** What it stands for up to now, without quotes and backslashes. */
  readonly value: string;
  /** The quote that is open at its end. */
  readonly quote: '"' | "'" | "";
  /** How much of `value` lies before the place where the shell puts what is chosen. */
  readonly fixed: number;
}

/** A command line up to the cursor. */
export interface ShellLine {
  readonly words: readonly string[];
  readonly current: CurrentWord;
}

/** In double quotes a backslash quotes only these. */
const QUOTED_IN_DOUBLE = '"\\$`\n';

/**
 * Splits a command line at blanks; variables and substitutions stand for themselves. `breaks` are the characters
 * that end what the shell replaces (bash: COMP_WORDBREAKS), although they do not end a word.
 */
export function splitShellLine(line: string, breaks = ""): ShellLine {
  const words: string[] = [];
  let value = "";
  let isWord = false;
  let quote: CurrentWord["quote"] = "";
  let fixed = 0;
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? "";
    if (quote === "" && /\s/.test(char)) {
      if (isWord) words.push(value);
      value = "";
      isWord = false;
      fixed = 0;
      continue;
    }
    isWord = true;
    if (quote !== "" && char === quote) quote = "";
    else if (quote === "" && (char === '"' || char === "'")) {
      quote = char;
      fixed = value.length;
    } else if (char === "\\" && escapes(quote, line[at + 1])) {
      at += 1;
      value += line[at] ?? "";
    } else {
      value += char;
      if (quote === "" && breaks.includes(char)) fixed = value.length;
    }
  }
  return { words, current: { value, quote, fixed } };
}

function escapes(quote: CurrentWord["quote"], next: string | undefined): boolean {
  if (quote === "'") return false;
  return quote === "" || (next !== undefined && QUOTED_IN_DOUBLE.includes(next));
}

/** A text as it must be typed to stand for itself, where `quote` is open. */
export function quoteShellWord(text: string, quote: CurrentWord["quote"] = ""): string {
  if (quote === "'") return text.replaceAll("'", `'\\''`);
  if (quote === '"') return text.replaceAll(/["\\$`]/g, "\\$&");
  return text.replaceAll(/[^\p{L}\p{N}_.,:=@%+/~-]|^~/gu, "\\$&");
}
