/** A finding of a review, as people read it. Pure. */

import type { ReviewFinding } from "./kinds.ts";

/** A finding in one line: where, and what. */
export function findingText({ path, line, message }: ReviewFinding): string {
  const where = path === undefined ? "" : `${path}${line === undefined ? "" : `:${line}`}: `;
  return where + message.replaceAll(/\s+/g, " ").trim();
}
