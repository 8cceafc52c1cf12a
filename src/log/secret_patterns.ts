/**
 * The shapes of secrets. Every pattern is linear: it starts at a literal, and what it repeats cannot
 * begin again inside what it has already read.
 */

/** Where a secret stands in a text. */
export interface SecretSpan {
  /** Where what announces it starts: `Bearer `. Without that it would not be found. */
  readonly from: number;
  readonly start: number;
  readonly end: number;
  /** Names the kind of secret: `github`. */
  readonly shape: string;
}

/** A shape. Group 1 of its pattern, where there is one, is context that stays. */
interface SecretShape {
  readonly name: string;
  readonly pattern: RegExp;
}

/**
 * Most texts hold no secret: without one of these there is none. Before `sk-` stands no letter or digit, unless the text
 * is a JSON string and that ends an escape: the letters of `\b \f \n \r \t`, or the last hex digit of `\u001b`. An `a`
 * ends one only behind another such digit, so that `task-1` is no trigger. A letter may also end a colour code or an
 * escape of a URL. (A lookbehind takes more than twice as long.)
 */
const TRIGGER =
  /gh[pousr]_|github_pat_|glpat-|A[KS]IA|xox[a-z]-|[rs]k_(?:live|test)_|(?:^|[^A-Zag-mo-qsu-z]|[0-9a-f]a|[\d;[][A-Za-z]|%[A-F]{2})sk-|AIza|npm_|eyJ|[eE][aA][rR][eE][rR]|:\/\/[^\s/]*@|PRIVATE KEY/;

/**
 * A user's name and password between `://` and `@`, unless the password is only a reference to one. Brackets, which
 * may not stand there, are left out, so that what redaction puts in is not taken for a password.
 */
const CREDENTIALS = new RegExp(
  String.raw`(:\/\/)[^\s\/?#"'<>@:[\]]*:(?!\$\{?\w+\}?@|\$\(|\{\{?\w+\}\}?@|\*+@|@)[^\s\/?#"'<>[\]]+(?=@)`,
  "g",
);

/** A long user's name alone, as forges take tokens. */
const TOKEN_AS_USER = /((?<=[hH][tT][tT][pP][sS]?):\/\/)[\w.~%-]{20,}(?=@)/g;

/**
 * What may stand before a secret although it ends with a letter or digit: a code for the terminal (`ESC [1m`), an escape
 * of JSON or a programming language (`\\n`, `\\u001b[1m`, `\\x1b[1m`, `\\033[1m`), or one of a URL (`%20`).
 */
const BEHIND_ESCAPE = String
  .raw`(?<=\\[bfnrt]|\\u[\da-fA-F]{4}|\\x[\da-fA-F]{2}|%[\da-fA-F]{2}|(?:\x1b|\\u001[bB]|\\x1[bB]|\\033|\\e)\[[\d;]{0,16}[A-Za-z])`;

/** A shape that begins where no word goes on: not behind a letter or digit, unless that ends an escape. */
function wordShape(name: string, pattern: string): SecretShape {
  return { name, pattern: new RegExp(String.raw`(?:(?<![A-Za-z0-9])|${BEHIND_ESCAPE})${pattern}`, "g") };
}

const SHAPES: readonly SecretShape[] = [
  wordShape("github", "gh[pousr]_[A-Za-z0-9]{20,}"),
  wordShape("github", String.raw`github_pat_\w{20,}`),
  wordShape("gitlab", String.raw`glpat-[\w-]{16,}`),
  wordShape("aws", "A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])"),
  wordShape("slack", "xox[a-z]-[A-Za-z0-9-]{10,}"),
  wordShape("stripe", "[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"),
  wordShape("anthropic", String.raw`sk-ant-[\w-]{16,}`),
  wordShape("openai", String.raw`sk-(?:[A-Za-z0-9]{20,}|(?:proj|svcacct|admin|None)-[\w-]{16,})`),
  wordShape("google", String.raw`AIza[\w-]{35,}`),
  wordShape("npm", "npm_[A-Za-z0-9]{30,}"),
  // Not behind what was hidden: it may have ended with a dash, behind which none began either.
  {
    name: "jwt",
    pattern: new RegExp(
      String.raw`(?:(?<![\w-]|\[REDACTED:[a-z_]{1,16}\])|${BEHIND_ESCAPE})` +
        String.raw`eyJ[\w-]{8,}\.[\w-]{2,}\.[\w-]*(?:\.[\w-]+\.[\w-]+)?`,
      "g",
    ),
  },
  {
    name: "bearer",
    pattern: new RegExp(
      String.raw`((?:\b|${BEHIND_ESCAPE})[bB][eE][aA][rR][eE][rR]\s{1,16})[\w.~+/=-]{20,}`,
      "g",
    ),
  },
  { name: "url", pattern: CREDENTIALS },
  { name: "url", pattern: TOKEN_AS_USER },
];

/** The lines that open and close a private key. Of its last dashes the next line may make its first ones. */
const KEY_BEGIN = /-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?(?=-----)/g;
const KEY_END = /-----END (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g;
const DASHES = 5;
const CUT_OFF_BEGIN = /^-----BEGIN [A-Z0-9 ]{0,80}-{0,4}$/;
/** What a key that was cut off is made of. */
const KEY_BODY = /[\w+/=\s\\:,.-]*/y;

/** No private key is longer, in characters; a begin without an end within this is a key that was cut off. */
export const LONGEST_KEY = 64 * 1024;

/** Whether a text may hold a secret: false for nearly all, and cheap. Also true of the text as a JSON string. */
export function mayHoldSecret(text: string): boolean {
  return TRIGGER.test(text);
}

/** The secrets in a text, in order, not overlapping. */
export function findSecrets(text: string): SecretSpan[] {
  const found: SecretSpan[] = [];
  if (!mayHoldSecret(text)) return found;
  for (const { name, pattern } of SHAPES) {
    for (const match of text.matchAll(pattern)) {
      const start = match.index + (match[1]?.length ?? 0);
      found.push({ from: match.index, start, end: match.index + match[0].length, shape: name });
    }
  }
  found.push(...findKeys(text));
  return merge(found);
}

/** Where a private key begins that may yet be closed by what follows the text; −1 if there is none. */
export function openKeyStart(text: string): number {
  const last = text.lastIndexOf("-----BEGIN ");
  if (last < 0) return -1;
  const open = keyBlocks(text).find((block) =>
    block.end === Infinity && text.length - block.start <= LONGEST_KEY
  );
  if (open !== undefined) return open.start;
  // The line that opens it may itself be cut off.
  return CUT_OFF_BEGIN.test(text.slice(last, last + 100)) ? last : -1;
}

function findKeys(text: string): SecretSpan[] {
  return keyBlocks(text).map(({ start, body, end }) => ({
    from: start,
    start,
    end: end === Infinity ? cutOffEnd(text, body) : end,
    shape: "private_key",
  }));
}

/** A private key: where it begins, where the line behind its first one does, where it ends (or that it does not). */
interface KeyBlock {
  readonly start: number;
  readonly body: number;
  readonly end: number;
}

function keyBlocks(text: string): KeyBlock[] {
  const blocks: KeyBlock[] = [];
  let covered = 0;
  let end = -1;
  for (const begin of text.matchAll(KEY_BEGIN)) {
    const start = begin.index;
    const body = start + begin[0].length + DASHES;
    if (start + DASHES < covered) continue;
    if (end < body) end = nextKeyEnd(text, body);
    const isClosed = end - start <= LONGEST_KEY;
    covered = isClosed ? end : cutOffEnd(text, body);
    blocks.push({ start, body, end: isClosed ? end : Infinity });
  }
  return blocks;
}

/** The position after the next line that closes a key, or infinity. */
function nextKeyEnd(text: string, from: number): number {
  KEY_END.lastIndex = from;
  return KEY_END.test(text) ? KEY_END.lastIndex : Infinity;
}

function cutOffEnd(text: string, from: number): number {
  KEY_BODY.lastIndex = from;
  KEY_BODY.test(text);
  return KEY_BODY.lastIndex;
}

/** Makes one span of those that overlap; it has the shape of the one that starts first. */
function merge(spans: SecretSpan[]): SecretSpan[] {
  spans.sort((a, b) => a.start - b.start || b.end - a.end);
  const merged: SecretSpan[] = [];
  for (const span of spans) {
    const last = merged.at(-1);
    if (last === undefined || span.start >= last.end) {
      merged.push(span);
      continue;
    }
    const from = Math.min(last.from, span.from);
    merged[merged.length - 1] = { ...last, from, end: Math.max(last.end, span.end) };
  }
  return merged;
}
