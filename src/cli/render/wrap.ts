/** Texts of omk's own in lines of a given width. */

/**
 * The words of a text in lines of at most `columns` columns; a longer word stands alone. Line ends of the text count
 * as spaces. Widths are exact for text that takes one column for each UTF-16 unit, as omk's own does.
 */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((each) => each !== "")) {
    if (line === "") line = word;
    else if (line.length + 1 + word.length <= columns) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  return line === "" ? lines : [...lines, line];
}

/** The second column is not made narrower than this; a longer name gets a line of its own. */
const LEAST_TEXT = 40;
const GAP = 2;

/**
 * Rows of a name and a text beside it, wrapped in its column. A name that would leave the texts too little room, or
 * that is wider than `widest`, stands on a line of its own.
 */
export function nameTable(
  rows: readonly (readonly [name: string, text: string])[],
  columns: number,
  widest: number = columns - LEAST_TEXT - GAP,
): readonly string[] {
  const widths = rows.map(([name]) => name.length).filter((width) => width <= widest);
  const width = Math.max(0, ...widths) + GAP;
  const indent = " ".repeat(width);
  return rows.flatMap(([name, text]) => {
    const [first = "", ...rest] = wrap(text, columns - width);
    const start = name.length + GAP > width
      ? [name, `${indent}${first}`]
      : [`${name.padEnd(width)}${first}`.trimEnd()];
    return [...start, ...rest.map((line) => `${indent}${line}`)];
  });
}
