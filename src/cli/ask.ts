/** Asking a person on the terminal. */

import type { Output } from "./output.ts";

const LINE_FEED = 0x0a;
const LONGEST_ANSWER = 1000;

/** Asks a question on stderr; true only where the answer begins with y. */
export function askYesNo(output: Output, question: string): boolean {
  output.note(`${question} [y/N]`);
  return /^\s*y/i.test(readLine());
}

function readLine(): string {
  const bytes: number[] = [];
  const one = new Uint8Array(1);
  while (bytes.length < LONGEST_ANSWER) {
    const count = Deno.stdin.readSync(one);
    const [byte = LINE_FEED] = one;
    if (count === null || byte === LINE_FEED) break;
    bytes.push(byte);
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}
