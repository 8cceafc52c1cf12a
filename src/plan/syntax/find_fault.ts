/** The first place where a text stops to be JSON with comments, and what belongs there. */

import { quote } from "../problem.ts";
import { type SyntaxFault, type Token, tokensOf } from "./tokens.ts";
import { isValue, nameFault, oddWord, valueFault, type WordFault } from "./words.ts";

/** What may come next. The first of a list or object may be missing; so may what follows a comma (trailing commas). */
type Expected = "value" | "first item" | "item" | "first name" | "name" | "colon" | "comma" | "end";

/** An object or a list that is not closed yet. */
interface Open {
  readonly kind: "{" | "[";
  readonly offset: number;
}

const CLOSER = { "{": "}", "[": "]" } as const;
const OPENER = { "}": "{", "]": "[" } as const;

/**
 * The first fault of a text; undefined where it is JSON with comments and trailing commas.
 *
 * @param subject what the text is, with its article: `the plan`
 */
export function findFault(text: string, subject: string): SyntaxFault | undefined {
  const open: Open[] = [];
  let expected: Expected = "value";
  let before: Token = { kind: "end", offset: 0, length: 0 };
  for (const token of tokensOf(text)) {
    const place: Place = { text, subject, token, before, open };
    const fault = token.fault ?? faultOf(expected, place);
    if (fault !== undefined) return fault;
    expected = follow(expected, token, open);
    before = token;
  }
  return undefined;
}

/** Where the reader is: at a token, behind another, inside of what is open. */
interface Place {
  readonly text: string;
  readonly subject: string;
  readonly token: Token;
  readonly before: Token;
  readonly open: readonly Open[];
}

/** What may come behind a token that is right where it stands. */
function follow(expected: Expected, { kind, offset }: Token, open: Open[]): Expected {
  switch (kind) {
    case "{":
    case "[":
      open.push({ kind, offset });
      return kind === "{" ? "first name" : "first item";
    case "}":
    case "]":
      open.pop();
      break;
    case ":":
      return "value";
    case ",":
      return open.at(-1)?.kind === "{" ? "name" : "item";
    case "text":
      if (expected === "name" || expected === "first name") return "colon";
  }
  return open.length === 0 ? "end" : "comma";
}

/** Why the token cannot stand here. */
function faultOf(expected: Expected, place: Place): SyntaxFault | undefined {
  switch (expected) {
    case "value":
    case "first item":
    case "item":
      return atValue(expected, place);
    case "first name":
    case "name":
      return atName(expected, place);
    case "colon":
      return atColon(place);
    case "comma":
      return atComma(place);
    case "end":
      return atEnd(place);
  }
}

function atValue(expected: Expected, place: Place): SyntaxFault | undefined {
  const { token, open } = place;
  const word = token.kind === "word" ? wordOf(place) : undefined;
  if (token.kind === "text" || token.kind === "{" || token.kind === "[") return undefined;
  if (word !== undefined && isValue(word)) return undefined;
  if (open.length === 0) return atBeginning(place, word);
  if (word !== undefined) return fault(token, valueFault(word));
  if (expected !== "value") {
    if (token.kind === "]") return undefined;
    if (token.kind === "}") return mismatch(place, token.kind);
    if (token.kind === "end") return unclosed(place);
  }
  return missing(place, "a value");
}

/** The text begins with what begins no value at all. */
function atBeginning({ token, subject }: Place, word: string | undefined): SyntaxFault {
  const odd = word === undefined ? undefined : oddWord(word);
  const hint = 'it is JSON with comments: { "field": value }';
  return fault(token, odd ?? { message: `${subject} must begin with "{"`, hint });
}

function atName(expected: Expected, place: Place): SyntaxFault | undefined {
  const { token } = place;
  switch (token.kind) {
    case "text":
      return undefined;
    case "}":
      return undefined;
    case "]":
      return mismatch(place, token.kind);
    case "end":
      return unclosed(place);
    case "word":
      return fault(token, nameFault(wordOf(place)));
    case ",":
      return fault(token, {
        message: expected === "name" ? "two commas follow each other" : 'a "," stands before the first field',
        hint: "remove it",
      });
    case "{":
    case "[":
    case ":":
      return missing(place, "the name of a field, in double quotes,");
  }
}

