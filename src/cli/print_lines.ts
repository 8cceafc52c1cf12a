/** Printing what a renderer makes. */

import type { Output, Style } from "./output.ts";
import { renderLines } from "./render/text.ts";

/** Prints the lines that `make` gives for the style and the width of stdout. */
export async function printLines(
  output: Output,
  make: (style: Style, columns: number) => readonly string[],
): Promise<void> {
  for (const line of await renderLines(() => make(output.style, output.columns))) output.print(line);
}
