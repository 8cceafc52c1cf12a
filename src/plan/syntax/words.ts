/** What somebody probably meant by a word that JSON does not know. */

import { nearest } from "../nearest.ts";
import { quote } from "../problem.ts";

/** What is wrong with a word, and what to write in its place. */
export interface WordFault {
  readonly message: string;
  readonly hint: string;
  /** How much of the word it is about, in UTF-16 units. Default: all. */
  readonly length?: number;
}

const LITERALS = ["true", "false", "null"];
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** What other languages call the values that JSON has a word for. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  true: "true",
  yes: "true",
  on: "true",
  false: "false",
  no: "false",
  off: "false",
  null: "null",
  none: "null",
  nil: "null",
  undefined: "null",
};

const MERGE_CONFLICT = /^(?:<{7}|={7}|>{7})/;
const TYPOGRAPHIC_QUOTE = /^[\u2018-\u201f\u00ab\u00bb]/;
/** Spaces that are none to JSON, what has no width, and control characters. */
const INVISIBLE = /^[\p{Cc}\p{Cf}\p{Z}]/u;

/** Whether JSON knows the word as a value. */
export function isValue(word: string): boolean {
  return LITERALS.includes(word) || NUMBER.test(word);
}

/** What is wrong with a word wherever it stands: it is no attempt at a name or a value. */
export function oddWord(word: string): WordFault | undefined {
  const [invisible] = INVISIBLE.exec(word) ?? [];
  if (invisible !== undefined) {
    const code = (invisible.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return {
      message: `the invisible character U+${code} stands between the values`,
      hint: "replace it by a plain space, or remove it",
      length: invisible.length,
    };
  }
  if (MERGE_CONFLICT.test(word)) {
    const hint = 'keep one of the two sides, and remove the lines with "<<<<<<<", "=======" and ">>>>>>>"';
    return { message: "a merge conflict was left in the file", hint };
  }
  if (word.startsWith("#")) {
    return {
      message: '"#" begins no comment',
      hint: 'comments begin with "//", or stand in /* */',
      length: 1,
    };
  }
  if (TYPOGRAPHIC_QUOTE.test(word)) {
    return { message: "typographic quotes do not count as quotes", hint: 'write plain ones: "', length: 1 };
  }
  return undefined;
}

/** What is wrong with a word in the place of a field's name. */
export function nameFault(word: string): WordFault {
  const odd = oddWord(word);
  if (odd !== undefined) return odd;
  const bare = unquoted(word);
  return {
    message: "the name of a field stands in double quotes",
    ...(/^[\w$.-]+$/.test(bare) ? { hint: `write ${quote(bare)}` } : { hint: 'write "name"' }),
  };
}

/** What is wrong with a word in the place of a value. */
export function valueFault(word: string): WordFault {
  const odd = oddWord(word);
  if (odd !== undefined) return odd;
  if (/^['`]/.test(word)) {
    return { message: "a text stands in double quotes", hint: `write ${quote(unquoted(word))}` };
  }
  if (word.endsWith(";") && isValue(word.slice(0, -1))) {
    return { message: '";" stands where a "," belongs', hint: `write ${word.slice(0, -1)},` };
  }
  const literal = OTHER_NAMES[word.toLowerCase()] ?? nearest(word, LITERALS);
  if (literal !== undefined) return { message: `${quote(word)} is no value`, hint: `write ${literal}` };
  if (/^[+-]?\.?\d/.test(word)) {
    return {
      message: `${quote(word)} is no number`,
      hint: 'numbers look like 60, 0.5 or 1e3; a text such as "2h" stands in double quotes',
    };
  }
  return {
    message: `${quote(word)} is no value`,
    hint: `a text stands in double quotes; the only words without are ${LITERALS.join(", ")}`,
  };
}

function unquoted(word: string): string {
  return word.replace(/^['`]/, "").replace(/['`]$/, "");
}