function atColon(place: Place): SyntaxFault | undefined {
  const { token } = place;
  if (token.kind === ":") return undefined;
  if (token.kind === "word" && wordOf(place).startsWith("=")) {
    return fault(token, {
      message: '"=" stands where a ":" belongs',
      hint: 'name and value: "name": 1',
      length: 1,
    });
  }
  return missingBehind(place, ":", "between the name of a field and its value");
}

function atComma(place: Place): SyntaxFault | undefined {
  const { token, open } = place;
  const inside = open.at(-1);
  switch (token.kind) {
    case ",":
      return undefined;
    case "}":
    case "]":
      return inside !== undefined && CLOSER[inside.kind] === token.kind
        ? undefined
        : mismatch(place, token.kind);
    case "end":
      return unclosed(place);
    case ":":
      return inside?.kind === "["
        ? {
          ...fault(token, {
            message: 'a ":" stands in a list, whose values have no names',
            hint: 'a "]" or a "{" is missing before',
          }),
          related: { offset: inside.offset, what: "the list begins" },
        }
        : fault(token, { message: 'a "," or a "}" must follow a value', hint: 'remove this ":"' });
    case "{":
    case "[":
      // In an object a name would have to come first.
      return inside?.kind === "{" ? unclosed(place) : missingBehind(place, ",", "between two values");
    case "text":
      return missingBehind(place, ",", inside?.kind === "{" ? "between two fields" : "between two values");
    case "word": {
      const word = wordOf(place);
      if (isValue(word) && inside?.kind === "[") return missingBehind(place, ",", "between two values");
      return fault(
        token,
        oddWord(word) ?? {
          message: `${quote(word)} is not expected behind a value`,
          hint: `a "," or a "${inside === undefined ? "}" : CLOSER[inside.kind]}" must follow; ` +
            'a quote within a text is written \\"',
        },
      );
    }
  }
}

function atEnd(place: Place): SyntaxFault | undefined {
  const { token } = place;
  if (token.kind === "end") return undefined;
  if (token.kind === "}" || token.kind === "]") {
    return fault(token, { message: `this "${token.kind}" closes nothing`, hint: "remove it" });
  }
  const odd = token.kind === "word" ? oddWord(wordOf(place)) : undefined;
  return fault(
    token,
    odd ?? { message: `${place.subject} ended before this`, hint: "remove what follows, or comment it out" },
  );
}

/** A bracket that does not close what was opened last. */
function mismatch(place: Place, kind: "}" | "]"): SyntaxFault {
  const opener = OPENER[kind];
  if (place.open.some((each) => each.kind === opener)) return unclosed(place);
  const inside = place.open.at(-1);
  const wanted = inside === undefined ? opener : CLOSER[inside.kind];
  return {
    ...fault(place.token, {
      message: `a "${kind}" stands where a "${wanted}" belongs`,
      hint: `write "${wanted}"`,
    }),
    ...(inside === undefined ? {} : { related: begins(inside) }),
  };
}

/** What was opened last is not closed where it must be. */
function unclosed({ before, open }: Place): SyntaxFault {
  const inside = open.at(-1);
  if (inside === undefined) throw new RangeError("Nothing is open");
  return {
    offset: before.offset + before.length,
    length: 1,
    message: `a "${CLOSER[inside.kind]}" is missing here`,
    related: begins(inside),
  };
}

function begins({ kind, offset }: Open): NonNullable<SyntaxFault["related"]> {
  return { offset, what: kind === "{" ? "the object begins" : "the list begins" };
}

function missing({ token, before }: Place, what: string): SyntaxFault {
  const offset = token.kind === "end" ? before.offset + before.length : token.offset;
  return { offset, length: 1, message: `${what} is missing here` };
}

function missingBehind({ before }: Place, character: string, where: string): SyntaxFault {
  return {
    offset: before.offset + before.length,
    length: 1,
    message: `a "${character}" is missing here, ${where}`,
  };
}

function fault({ offset, length: whole }: Token, { message, hint, length }: WordFault): SyntaxFault {
  return { offset, length: length ?? whole, message, hint };
}

function wordOf({ text, token }: Place): string {
  return text.slice(token.offset, token.offset + token.length);
}
