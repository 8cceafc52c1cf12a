/** Hands out one by one what comes some at a time. */

/**
 * See the module. To be asked for one value at a time, as `for await` does. A generator that yields each value would do
 * the same for 0.1 µs more, a twentieth of what reading an event takes.
 */
export class OneByOne<T> implements AsyncIterableIterator<T, void> {
  readonly #batches: AsyncIterator<readonly T[], void>;
  #batch: readonly T[] = [];
  #next = 0;

  /** Takes batches that have at least one value each. */
  constructor(batches: AsyncIterator<readonly T[], void>) {
    this.#batches = batches;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, void>> {
    if (this.#next === this.#batch.length) return this.#firstOfNextBatch();
    return Promise.resolve({ value: this.#batch[this.#next++] as T, done: false });
  }

  /** Lets go of the batches. */
  async return(): Promise<IteratorResult<T, void>> {
    this.#batch = [];
    this.#next = 0;
    await this.#batches.return?.();
    return { value: undefined, done: true };
  }

  async #firstOfNextBatch(): Promise<IteratorResult<T, void>> {
    const { value, done } = await this.#batches.next();
    if (done === true) return { value: undefined, done };
    this.#batch = value;
    this.#next = 1;
    return { value: value[0] as T, done: false };
  }
}
