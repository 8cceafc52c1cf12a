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

/**
 * Of what was shown, this much stays as context: patterns look at the character before a secret. With more of it
 * they would find secrets in there whose own context is gone.
 */
const CONTEXT = 1;

const WHITE_SPACE = /\s/;
/** What announces a secret behind white space. */
const ANNOUNCED = /bearer\s{0,16}$/i;
/** How a secret goes on that fills the whole hold: a private key, and any other. */
const KEY_CONTINUED = /^[\w.~+/=\s\\:,-]*/;
const TOKEN_CONTINUED = /^[\w.~+/=-]*/;

/**
 * Starts a redactor. What it returns, joined, is the redacted text, as long as no secret but a private key is
 * longer than 8 Ki characters and no private key longer than 64 Ki; of longer ones the beginning is hidden.
 *
 * It shows text up to the last white space, since no secret but a private key and a bearer token goes over one.
 */
export function createStreamRedactor(): StreamRedactor {
  return new HoldingRedactor();
}

class HoldingRedactor implements StreamRedactor {
  /** Shown already; only a context for the patterns. */
  #context = "";
  #held = "";
  /** What follows a secret that was hidden before its end had come. */
  #continued: RegExp | undefined;

  push(piece: string): string {
    const text = this.#withoutContinued(piece);
    if (text === "") return "";
    this.#held += text;
    if (this.#held.length <= HOLD_LIMIT && !WHITE_SPACE.test(text)) return "";
    const spans = findSecrets(this.#context + this.#held);
    const length = this.#beforeSecrets(safeLength(this.#held), spans);
    if (this.#held.length - length <= HOLD_LIMIT) return length === 0 ? "" : this.#show(length, spans);
    return this.#showLong(spans);
  }

  flush(): string {
    this.#continued = undefined;
    const shown = this.#show(this.#held.length, findSecrets(this.#context + this.#held));
    this.#context = "";
    return shown;
  }

  #withoutContinued(piece: string): string {
    if (this.#continued === undefined) return piece;
    const text = piece.replace(this.#continued, "");
    if (text !== "") this.#continued = undefined;
    return text;
  }

  /** The secret that a cut of the held text goes through, in positions of that text. */
  #secretAcross(cut: number, spans: readonly SecretSpan[]): SecretSpan | undefined {
    const shift = this.#context.length;
    const span = spans.find(({ from, end }) => from < shift + cut && end > shift + cut);
    return span && { ...span, from: Math.max(0, span.from - shift), end: span.end - shift };
  }

  /** Moves a cut to where it goes through no secret. */
  #beforeSecrets(cut: number, spans: readonly SecretSpan[]): number {
    let moved = cut;
    for (let secret = this.#secretAcross(cut, spans); secret !== undefined && moved > 0;) {
      moved = secret.from;
      secret = this.#secretAcross(moved, spans);
    }
    return moved;
  }

  /** Shows the beginning of a hold that has become too long, but not the beginning of a secret in it. */
  #showLong(spans: readonly SecretSpan[]): string {
    const cut = this.#held.length - LONGEST_TOKEN;
    const before = this.#beforeSecrets(cut, spans);
    if (before > 0) return this.#show(before, spans);
    const secret = this.#secretAcross(cut, spans);
    if (secret?.end === this.#held.length) {
      this.#continued = secret.shape === "private_key" ? KEY_CONTINUED : TOKEN_CONTINUED;
    }
    return this.#show(secret?.end ?? cut, spans);
  }

  /** Shows this much of the held text, with its secrets hidden. */
  #show(length: number, spans: readonly SecretSpan[]): string {
    const text = this.#context + this.#held;
    const end = this.#context.length + length;
    let shown = "";
    let at = this.#context.length;
    for (const span of spans) {
      if (span.end <= at || span.start >= end) continue;
      shown += text.slice(at, Math.max(at, span.start)) + marker(span.shape);
      at = span.end;
    }
    const next = Math.max(at, end);
    shown += text.slice(at, next);
    this.#context = text.slice(Math.max(0, next - CONTEXT), next);
    this.#held = text.slice(next);
    return shown;
  }
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
