/** A request in words, where a plan could be named too. */

import { isSystemError } from "../../errors.ts";

/**
 * Whether an argument of `omk run` is a request in words, and no file: it has white space in it, and neither is there such
 * a file nor does it end like the name of a plan that is missing.
 */
export async function isRequest(word: string, cwd: string): Promise<boolean> {
  if (!/\S\s+\S/.test(word) || /\.jsonc?$/.test(word)) return false;
  try {
    await Deno.stat(word.startsWith("/") ? word : `${cwd}/${word}`);
    return false;
  } catch (error) {
    // A text that is too long for a path, or holds NUL, names no file either.
    if (isSystemError(error) || error instanceof TypeError) return true;
    throw error;
  }
}
