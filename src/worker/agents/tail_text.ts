/** The end of a text that comes in pieces, in bounded memory. */

/** Keeps at least the last `limit` characters, and no more than twice as many. */
export class TailText {
  readonly #limit: number;
  #pieces: string[] = [];
  #length = 0;

  /** Takes the limit in UTF-16 units. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds a piece. */
  add(text: string): void {
    if (text === "") return;
    this.#pieces.push(text);
    this.#length += text.length;
    if (this.#length > 2 * this.#limit) this.#keep(this.text());
  }

  /** Ends the present line, if one has begun. */
  endLine(): void {
    if (this.#length > 0 && !this.#pieces.at(-1)?.endsWith("\n")) this.add("\n");
  }

  /** What is kept, at most `limit` characters. */
  text(): string {
    const text = this.#pieces.join("");
    // A character outside of the basic plane is not cut in two.
    return text.length > this.#limit ? text.slice(-this.#limit).replace(/^[\uDC00-\uDFFF]/, "") : text;
  }

  #keep(text: string): void {
    this.#pieces = [text];
    this.#length = text.length;
  }
}
