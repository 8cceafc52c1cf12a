/** A line of a text as far as it fits a width, with the fault in sight. */

import type { Excerpt } from "../../plan/problem.ts";
import { widthOf } from "./text.ts";

/** What is shown of a line. Widths are in columns of the terminal. */
export interface ExcerptWindow {
  /** Of the line, with tabs as spaces and nothing that moves the cursor; a cut is marked by an ellipsis. */
  readonly text: string;
  /** How far in `text` the fault begins. */
  readonly before: number;
  /** How wide the fault is, as far as it is shown; at least 1. */
  readonly marked: number;
}

/** A tab is shown as so many spaces. */
const TAB = "    ";
/** What moves the cursor, or turns the direction of writing. */
// deno-lint-ignore no-control-regex
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A character as people see it, as it is shown. */
interface Cell {
  /** Where it ends in the line, in UTF-16 units. */
  readonly end: number;
  readonly text: string;
  readonly width: number;
}

/** The part of a line that is shown in at most `columns` columns. */
export function excerptWindow(
  { line, start, length, isCutBefore = false }: Excerpt,
  columns: number,
): ExcerptWindow {
  const cells = cellsOf(line);
  const first = placeOf(cells, start);
  const last = placeOf(cells, start + length - 1);
  const isWhole = !isCutBefore && totalWidth(cells) <= columns;
  // A place for an ellipsis is kept on both sides.
  const room = isWhole ? columns : columns - 2;
  const from = fits(cells.slice(0, last + 1), room) ? 0 : leadBefore(cells, first, Math.floor(room / 3));
  let to = from;
  for (let width = 0; to < cells.length; to++) {
    width += cells[to]?.width ?? 0;
    if (width > room) break;
  }
  const shown = cells.slice(from, to);
  const head = from > 0 || isCutBefore ? "…" : "";
  const tail = to < cells.length ? "…" : "";
  return {
    text: head + shown.map(({ text }) => text).join("") + tail,
    before: head.length + totalWidth(cells.slice(from, first)),
    marked: Math.max(1, totalWidth(cells.slice(first, Math.min(to, last + 1)))),
  };
}

/** The place of the cell that holds a unit of the line; behind the last one where the line has ended. */
function placeOf(cells: readonly Cell[], offset: number): number {
  const place = cells.findIndex(({ end }) => end > offset);
  return place < 0 ? cells.length : place;
}

/** The first of the cells before `first` that together take at most `columns` columns. */
function leadBefore(cells: readonly Cell[], first: number, columns: number): number {
  let from = first;
  for (let width = 0; from > 0; from--) {
    width += cells[from - 1]?.width ?? 0;
    if (width > columns) break;
  }
  return from;
}

function fits(cells: readonly Cell[], columns: number): boolean {
  return totalWidth(cells) <= columns;
}

function cellsOf(line: string): readonly Cell[] {
  return Array.from(new Intl.Segmenter().segment(line), ({ segment, index }) => {
    const text = segment === "\t" ? TAB : segment.replaceAll(UNSAFE, "\ufffd");
    return { end: index + segment.length, text, width: widthOf(text) };
  });
}

function totalWidth(cells: readonly Cell[]): number {
  return cells.reduce((sum, { width }) => sum + width, 0);
}
