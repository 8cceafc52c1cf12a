/** Foreign text on one line of a terminal: what tasks print may hold anything, escape sequences included. */

/** Escape sequences: CSI, strings (OSC, DCS and the like) with their end, and the short ones. */
// deno-lint-ignore no-control-regex
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g;
/** The escape sequences that only mark what follows: colours, bold and the like. */
// deno-lint-ignore no-control-regex
const MARK = /^\x1b\[[0-9;:]*m$/;
const NO_MARK = "\x1b[0m";
/** What is left that moves the cursor, and what turns the direction of writing. */
// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;
/** Marks and tabs, in the first group, and every other control character. */
// deno-lint-ignore no-control-regex
const MARKS_AND_CONTROLS = /(\x1b\[[0-9;:]*m|\t)|[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
/** What does not take one column for each UTF-16 unit. */
// deno-lint-ignore no-control-regex
const UNEVEN = /[^\x00-\x7f…]/;

/** What a plain text does not hold. */
const UNUSUAL = /[^\x20-\x7e…]/;

/** How many paths or names one line holds. */
const NAMED = 5;

/** A cell is not cut to less, however narrow the terminal is. */
const LEAST_COLUMNS = 16;

/** Measures any text. It costs more to load than a small command takes, so it is loaded when it is needed. */
let measureAny: ((text: string) => number) | undefined;
let segmenter: Intl.Segmenter | undefined;

/**
 * The lines that `make` gives. Where they hold more than ASCII, what measures such text is loaded, and they are made
 * again: `make` is pure.
 */
export async function renderLines(make: () => readonly string[]): Promise<readonly string[]> {
  const lines = make();
  if (measureAny !== undefined || !lines.some((line) => UNEVEN.test(line))) return lines;
  await loadMeasure();
  return make();
}

/** Loads what measures any text, so that `widthOf` and `cut` are exact from then on. */
export async function loadMeasure(): Promise<void> {
  measureAny ??= (await import("string-width")).default;
}

/** Columns that a text takes on a terminal. Exact for ASCII, and for all text inside of `renderLines`. */
export function widthOf(text: string): number {
  const plain = text.includes("\x1b") ? text.replaceAll(ESCAPES, "") : text;
  return measureAny !== undefined && UNEVEN.test(plain) ? measureAny(plain) : plain.length;
}

/** The text without escape sequences and control characters; line ends and tabs become spaces. */
export function oneLine(text: string): string {
  if (!UNUSUAL.test(text)) return text.trim();
  return text.replaceAll(ESCAPES, "").replaceAll(CONTROLS, " ").trim();
}

/**
 * A line of a task's output as it can stand on a terminal beside other lines: its colours and tabs stay, and end with
 * it; nothing moves the cursor. Of what wrote over itself, as progress bars do, the last state is left.
 */
export function colouredLine(text: string): string {
  if (!UNUSUAL.test(text)) return text;
  const line = text.split("\r").findLast((each) => each.trim() !== "") ?? "";
  const shown = line.replaceAll(ESCAPES, (escape) => MARK.test(escape) ? escape : "")
    .replaceAll(MARKS_AND_CONTROLS, "$1");
  return shown.includes("\x1b") ? `${shown}${NO_MARK}` : shown;
}

/** The text as one line of at most `columns` columns; a cut is marked by an ellipsis. */
export function cut(text: string, columns: number): string {
  const line = oneLine(text);
  if (!UNEVEN.test(line)) return line.length <= columns ? line : `${line.slice(0, columns - 1)}…`;
  // Measured as far as it is shown: lines of tasks may be very long.
  segmenter ??= new Intl.Segmenter();
  let width = 0;
  let kept = "";
  for (const { segment } of segmenter.segment(line)) {
    width += widthOf(segment);
    if (width > columns) return `${kept}…`;
    if (width < columns) kept += segment;
  }
  return line;
}

/** The text with spaces up to a width in columns. */
export function padTo(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}

/**
 * Rows as aligned columns, two spaces apart. Cells may be styled, but for the last of a row, which is cut where the
 * line would be wider than `columns`.
 */
export function alignColumns(rows: readonly (readonly string[])[], columns: number): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.slice(0, -1).entries()) {
      widths[at] = Math.max(widths[at] ?? 0, widthOf(cell));
    }
  }
  return rows.map((row) => {
    const before = row.slice(0, -1).map((cell, at) => `${padTo(cell, widths[at] ?? 0)}  `).join("");
    const room = Math.max(LEAST_COLUMNS, columns - widthOf(before));
    return `${before}${cut(row.at(-1) ?? "", room)}`.trimEnd();
  });
}

/** `1 task`, `3 tasks`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** The first of some paths or names, and how many more there are: `a, b, c, d, e and 4 more`. */
export function namedFirst(names: readonly string[]): string {
  const named = names.slice(0, NAMED).map(oneLine).join(", ");
  return names.length > NAMED ? `${named} and ${names.length - NAMED} more` : named;
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

/** Which iteration of a loop something is about, as it follows a name; nothing where it is about none. */
export function iterationText(iteration: number | undefined): string {
  return iteration === undefined ? "" : `, iteration ${iteration}`;
}

/** What a run of a gate judges beside the delivered tree: " of a, iteration 2", " on the merge of a"; "" for that tree. */
export function judgedText({ task_id, iteration, merges, at_base }: {
  readonly task_id: string | null;
  readonly at_base?: true | undefined;
  readonly iteration?: number | undefined;
  readonly merges?: { readonly tasks: readonly string[] } | undefined;
}): string {
  if (task_id !== null) return ` of ${task_id}${iterationText(iteration)}`;
  if (at_base === true) return " at the base, for its tests";
  if (merges === undefined) return "";
  const [only] = merges.tasks;
  return merges.tasks.length === 1
    ? ` on the merge of ${only}`
    : ` on the merges of ${counted(merges.tasks.length, "task")}`;
}
