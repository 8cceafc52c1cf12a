/** What a parser of JSON does not say: keys that appear twice in one object, and how deep the nesting is. */

/** A key and its place in the text, with its quotes, in UTF-16 units. */
export interface KeyAt {
  readonly key: string;
  readonly offset: number;
  readonly length: number;
}

/** A key that its object has already, and where. */
export interface DuplicateKey extends KeyAt {
  readonly firstOffset: number;
}

/** What a look over a text found. */
export interface JsonScan {
  /** Keys that the same object has already. */
  readonly duplicates: readonly DuplicateKey[];
  /** Keys named `__proto__`, which programs take for something else. */
  readonly forbidden: readonly KeyAt[];
  /** Whether there is nothing but white space and comments. */
  readonly isBlank: boolean;
  /** Where the nesting first went deeper than allowed; null where it did not. */
  readonly tooDeepAt: number | null;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const SLASH = 0x2f;
const STAR = 0x2a;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const SPACE = 0x20;

/** Looks over JSON with comments once. Text that is no JSON is looked over as well as can be. */
export function scanJson(text: string, deepest: number): JsonScan {
  const duplicates: DuplicateKey[] = [];
  const forbidden: KeyAt[] = [];
  /** The keys of each open object, with their places; null for a list. */
  const open: (Map<string, number> | null)[] = [];
  let tooDeepAt: number | null = null;
  let last = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code <= SPACE) continue;
    if (code === SLASH) {
      at = endOfComment(text, at);
      continue;
    }
    if (code === QUOTE) {
      const end = endOfString(text, at);
      const keys = open.at(-1);
      if (keys && (last === OPEN_BRACE || last === COMMA)) {
        const key = decode(text.slice(at, end + 1));
        const place = { key, offset: at, length: end + 1 - at };
        const firstOffset = keys.get(key);
        if (firstOffset !== undefined) duplicates.push({ ...place, firstOffset });
        else keys.set(key, at);
        if (key === "__proto__") forbidden.push(place);
      }
      at = end;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      open.push(code === OPEN_BRACE ? new Map() : null);
      if (open.length > deepest) tooDeepAt ??= at;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      open.pop();
    }
    last = code;
  }
  return { duplicates, forbidden, isBlank: last === 0, tooDeepAt };
}

/** The place of the last character of the comment that begins at `at`; `at` where none does. */
function endOfComment(text: string, at: number): number {
  const second = text.charCodeAt(at + 1);
  if (second === STAR) {
    const end = text.indexOf("*/", at + 2);
    return end < 0 ? text.length : end + 1;
  }
  if (second !== SLASH) return at;
  let end = at + 2;
  while (end < text.length && text[end] !== "\n" && text[end] !== "\r") end++;
  return end;
}

/** The place of the quote that ends the string which begins at `at`. */
function endOfString(text: string, at: number): number {
  for (let end = at + 1; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === BACKSLASH) end++;
    else if (code === QUOTE) return end;
  }
  return text.length;
}

/** The text of a string literal; the literal itself where it is none. */
function decode(literal: string): string {
  if (!literal.includes("\\")) return literal.slice(1, -1);
  try {
    return String(JSON.parse(literal));
  } catch {
    return literal;
  }
}
