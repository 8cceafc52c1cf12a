/** The part of a terminal that is drawn again and again, below the lines that stay. */

import { widthOf } from "../text.ts";

/** Where pictures go. */
export interface Terminal {
  /** Writes text as it is. */
  write(text: string): void;
  /** Its size now. */
  size(): { readonly columns: number; readonly rows: number };
}

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
/** A terminal that knows this shows nothing until the end of the picture; others ignore it. */
const BEGIN_PICTURE = "\x1b[?2026h";
const END_PICTURE = "\x1b[?2026l";
const ERASE_BELOW = "\x1b[J";
const ERASE_LINE = "\x1b[K";

/** Draws a picture in the place of the one before, each in one write. The cursor rests below the picture. */
export class Screen {
  readonly #terminal: Terminal;
  #drawn: readonly string[] = [];
  #isOpen = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Replaces the picture, and puts `above` on the screen for good, above it. Nothing is written for no change. */
  draw(picture: readonly string[], above: readonly string[] = []): void {
    if (above.length === 0 && this.#isOpen && equal(picture, this.#drawn)) return;
    const hide = this.#isOpen ? "" : HIDE_CURSOR;
    const kept = above.map((line) => `${line}${ERASE_LINE}\n`).join("");
    const lines = picture.map((line) => `${line}${ERASE_LINE}\n`).join("");
    this.#terminal.write(
      `${BEGIN_PICTURE}${hide}${this.#toTop()}${kept}${lines}${ERASE_BELOW}${END_PICTURE}`,
    );
    this.#drawn = picture;
    this.#isOpen = true;
  }

  /** Takes the picture away, and gives the cursor back. */
  close(): void {
    if (!this.#isOpen) return;
    this.#terminal.write(`${this.#toTop()}${ERASE_BELOW}${SHOW_CURSOR}`);
    this.#drawn = [];
    this.#isOpen = false;
  }

  /** To the first column of the picture's first line. A terminal that became narrower has wrapped its lines. */
  #toTop(): string {
    const { columns } = this.#terminal.size();
    const rows = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
    return rows === 0 ? "\r" : `\r\x1b[${rows}A`;
  }
}

function equal(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, at) => line === b[at]);
}
