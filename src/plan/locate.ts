/** From places in a plan to lines and columns of its text. Loaded only where there is something to report. */

import type { Node, ParseError } from "jsonc-parser";
import { parse, parseTree, printParseErrorCode } from "jsonc-parser";
import { type Finding, jsonPointer, type PlanPath, type PlanProblem } from "./problem.ts";

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
  const root = parseTree(text, [], { allowTrailingComma: true });
  const lineStarts = lineStartsOf(text);
  return findings
    .map((finding) => ({ finding, offset: finding.offset ?? offsetOf(root, finding.path, finding.target) }))
    .sort((a, b) => a.offset - b.offset)
    .map(({ finding, offset }) => {
      const line = lineAt(lineStarts, offset);
      const start = lineStarts[line - 1] ?? 0;
      return {
        path: file,
        line,
        column: [...text.slice(start, offset)].length + 1,
        pointer: jsonPointer(finding.path),
        message: finding.message,
        ...(finding.hint === undefined ? {} : { hint: finding.hint }),
      };
    });
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
  EndOfFileExpected: "the plan has ended, but more text follows",
  InvalidCommentToken: "a comment is not allowed here",
  UnexpectedEndOfComment: 'a comment has no "*/"',
  UnexpectedEndOfString: "a text has no closing quote",
  UnexpectedEndOfNumber: "a number is cut off",
  InvalidUnicode: "a \\u needs four hexadecimal digits",
  InvalidEscapeCharacter: "a backslash is followed by a character that it cannot stand before",
  InvalidCharacter: "a control character stands in a text",
};

/** The place of a value, or of its key; of what is nearest above it where it does not exist. */
function offsetOf(root: Node | undefined, path: PlanPath, target: Finding["target"]): number {
  let node = root;
  let key: Node | undefined;
  for (const step of path) {
    const [name, value] = childOf(node, step);
    if (value === undefined) return node?.offset ?? 0;
    key = name;
    node = value;
  }
  return (target === "key" ? key?.offset : undefined) ?? node?.offset ?? 0;
}

/** The key and the value of a child: the last one of that key, which is the one that counts. */
function childOf(
  node: Node | undefined,
  step: string | number,
): readonly [Node | undefined, Node | undefined] {
  if (typeof step === "number") {
    return [undefined, node?.type === "array" ? node.children?.[step] : undefined];
  }
  const property = node?.children?.findLast((each) => each.children?.[0]?.value === step);
  return [property?.children?.[0], property?.children?.[1]];
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** The line, from 1, that holds a place: binary search. */
function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}
