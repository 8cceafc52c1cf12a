/** Lines on stdout, among text that may end anywhere. */

import type { Output } from "../output.ts";

/** See the module. */
export class LinePrinter {
  readonly #output: Output;
  /** Whether the cursor is at the start of a line; text may not have ended its own. */
  #atLineStart = true;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Prints whole lines; a line that is still open is ended first. */
  print(lines: readonly string[]): void {
    if (lines.length > 0 && !this.#atLineStart) {
      this.#output.print();
      this.#atLineStart = true;
    }
    for (const line of lines) this.#output.print(line);
  }

  /** Prints text as it is. */
  write(text: string): void {
    if (text === "") return;
    this.#output.write(text);
    this.#atLineStart = text.endsWith("\n");
  }
}
