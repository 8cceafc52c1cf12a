/** The tokens of JSON with comments, with what is wrong inside of one. Only for texts that a parser has refused. */

import { quote } from "../problem.ts";

/** What is wrong with a text, and where. Offsets and lengths are in UTF-16 units. */
export interface SyntaxFault {
  readonly offset: number;
  readonly length: number;
  readonly message: string;
  readonly hint?: string;
  /** What it belongs to, such as the bracket that is never closed. */
  readonly related?: { readonly offset: number; readonly what: string };
}

/** A piece of the text. A `word` is whatever else stands between two delimiters; `end` is the end of the text. */
export interface Token {
  readonly kind: "{" | "}" | "[" | "]" | ":" | "," | "text" | "word" | "end";
  readonly offset: number;
  readonly length: number;
  /** Why it cannot be read, whatever stands around it. */
  readonly fault?: SyntaxFault;
}

const DELIMITERS = "{}[]:,";
/** What ends a word. */
const AFTER_WORD = /[\s{}[\]:,"]|\/[/*]/g;
/** All white space that JSON has. */
const SPACE = /[ \t\r\n]/;
/** Four hexadecimal digits. */
const UNICODE_ESCAPE = /^[0-9A-Fa-f]{4}/;

/** The tokens in the order of the text; the last one is `end`. */
export function* tokensOf(text: string): Generator<Token> {
  let at = 0;
  while (at < text.length) {
    const character = text[at] ?? "";
    if (SPACE.test(character)) {
      at++;
      continue;
    }
    if (text.startsWith("//", at)) {
      const end = text.slice(at).search(/[\r\n]/);
      at = end < 0 ? text.length : at + end;
      continue;
    }
    if (text.startsWith("/*", at)) {
      const end = text.indexOf("*/", at + 2);
      if (end < 0) {
        const fault = { offset: at, length: 2, message: "a comment has no end", hint: 'close it with "*/"' };
        yield { kind: "word", offset: at, length: text.length - at, fault };
        return;
      }
      at = end + 2;
      continue;
    }
    const token = tokenAt(text, at, character);
    yield token;
    at += token.length;
  }
  yield { kind: "end", offset: text.length, length: 0 };
}

function tokenAt(text: string, offset: number, character: string): Token {
  if (character === '"') return textAt(text, offset);
  if (DELIMITERS.includes(character)) {
    // Each character of the list is a kind of its own.
    return { kind: character as Token["kind"], offset, length: 1 };
  }
  AFTER_WORD.lastIndex = offset + 1;
  const end = AFTER_WORD.exec(text)?.index ?? text.length;
  return { kind: "word", offset, length: end - offset };
}

function textAt(text: string, offset: number): Token {
  let fault: SyntaxFault | undefined;
  for (let at = offset + 1; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === '"') {
      return { kind: "text", offset, length: at + 1 - offset, ...(fault === undefined ? {} : { fault }) };
    }
    if (character === "\n" || character === "\r") return unclosed(offset, at);
    if (character === "\\") {
      fault ??= escapeFault(text, at);
      // A line break ends the text even behind a backslash.
      if (!/[\r\n]/.test(text[at + 1] ?? "")) at++;
    } else if (character < " ") {
      fault ??= controlFault(character, at);
    }
  }
  return unclosed(offset, text.length);
}

function unclosed(offset: number, end: number): Token {
  const length = end - offset;
  const hint = 'add the closing quote; within a text, a quote is written \\" and a line break \\n';
  return {
    kind: "text",
    offset,
    length,
    fault: { offset, length, message: "a text has no closing quote", hint },
  };
}

/** How control characters are written in a text, where there is a short way. */
const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\t": "\\t", "\b": "\\b", "\f": "\\f" };

function controlFault(character: string, offset: number): SyntaxFault {
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  const name = character === "\t" ? "a tab" : `the control character U+${code}`;
  const hint = `write it as ${SHORT_ESCAPES[character] ?? `\\u${code.toLowerCase()}`}`;
  return { offset, length: 1, message: `${name} stands in a text`, hint };
}

function escapeFault(text: string, offset: number): SyntaxFault | undefined {
  const next = text[offset + 1] ?? "";
  if ('"\\/bfnrt'.includes(next)) return undefined;
  if (next === "u") {
    if (UNICODE_ESCAPE.test(text.slice(offset + 2, offset + 6))) return undefined;
    const hint = "such as \\u00e9; a backslash itself is written \\\\";
    return { offset, length: 2, message: "\\u needs four hexadecimal digits", hint };
  }
  if (/[\r\n]/.test(next)) return undefined;
  const character = String.fromCodePoint(text.codePointAt(offset + 1) ?? 0);
  const hint = next === "'" ? "a single quote needs no backslash" : "a backslash itself is written \\\\";
  const message = `\\${quote(character).slice(1, -1)} means nothing in a text`;
  return { offset, length: 1 + character.length, message, hint };
}
