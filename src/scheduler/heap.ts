/** A binary heap whose entries know their place, so that any of them can be taken out in O(log n). */

/** What can stand in a heap, in one at a time. */
export interface HeapEntry {
  /** Its place in the heap; it means nothing while it stands in none. The heap alone sets it. */
  place: number;
}

/** A minimum heap over distinct entries. */
export class Heap<T extends HeapEntry> {
  readonly #entries: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  /** `before(a, b)` says whether `a` comes out first; it must be a strict total order. */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  /** How many entries there are. */
  get size(): number {
    return this.#entries.length;
  }

  /** Whether the entry is in the heap. */
  has(entry: T): boolean {
    return this.#entries[entry.place] === entry;
  }

  /** The first entry, which stays. */
  peek(): T | undefined {
    return this.#entries[0];
  }

  /** Adds an entry; one that is already there is moved to where it belongs now. */
  push(entry: T): void {
    if (this.has(entry)) {
      this.#settle(entry.place);
      return;
    }
    entry.place = this.#entries.push(entry) - 1;
    this.#up(entry.place);
  }

  /** Takes out the first entry. */
  pop(): T | undefined {
    const first = this.#entries[0];
    if (first !== undefined) this.delete(first);
    return first;
  }

  /** Takes an entry out; false where it was not in. */
  delete(entry: T): boolean {
    if (!this.has(entry)) return false;
    const { place } = entry;
    const last = this.#entries.pop();
    if (last !== undefined && last !== entry) {
      this.#entries[place] = last;
      last.place = place;
      this.#settle(place);
    }
    return true;
  }

  #settle(place: number): void {
    this.#down(this.#up(place));
  }

  #up(start: number): number {
    let place = start;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#isBefore(place, parent)) break;
      this.#swap(place, parent);
      place = parent;
    }
    return place;
  }

  #down(start: number): void {
    let place = start;
    while (true) {
      const left = 2 * place + 1;
      if (left >= this.#entries.length) return;
      const right = left + 1;
      const child = right < this.#entries.length && this.#isBefore(right, left) ? right : left;
      if (!this.#isBefore(child, place)) return;
      this.#swap(place, child);
      place = child;
    }
  }

  #isBefore(a: number, b: number): boolean {
    return this.#before(this.#at(a), this.#at(b));
  }

  #swap(a: number, b: number): void {
    const atA = this.#at(a);
    const atB = this.#at(b);
    this.#entries[a] = atB;
    this.#entries[b] = atA;
    atB.place = a;
    atA.place = b;
  }

  #at(place: number): T {
    const entry = this.#entries[place];
    if (entry === undefined) {
      throw new RangeError(`Cannot read place ${place} of a heap of ${this.#entries.length}`);
    }
    return entry;
  }
}
