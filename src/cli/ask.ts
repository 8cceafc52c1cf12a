/** Asking a person on the terminal. */

import type { Output } from "./output.ts";
import { oneLine } from "./render/text.ts";

const LINE_FEED = 0x0a;
const LONGEST_ANSWER = 1000;

/** Asks a question on stderr; true only where the answer begins with y. */
export function askYesNo(output: Output, question: string): boolean {
  output.note(`${question} [y/N]`);
  return /^\s*y/i.test(readLine() ?? "");
}

/**
 * Asks on stderr which of the words in a question is chosen, until one is; its beginning does, in upper or lower case, and `usual` is
 * meant by an empty line. Undefined where the input ends. `read` gives the next line, null at the end.
 */
export function askChoice<Choice extends string>(
  output: Output,
  question: string,
  choices: readonly Choice[],
  usual: Choice,
  read: () => string | null = readLine,
): Choice | undefined {
  for (;;) {
    output.note(`${question} [${usual}]`);
    const answer = read()?.trim().toLowerCase();
    if (answer === undefined) return undefined;
    if (answer === "") return usual;
    const [meant, other] = choices.filter((each) => each.toLowerCase().startsWith(answer));
    if (meant !== undefined && other === undefined) return meant;
    output.note(`"${oneLine(answer)}" is none of ${choices.join(", ")}`);
  }
}

/** The next line of stdin without its end; null where there is none. */
function readLine(): string | null {
  const bytes: number[] = [];
  const one = new Uint8Array(1);
  while (bytes.length < LONGEST_ANSWER) {
    const count = Deno.stdin.readSync(one);
    const [byte = LINE_FEED] = one;
    if (count === null && bytes.length === 0) return null;
    if (count === null || byte === LINE_FEED) break;
    bytes.push(byte);
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}
