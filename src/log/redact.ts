/**
 * Redaction: secrets of known shapes do not reach log, artifacts, heartbeats, prompts or proof (P12). It is
 * idempotent, linear in time, and marks what it hid as `[REDACTED:<shape>]`.
 */

import { findSecrets, mayHoldSecret } from "./secret_patterns.ts";

/** Whether redaction would change the text. */
export function hasSecret(text: string): boolean {
  return findSecrets(text).length > 0;
}

/** The text with every secret replaced; the very same text where there is none. */
export function redactText(text: string): string {
  if (!mayHoldSecret(text)) return text;
  let redacted = "";
  let at = 0;
  for (const { start, end, shape } of findSecrets(text)) {
    redacted += text.slice(at, start) + marker(shape);
    at = end;
  }
  return at === 0 ? text : redacted + text.slice(at);
}

/** What stands in place of a secret. */
export function marker(shape: string): string {
  return `[REDACTED:${shape}]`;
}
