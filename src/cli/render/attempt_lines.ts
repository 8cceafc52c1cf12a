/** From pieces of an attempt's output to whole lines, in bounded memory. */

/** A longer line is shown in pieces: what never ends its line must not fill the memory. In UTF-16 units. */
const LINE_LENGTH = 8_192;

/** Makes lines out of the pieces of one attempt's output. */
export class LineAssembler {
  #pending = "";

  /** The lines that are whole now; the rest waits. */
  push(text: string): readonly string[] {
    const lines = (this.#pending + text).split("\n");
    const pieces = piecesOf(lines.pop() ?? "");
    this.#pending = pieces.pop() ?? "";
    return [...lines.flatMap(piecesOf), ...pieces];
  }

  /** What is left of a last line without an end. */
  flush(): readonly string[] {
    const rest = this.#pending;
    this.#pending = "";
    return rest === "" ? [] : [rest];
  }
}

/** The newest lines of an attempt, within a bound. */
export class NewestLines {
  readonly #limit: number;
  #lines: string[] = [];
  #length = 0;
  #dropped = 0;

  /** Keeps lines of `limit` UTF-16 units together, and up to as much again for a while. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many lines are not kept any more. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The lines that are kept, oldest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Adds lines. */
  push(lines: readonly string[]): void {
    for (const line of lines) {
      this.#lines.push(line);
      this.#length += line.length + 1;
    }
    // Not for each line: to move all of them by one costs as much as to keep them.
    if (this.#length > 2 * this.#limit) this.#dropOldest();
  }

  #dropOldest(): void {
    let count = 0;
    for (const line of this.#lines) {
      if (this.#length <= this.#limit) break;
      this.#length -= line.length + 1;
      count += 1;
    }
    this.#dropped += count;
    this.#lines = this.#lines.slice(count);
  }
}

/** A line cut into pieces that can be shown; no character is torn. */
function piecesOf(line: string): string[] {
  const pieces: string[] = [];
  let from = 0;
  while (line.length - from > LINE_LENGTH) {
    const isPair = /[\ud800-\udbff]/.test(line.charAt(from + LINE_LENGTH - 1));
    const to = from + LINE_LENGTH - (isPair ? 1 : 0);
    pieces.push(line.slice(from, to));
    from = to;
  }
  pieces.push(line.slice(from));
  return pieces;
}
