/** The tests that the work of a run has deleted or skipped, for people. Pure. */

import { namedFirst } from "./text.ts";

/** `2 tests were deleted or skipped, which a person must accept: a, b`. */
export function lostTestsText(
  lost: readonly { readonly test: string }[],
  count: number,
): string {
  const what = count === 1 ? "1 test was" : `${count} tests were`;
  return `${what} deleted or skipped, which a person must accept: ${
    namedFirst(lost.map(({ test }) => test))
  }`;
}
