/** From the bytes of a file to the text of a plan. */

import type { Finding } from "./problem.ts";

/** The text, or what keeps the bytes from being one; `shown` is what can be shown of them around the place. */
export type DecodedPlan =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly finding: Finding; readonly shown: string };

const SAVE_AS_UTF8 = "save the file as UTF-8";
/** So far zero bytes are looked for: texts have none, and most other files have one soon. */
const LOOKED_AT_BYTES = 8_192;
const REPLACEMENT = "\ufffd";

/** Decodes UTF-8. A byte order mark stays. Bytes that are no UTF-8 are refused: a command would not be what was written. */
export function decodePlan(bytes: Uint8Array): DecodedPlan {
  const start = bytes.subarray(0, LOOKED_AT_BYTES);
  const [first, second, third, fourth] = start;
  if (first === 0xff && second === 0xfe || first === 0xfe && second === 0xff) {
    return refused("the file is UTF-16", SAVE_AS_UTF8);
  }
  const zero = start.indexOf(0);
  if (zero === 0 && third === 0 || zero === 1 && fourth === 0) {
    return refused("the file seems to be UTF-16", SAVE_AS_UTF8);
  }
  if (zero >= 0) return refused("the file is no text: it holds zero bytes", "check which file was named");
  try {
    return { ok: true, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const offset = firstReplaced(text, bytes);
    const byte = bytes[utf8Length(text.slice(0, offset))] ?? 0;
    const name = byte.toString(16).toUpperCase().padStart(2, "0");
    const message = `the byte ${name} (hexadecimal) is no UTF-8`;
    const finding: Finding = { code: "encoding", path: [], offset, message, hint: SAVE_AS_UTF8 };
    return { ok: false, finding, shown: text };
  }
}

/** The text of some bytes says nothing where they are none, so nothing of it is shown. */
function refused(message: string, hint: string): DecodedPlan {
  return { ok: false, finding: { code: "encoding", path: [], offset: 0, message, hint }, shown: "" };
}

/** The place of the first character that stands for bytes that are no UTF-8. */
function firstReplaced(text: string, bytes: Uint8Array): number {
  let byte = 0;
  let before = 0;
  for (let at = text.indexOf(REPLACEMENT); at >= 0; at = text.indexOf(REPLACEMENT, at + 1)) {
    byte += utf8Length(text.slice(before, at));
    before = at + 1;
    // The file may hold that very character.
    if (bytes[byte] !== 0xef || bytes[byte + 1] !== 0xbf || bytes[byte + 2] !== 0xbd) return at;
    byte += 3;
  }
  return 0;
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
