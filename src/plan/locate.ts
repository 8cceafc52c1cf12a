/** From places in a plan to lines and columns of its text. Loaded only where there is something to report. */

import type { Node } from "jsonc-parser";
import { parseTree } from "jsonc-parser";
import {
  type Excerpt,
  type Finding,
  jsonPointer,
  type PlanPath,
  type PlanProblem,
  quote,
} from "./problem.ts";

/** Nobody reads the lines of more problems than this. */
const MOST_EXCERPTS = 100;
/** Of a line, so much before and behind the fault is kept, in UTF-16 units: more than any secret that is half seen. */
const MOST_CONTEXT = 8_192;

/** The problems that findings amount to, in the order of the text. `text` is what the plan was parsed from. */
export function locate(text: string, file: string, findings: readonly Finding[]): PlanProblem[] {
  // A finding whose place is known may be about a text that is too deep for a parser.
  const tree = findings.some((finding) => finding.offset === undefined) ? new PlaceTree(text) : undefined;
  const placed = findings
    .map((finding) => ({ finding, span: spanOf(finding, tree), related: relatedOffset(finding, tree) }))
    .sort((a, b) => a.span.offset - b.span.offset);
  const positionOf = positionsIn(text, placed.flatMap(({ span, related }) => [span.offset, related ?? 0]));
  return placed.map(({ finding, span, related }, at) => {
    const { code, path, message, suggestion } = finding;
    const hint = finding.hint ?? (suggestion === undefined ? undefined : didYouMean(suggestion));
    return {
      code,
      path: file,
      ...positionOf(span.offset),
      pointer: jsonPointer(path),
      message,
      ...(at < MOST_EXCERPTS ? { excerpt: excerptOf(text, span) } : {}),
      ...(hint === undefined ? {} : { hint }),
      ...(suggestion === undefined ? {} : { suggestion }),
      ...(finding.related === undefined || related === undefined
        ? {}
        : { related: { what: finding.related.what, ...positionOf(related) } }),
    };
  });
}

/** A place in a text and how long what stands there is, in UTF-16 units. */
interface Span {
  readonly offset: number;
  readonly length: number;
}

const NOWHERE: Span = { offset: 0, length: 0 };

function spanOf({ offset, length = 1, path, target }: Finding, tree: PlaceTree | undefined): Span {
  return offset === undefined ? tree?.spanOf(path, target) ?? NOWHERE : { offset, length };
}

function relatedOffset({ related }: Finding, tree: PlaceTree | undefined): number | undefined {
  if (related === undefined) return undefined;
  return typeof related.at === "number" ? related.at : tree?.spanOf(related.at, "value").offset;
}

function didYouMean(name: string): string {
  return `did you mean ${quote(name)}?`;
}

/** The line that a place is in; what goes on in the next line ends with the line. */
function excerptOf(text: string, { offset, length }: Span): Excerpt {
  const lineStart = offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
  const newline = text.indexOf("\n", offset);
  const from = Math.max(lineStart, offset - MOST_CONTEXT);
  const to = Math.min(newline < 0 ? text.length : newline, offset + MOST_CONTEXT);
  const line = text.slice(from, to).replace(/\r$/, "");
  const start = Math.min(offset - from, line.length);
  return {
    line,
    start,
    length: Math.max(1, Math.min(length, line.length - start)),
    isCutBefore: from > lineStart,
  };
}

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

/** A line and a column, both from 1. */
interface Position {
  readonly line: number;
  readonly column: number;
}

/** The lines and columns of all these offsets: one walk over the text, however many there are. */
function positionsIn(text: string, offsets: readonly number[]): (offset: number) => Position {
  const positions = new Map<number, Position>();
  let at = 0;
  let line = 1;
  let column = 1;
  let newline = text.indexOf("\n");
  for (const offset of [...offsets].sort((a, b) => a - b)) {
    while (newline >= 0 && newline < offset) {
      at = newline + 1;
      line++;
      column = 1;
      newline = text.indexOf("\n", at);
    }
    // A column is a character, and some characters are two units long.
    for (const _ of text.slice(at, offset)) column++;
    at = Math.max(at, offset);
    positions.set(offset, { line, column });
  }
  return (offset) => positions.get(offset) ?? { line: 1, column: 1 };
}
