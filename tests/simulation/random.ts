/** Randomness of the simulation: everything comes from one seed, with a stream of its own for each purpose. */

/** A stream of random choices, the same for the same seed and purpose. */
export class Random {
  readonly #seed: number;
  #state: number;

  /** Starts a stream; only the low 32 bits of the seed count. */
  constructor(seed: number) {
    this.#seed = seed >>> 0;
    this.#state = this.#seed;
  }

  /** A stream for another purpose: how much one of them is used does not change the others. */
  split(purpose: string): Random {
    let hash = 0x811c9dc5 ^ this.#seed;
    for (let at = 0; at < purpose.length; at++) {
      hash = Math.imul(hash ^ purpose.charCodeAt(at), 0x01000193);
    }
    return new Random(hash ^ (hash >>> 15));
  }

  /** A number from 0 up to 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Whether something of this probability happens. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** A whole number from `low` to `high` whose logarithm is uniform. */
  logBetween(low: number, high: number): number {
    return Math.round(low * (high / low) ** this.next());
  }

  /** One of the items, of which there must be some. */
  pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.next() * items.length)];
    if (item === undefined) throw new RangeError("Cannot choose from nothing");
    return item;
  }

  /** The items in any order. */
  shuffled<T>(items: readonly T[]): T[] {
    return items.map((item) => ({ item, key: this.next() })).sort((a, b) => a.key - b.key).map(({ item }) =>
      item
    );
  }
}
