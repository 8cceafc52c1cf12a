/** From places in a plan to lines and columns of its text. Loaded only where there is something to report. */

import type { Node, ParseError } from "jsonc-parser";
import { parse, parseTree, printParseErrorCode } from "jsonc-parser";
import { type Excerpt, type Finding, jsonPointer, type PlanPath, type PlanProblem } from "./problem.ts";

/** Where and why a text is no JSON. */
export interface SyntaxFinding {
  readonly offset: number;
  readonly message: string;
}

/** The first error of syntax; undefined where there is none. */
export function findSyntaxError(text: string): SyntaxFinding | undefined {
  const errors: ParseError[] = [];
  parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first === undefined) return undefined;
  const code = printParseErrorCode(first.error);
  return { offset: first.offset, message: SYNTAX_MESSAGES[code] ?? "the text is no JSON here" };
}

/** The problems that findings amount to, in the order of the text. `text` is what the plan was parsed from. */
export function locate(text: string, file: string, findings: readonly Finding[]): PlanProblem[] {
  // A finding whose place is known may be about a text that is too deep for a parser.
  const tree = findings.some((finding) => finding.offset === undefined) ? new PlaceTree(text) : undefined;
  const position = positionsIn(text);
  return findings
    .map((finding) => ({
      finding,
      ...(finding.offset === undefined
        ? tree?.spanOf(finding.path, finding.target) ?? NOWHERE
        : { offset: finding.offset, length: 1 }),
    }))
    .sort((a, b) => a.offset - b.offset)
    .map(({ finding, offset, length }) => ({
      path: file,
      ...position(offset),
      excerpt: excerptOf(text, offset, length),
      pointer: jsonPointer(finding.path),
      message: finding.message,
      ...(finding.hint === undefined ? {} : { hint: finding.hint }),
    }));
}

/** A place in a text and how long what stands there is, in UTF-16 units. */
interface Span {
  readonly offset: number;
  readonly length: number;
}

const NOWHERE: Span = { offset: 0, length: 0 };

/** The line that a place is in; what goes on in the next line ends with the line. */
function excerptOf(text: string, offset: number, length: number): Excerpt {
  const from = text.lastIndexOf("\n", offset - 1) + 1;
  const end = text.indexOf("\n", offset);
  const line = text.slice(from, end < 0 ? text.length : end).replace(/\r$/, "");
  const start = Math.min(offset - from, line.length);
  return { line, start, length: Math.max(1, Math.min(length, line.length - start)) };
}

const SYNTAX_MESSAGES: Readonly<Record<string, string>> = {
  InvalidSymbol: "this is neither a text in quotes, a number, true, false nor null",
  InvalidNumberFormat: "this is no number",
  PropertyNameExpected: "a field name in double quotes is missing here",
  ValueExpected: "a value is missing here",
  ColonExpected: 'a ":" is missing here',
  CommaExpected: 'a "," is missing here',
  CloseBraceExpected: 'a "}" is missing here',
  CloseBracketExpected: 'a "]" is missing here',
  EndOfFileExpected: "the text is complete, but more follows",
  InvalidCommentToken: "a comment is not allowed here",
  UnexpectedEndOfComment: 'a comment has no "*/"',
  UnexpectedEndOfString: "a text has no closing quote",
  UnexpectedEndOfNumber: "a number is cut off",
  InvalidUnicode: "a \\u needs four hexadecimal digits",
  InvalidEscapeCharacter: "a backslash is followed by a character that it cannot stand before",
  InvalidCharacter: "a control character stands in a text",
};

/** The syntax tree of a plan. Looking up a place costs as much as its path is long, however large the objects. */
class PlaceTree {
  readonly #root: Node | undefined;
  readonly #properties = new WeakMap<Node, ReadonlyMap<unknown, Node>>();

  constructor(text: string) {
    this.#root = parseTree(text, [], { allowTrailingComma: true });
  }

  /** The place of a value, or of its key; of what is nearest above it where it does not exist. */
  spanOf(path: PlanPath, target: Finding["target"]): Span {
    let node = this.#root;
    let key: Node | undefined;
    for (const step of path) {
      const [name, value] = this.#childOf(node, step);
      // Of a task that lacks a field, its opening brace is shown, not all of it.
      if (value === undefined) return { offset: node?.offset ?? 0, length: 1 };
      key = name;
      node = value;
    }
    return (target === "key" ? key : undefined) ?? node ?? NOWHERE;
  }

  /** The key and the value of a child. */
  #childOf(node: Node | undefined, step: string | number): readonly [Node | undefined, Node | undefined] {
    if (node === undefined) return [undefined, undefined];
    if (typeof step === "number") {
      return [undefined, node.type === "array" ? node.children?.[step] : undefined];
    }
    let properties = this.#properties.get(node);
    if (properties === undefined) {
      // Of two properties with one key the last one counts.
      properties = new Map(node.children?.map((property) => [property.children?.[0]?.value, property]));
      this.#properties.set(node, properties);
    }
    const property = properties.get(step);
    return [property?.children?.[0], property?.children?.[1]];
  }
}

/** Line and column, both from 1, of places that are asked for in ascending order: one walk over the text. */
function positionsIn(text: string): (offset: number) => { readonly line: number; readonly column: number } {
  let at = 0;
  let line = 1;
  let column = 1;
  let newline = text.indexOf("\n");
  return (offset) => {
    while (newline >= 0 && newline < offset) {
      at = newline + 1;
      line++;
      column = 1;
      newline = text.indexOf("\n", at);
    }
    // A column is a character, and some characters are two units long.
    for (const _ of text.slice(at, offset)) column++;
    at = Math.max(at, offset);
    return { line, column };
  };
}
