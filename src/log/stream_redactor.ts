/** Redaction of text that comes in pieces, where a secret may be cut in two. */

import { marker } from "./redact.ts";
import { findSecrets, LONGEST_KEY, openKeyStart, type SecretSpan } from "./secret_patterns.ts";

/** Hides secrets in a stream. */
export interface StreamRedactor {
  /** Takes the next piece, and returns what can be shown now. */
  push(text: string): string;
  /** Returns the rest; the redactor can be used again. */
  flush(): string;
}

/** How much is held back at most, in characters: a private key, or a word without an end. */
const HOLD_LIMIT = LONGEST_KEY;

/** Of a word that is longer than the limit, this much is held back: no other secret is longer. */
const LONGEST_TOKEN = 8 * 1024;

/** Context that patterns look at before a secret. */
const CONTEXT = 16;

const WHITE_SPACE = /\s/;
/** What announces a secret behind white space. */
const ANNOUNCED = /bearer\s{0,16}$/i;
/** How a secret that fills the whole hold goes on. */
const CONTINUED = /^[\w.~+/=\s\\:,-]*/;

/**
 * Starts a redactor. What it returns, joined, is the redacted text, as long as no secret but a private key is
 * longer than 8 Ki characters and no private key longer than 64 Ki; of longer ones the beginning is hidden.
 *
 * It shows text up to the last white space, since no secret but a private key and a bearer token goes over one.
 */
export function createStreamRedactor(): StreamRedactor {
  /** Shown already; only a context for the patterns. */
  let context = "";
  let held = "";
  /** The last thing shown was the beginning of a secret without an end. */
  let isInside = false;

  const show = (length: number, spans: readonly SecretSpan[]): string => {
    const text = context + held;
    const end = context.length + length;
    let shown = "";
    let at = context.length;
    for (const span of spans) {
      if (span.end <= at || span.start >= end) continue;
      shown += text.slice(at, Math.max(at, span.start)) + marker(span.shape);
      at = span.end;
    }
    shown += text.slice(at, end);
    const next = Math.max(at, end);
    context = text.slice(Math.max(0, next - CONTEXT), next);
    held = text.slice(next);
    return shown;
  };

  return {
    push(piece) {
      let text = piece;
      if (isInside) {
        text = text.slice((CONTINUED.exec(text) as RegExpExecArray)[0].length);
        isInside = text === "";
      }
      if (text === "") return "";
      held += text;
      if (held.length <= HOLD_LIMIT && !WHITE_SPACE.test(text)) return "";
      const spans = findSecrets(context + held);
      const safe = safeLength(held);
      if (held.length - safe <= HOLD_LIMIT) return safe === 0 ? "" : show(safe, spans);
      const cut = held.length - LONGEST_TOKEN;
      const across = spans.find((span) =>
        span.start < context.length + cut && span.end > context.length + cut
      );
      if (across === undefined) return show(cut, spans);
      if (across.start > context.length) return show(across.start - context.length, spans);
      isInside = across.end === context.length + held.length;
      return show(across.end - context.length, spans);
    },
    flush() {
      isInside = false;
      const shown = show(held.length, findSecrets(context + held));
      context = "";
      return shown;
    },
  };
}

/** How much of the text no secret can reach over, whatever comes next. */
function safeLength(text: string): number {
  let length = text.length;
  while (length > 0 && !WHITE_SPACE.test(text[length - 1] as string)) length--;
  const announced = ANNOUNCED.exec(text.slice(Math.max(0, length - 32), length));
  if (announced !== null) length -= announced[0].length;
  const key = openKeyStart(text);
  return key < 0 ? length : Math.min(length, key);
}
