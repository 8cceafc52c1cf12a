/** Named values for people: a label, and one line or several beside it. Pure. */

import type { Style } from "../output.ts";
import { alignColumns } from "./text.ts";

/** A label with its lines; one without lines is left out. */
export type Field = readonly [label: string, lines: string | readonly string[] | null | undefined];

/** The fields as aligned, indented lines. */
export function fieldLines(fields: readonly Field[], style: Style, columns: number): readonly string[] {
  const rows = fields.flatMap(([label, value]) => {
    const lines = value === null || value === undefined ? [] : typeof value === "string" ? [value] : value;
    return lines.map((line, at) => [`  ${style.dim(at === 0 ? label : "")}`, line]);
  });
  return alignColumns(rows, columns);
}

/** The first items of a list, and how many more there are. */
export function firstOf(items: readonly string[], most: number): readonly string[] {
  return items.length <= most ? items : [...items.slice(0, most), `and ${items.length - most} more`];
}
