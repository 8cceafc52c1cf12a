/** Foreign text on one line of a terminal: what tasks print may hold anything, escape sequences included. */

import stringWidth from "string-width";

/** Escape sequences: CSI, OSC with its end, and the two-byte ones. */
// deno-lint-ignore no-control-regex
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])/g;
/** What is left that moves the cursor, and what turns the direction of writing. */
// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

/** The text without escape sequences and control characters; line ends and tabs become spaces. */
export function oneLine(text: string): string {
  return text.replaceAll(ESCAPES, "").replaceAll(CONTROLS, " ").trim();
}

/** The text as one line of at most `columns` columns; a cut is marked by an ellipsis. */
export function cut(text: string, columns: number): string {
  const line = oneLine(text);
  if (stringWidth(line) <= columns) return line;
  let width = 0;
  let kept = "";
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    width += stringWidth(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** The text with spaces up to a width in columns. */
export function pad(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - stringWidth(text)));
}

/**
 * Rows as aligned columns, two spaces apart. Cells may be styled, but for the last of a row, which is cut where the
 * line would be wider than `columns`.
 */
export function alignColumns(rows: readonly (readonly string[])[], columns: number): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.slice(0, -1).entries()) {
      widths[at] = Math.max(widths[at] ?? 0, stringWidth(cell));
    }
  }
  return rows.map((row) => {
    const before = row.slice(0, -1).map((cell, at) => `${pad(cell, widths[at] ?? 0)}  `).join("");
    return `${before}${cut(row.at(-1) ?? "", Math.max(LEAST_COLUMNS, columns - stringWidth(before)))}`
      .trimEnd();
  });
}

/** A cell is not cut to less, however narrow the terminal is. */
const LEAST_COLUMNS = 16;

/** `1 task`, `3 tasks`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A commit, tree or digest as people read it. */
export function shortId(id: string): string {
  return id.slice(0, 10);
}

/** `812 B`, `1.4 kB`, `20 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
