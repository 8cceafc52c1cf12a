/** The part of a terminal that is drawn again and again, below the lines that stay. */

import { widthOf } from "../text.ts";
import type { Terminal } from "./terminal.ts";

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
/** A terminal that knows this shows nothing until the end of the picture; others ignore it. */
const BEGIN_PICTURE = "\x1b[?2026h";
const END_PICTURE = "\x1b[?2026l";
/** A line that a terminal finds wider than omk does is cut by it, and takes one row all the same. */
const CUT_LINES = "\x1b[?7l";
const WRAP_LINES = "\x1b[?7h";
const ERASE_BELOW = "\x1b[J";
const ERASE_LINE = "\x1b[2K";
const UP = "\x1b[A";

/**
 * Draws a picture in the place of the one before, each in one write. The cursor rests below the picture. Between two
 * writes the terminal is as it was found, the cursor shown, so that nothing has to be restored when omk is killed
 * or stopped.
 */
export class Screen {
  readonly #terminal: Terminal;
  #drawn: readonly string[] = [];
  /** Of the terminal when the picture was drawn; 0 before the first. */
  #columns = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Replaces the picture, and puts `above` on the screen for good, above it. Only what has changed is written. */
  draw(picture: readonly string[], above: readonly string[] = []): void {
    const { columns } = this.#terminal.size();
    const isNew = above.length > 0 || columns !== this.#columns;
    if (!isNew && equal(picture, this.#drawn)) return;
    const body = isNew ? this.#anew(picture, above) : this.#changes(picture);
    this.#terminal.write(
      `${BEGIN_PICTURE}${HIDE_CURSOR}${this.#toTop()}${body}${SHOW_CURSOR}${END_PICTURE}`,
    );
    this.#drawn = picture;
    this.#columns = columns;
  }

  /** Leaves the picture where it is, because somebody else has written below it. */
  abandon(): void {
    this.#drawn = [];
    this.#columns = 0;
  }

  /** Takes the picture away. */
  close(): void {
    if (this.#drawn.length > 0) this.#terminal.write(this.#toTop() + this.#erased());
    this.abandon();
  }

  /** Erases before it writes: a full line leaves the cursor on its last character, which erasing would take. */
  #anew(picture: readonly string[], above: readonly string[]): string {
    const kept = above.map((line) => `${line}\n`).join("");
    const lines = picture.map((line) => `${line}\n`).join("");
    return `${this.#erased()}${kept}${CUT_LINES}${lines}${WRAP_LINES}`;
  }

  /**
   * Erases the picture, from its first line on. That line goes by itself: a terminal that is told to erase everything
   * below its very first character takes the picture for a page, and keeps it in the scroll-back (tmux does).
   */
  #erased(): string {
    return this.#drawn.length === 0 ? ERASE_LINE : `${ERASE_LINE}\n${ERASE_BELOW}${UP}`;
  }

  #changes(picture: readonly string[]): string {
    const lines = picture.map((line, at) => line === this.#drawn[at] ? "\n" : `${ERASE_LINE}${line}\n`);
    return `${CUT_LINES}${lines.join("")}${WRAP_LINES}${ERASE_BELOW}`;
  }

  /** To the first column of the picture's first line. A terminal that became narrower has wrapped its lines. */
  #toTop(): string {
    const { columns } = this.#terminal.size();
    const rows = columns >= this.#columns
      ? this.#drawn.length
      : this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
    return rows === 0 ? "\r" : `\r\x1b[${rows}A`;
  }
}

function equal(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, at) => line === b[at]);
}
