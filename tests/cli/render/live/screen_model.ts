/** A terminal as far as views use one: what it shows, and what has scrolled away. */

import { assertEquals } from "@std/assert";
import type { Size, Terminal } from "../../../../src/cli/render/live/terminal.ts";
import { widthOf } from "../../../../src/cli/render/text.ts";

/** A row of cells, and whether its text goes on in the next one. */
interface Row {
  cells: string[];
  goesOn: boolean;
}

// deno-lint-ignore no-control-regex
const TOKENS = /\x1b\[[0-?]*[@-~]|[\x00-\x1f]|[^\x00-\x1f]+/g;

const TAB = 8;

/**
 * See the module. Wraps, scrolls and reflows as xterm and tmux do, and as tmux does keeps what was on a screen that is
 * erased from its first character on. Refuses what it does not know.
 */
export class ScreenModel implements Terminal {
  #size: Size;
  #rows: Row[] = [blankRow()];
  /** The first row that is on the screen. */
  #top = 0;
  #row = 0;
  #column = 0;
  #wraps = true;
  #continued: (() => void) | undefined;
  isCursorShown = true;
  /** How many writes there were, and of how many UTF-16 units. */
  writes = 0;
  written = 0;

  constructor(columns: number, rows: number) {
    this.#size = { columns, rows };
  }

  write(text: string): void {
    this.writes += 1;
    this.written += text.length;
    for (const [token] of text.matchAll(TOKENS)) this.#take(token);
  }

  size(): Size {
    return this.#size;
  }

  onContinue(listener: () => void): Disposable {
    this.#continued = listener;
    return { [Symbol.dispose]: () => this.#continued = undefined };
  }

  /** Whether somebody waits for the program to go on. */
  get isListenedTo(): boolean {
    return this.#continued !== undefined;
  }

  /** A shell has stopped the program, written something below, and lets it go on. */
  stopAndContinue(said: string): void {
    this.write(`${said}\n`);
    this.#continued?.();
  }

  /** Everything that was ever left on it, without blank lines at the end. */
  get all(): readonly string[] {
    return trimmed(this.#rows);
  }

  /** What is on the screen, without blank lines at the end. */
  get visible(): readonly string[] {
    return trimmed(this.#rows.slice(this.#top));
  }

  /** Changes the size; lines that were wrapped are wrapped anew. */
  resize(columns: number, rows: number): void {
    assertEquals(this.#column, 0, "the cursor rests at the start of a line");
    const before = reflow(this.#rows.slice(0, this.#row), columns);
    this.#rows = [...before, ...reflow(this.#rows.slice(this.#row), columns)];
    this.#row = before.length;
    this.#size = { columns, rows };
    this.#top = Math.max(0, this.#row - rows + 1);
  }

  #take(token: string): void {
    if (token === "\r") this.#column = 0;
    else if (token === "\n") {
      this.#column = 0;
      this.#down();
    } else if (token === "\t") {
      this.#column = Math.min(this.#size.columns - 1, (Math.floor(this.#column / TAB) + 1) * TAB);
    } else if (!token.startsWith("\x1b")) {
      for (const { segment } of new Intl.Segmenter().segment(token)) this.#put(segment);
    } else this.#obey(token);
  }

  #obey(sequence: string): void {
    const command = sequence.at(-1);
    const parameter = sequence.slice(2, -1);
    if (command === "A") this.#row = Math.max(this.#top, this.#row - Number(parameter || "1"));
    else if (sequence === "\x1b[J") this.#eraseBelow();
    else if (sequence === "\x1b[K") this.#eraseFrom(this.#column);
    else if (sequence === "\x1b[2K") this.#eraseFrom(0);
    else if (parameter === "?7") this.#wraps = command === "h";
    else if (parameter === "?25") this.isCursorShown = command === "h";
    else if (command !== "m" && parameter !== "?2026") {
      throw new Error(`${JSON.stringify(sequence)} is new here`);
    }
  }

  #eraseBelow(): void {
    if (this.#row === this.#top && this.#column === 0) {
      this.#top = this.#rows.push(blankRow()) - 1;
      this.#row = this.#top;
    } else {
      this.#eraseFrom(this.#column);
      this.#rows.length = this.#row + 1;
    }
  }

  #put(character: string): void {
    const width = widthOf(character);
    const { columns } = this.#size;
    if (this.#column + width > columns) {
      if (this.#wraps) {
        this.#here().goesOn = true;
        this.#column = 0;
        this.#down();
      } else this.#column = columns - width;
    }
    const { cells } = this.#here();
    while (cells.length < this.#column) cells.push(" ");
    cells.splice(this.#column, width, character, ...Array.from({ length: width - 1 }, () => ""));
    this.#column += width;
  }

  /** A full row leaves the cursor on its last cell. */
  #eraseFrom(column: number): void {
    const row = this.#here();
    row.cells.length = Math.min(row.cells.length, column, this.#size.columns - 1);
    row.goesOn = false;
  }

  #here(): Row {
    const row = this.#rows[this.#row];
    if (row === undefined) throw new Error(`There is no row ${this.#row}`);
    return row;
  }

  #down(): void {
    this.#row += 1;
    if (this.#row === this.#rows.length) this.#rows.push(blankRow());
    if (this.#row - this.#top >= this.#size.rows) this.#top += 1;
  }
}

function blankRow(): Row {
  return { cells: [], goesOn: false };
}

function textOf({ cells }: Row): string {
  return cells.join("").trimEnd();
}

function trimmed(rows: readonly Row[]): readonly string[] {
  const texts = rows.map(textOf);
  return texts.slice(0, texts.findLastIndex((text) => text !== "") + 1);
}

function reflow(rows: readonly Row[], columns: number): readonly Row[] {
  const lines: string[][] = [];
  let goesOn = false;
  for (const row of rows) {
    if (goesOn) lines.at(-1)?.push(...row.cells);
    else lines.push([...row.cells]);
    goesOn = row.goesOn;
  }
  return lines.flatMap((cells) => {
    const count = Math.max(1, Math.ceil(cells.length / columns));
    return Array.from({ length: count }, (_, at) => ({
      cells: cells.slice(at * columns, (at + 1) * columns),
      goesOn: at < count - 1,
    }));
  });
}
