/** The answer of a reviewer in what it says: an object that repeats the code of its review. Pure. */

/** So many objects that might be meant are looked at, the last one first. */
const CANDIDATES = 50;
/** And so many places before the word where each might begin. */
const BEGINNINGS = 50;

/**
 * The answer in what a reviewer says: the last JSON object whose field `review` is the code of this review; undefined where
 * there is none. What it quotes, from its prompt or from what it reviews, cannot hold that code with an answer of its own.
 */
export function answerIn(text: string, code: string): Record<string, unknown> | undefined {
  let from = text.length;
  for (let tries = 0; tries < CANDIDATES; tries++) {
    const at = text.lastIndexOf(code, from - 1);
    if (at < 0) break;
    const found = objectAround(text, at);
    if (found?.["review"] === code) return found;
    from = at;
    if (at === 0) break;
  }
  return undefined;
}

/** What is wrong with what holds no answer. */
export function noAnswer(code: string): string {
  return `its answer holds no JSON object with "review": "${code}"`;
}

/** The innermost JSON object that reaches over a place of the text and has the fields of a review. */
function objectAround(text: string, at: number): Record<string, unknown> | undefined {
  let from = at;
  for (let tries = 0; tries < BEGINNINGS; tries++) {
    const begin = text.lastIndexOf("{", from - 1);
    if (begin < 0) return undefined;
    const end = endOfObject(text, begin);
    if (end !== undefined && end > at) {
      const value = parsed(text.slice(begin, end));
      if (isObject(value) && "review" in value) return value;
    }
    if (begin === 0) return undefined;
    from = begin;
  }
  return undefined;
}

/** Where the object that begins at a place ends; undefined where it does not. */
function endOfObject(text: string, begin: number): number | undefined {
  let depth = 0;
  let isText = false;
  for (let at = begin; at < text.length; at++) {
    const char = text[at];
    if (isText) {
      if (char === "\\") at += 1;
      else if (char === '"') isText = false;
    } else if (char === '"') isText = true;
    else if (char === "{") depth += 1;
    else if (char === "}") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // It only looked like one.
    return undefined;
  }
}

/** Whether a value is an object with fields. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
