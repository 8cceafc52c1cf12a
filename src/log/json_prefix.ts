/** Whether bytes could be the beginning of a JSON object: tells a line that was cut off from a damaged one. */

/** What may come next, outside of strings, numbers and literals. */
type Expected = "value" | "value or ]" | "key" | "key or }" | "colon" | "comma or close" | "nothing";

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** What a number can begin with. */
const NUMBER_PREFIX = /^-?(?:(?:0|[1-9]\d*)(?:\.\d*)?(?:(?<=\d)[eE][+-]?\d*)?)?$/;
const LITERALS = ["true", "false", "null"];

/**
 * Whether some continuation of `bytes` is a JSON object on one line. A whole object is not: nothing can follow it.
 * Bytes that end within a UTF-8 sequence are judged by what stands before it.
 */
export function isObjectPrefix(bytes: Uint8Array): boolean {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true });
  } catch {
    return false;
  }
  return text === "" || (text.startsWith("{") && isCutOff(text));
}

/** Walks the tokens of `text`; true if it ends before its outermost value does. */
function isCutOff(text: string): boolean {
  const open: string[] = [];
  let expected: Expected = "value";
  for (let at = 0; at < text.length;) {
    const character = text[at] as string;
    if (character === " " || character === "\t") {
      at++;
    } else if (character === '"') {
      if (expected === "colon" || expected === "comma or close" || expected === "nothing") return false;
      const end = stringEnd(text, at);
      if (end === "cut off") return true;
      if (end === "broken") return false;
      at = end;
      expected = expected.startsWith("key") ? "colon" : "comma or close";
    } else if ("{}[]:,".includes(character)) {
      const next = punctuation(character, expected, open);
      if (next === undefined) return false;
      expected = next;
      at++;
    } else {
      if (!expected.startsWith("value")) return false;
      const end = scalarEnd(text, at);
      const word = text.slice(at, end);
      if (end === text.length) {
        return NUMBER_PREFIX.test(word) || LITERALS.some((whole) => whole.startsWith(word));
      }
      if (!NUMBER.test(word) && !LITERALS.includes(word)) return false;
      at = end;
      expected = "comma or close";
    }
  }
  return expected !== "nothing";
}

/** What is expected after a structural character, or `undefined` where it may not stand. */
function punctuation(character: string, expected: Expected, open: string[]): Expected | undefined {
  switch (character) {
    case "{":
    case "[":
      if (!expected.startsWith("value")) return undefined;
      open.push(character);
      return character === "{" ? "key or }" : "value or ]";
    case "}":
    case "]": {
      const opener = character === "}" ? "{" : "[";
      const mayClose = expected === "comma or close" || expected.endsWith(character);
      if (!mayClose || open.pop() !== opener) return undefined;
      return open.length === 0 ? "nothing" : "comma or close";
    }
    case ":":
      return expected === "colon" ? "value" : undefined;
    default:
      if (expected !== "comma or close") return undefined;
      return open.at(-1) === "{" ? "key" : "value";
  }
}

/** The position after the string that starts at `start`. */
function stringEnd(text: string, start: number): number | "cut off" | "broken" {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) return "broken";
    if (code !== 0x5c) continue;
    at++;
    const escape = text[at];
    if (escape === undefined) return "cut off";
    if (escape === "u") {
      const digits = text.slice(at + 1, at + 5);
      if (!/^[0-9a-fA-F]*$/.test(digits)) return "broken";
      at += digits.length;
    } else if (!'"\\/bfnrt'.includes(escape)) return "broken";
  }
  return "cut off";
}

/** The position after the number or literal that starts at `start`. */
function scalarEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && !' \t"{}[]:,'.includes(text[at] as string)) at++;
  return at;
}
