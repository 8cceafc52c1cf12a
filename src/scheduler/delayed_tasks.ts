/** The pending tasks whose retry has to wait, the earliest at hand. */

import { Heap, type HeapEntry } from "./heap.ts";

interface Delayed extends HeapEntry {
  readonly ordinal: number;
  /** On the run clock, milliseconds. */
  readonly not_before: number;
}

/** See the module. Tasks are named by their places in the plan. */
export class DelayedTasks {
  readonly #heap = new Heap<Delayed>((a, b) =>
    a.not_before !== b.not_before ? a.not_before < b.not_before : a.ordinal < b.ordinal
  );
  readonly #entries = new Map<number, Delayed>();

  /** How many there are. */
  get size(): number {
    return this.#heap.size;
  }

  /** The earliest moment at which one of them may start; undefined where there is none. */
  get nextEnd(): number | undefined {
    return this.#heap.peek()?.not_before;
  }

  /** Whether the task is one of them. */
  has(ordinal: number): boolean {
    return this.#entries.has(ordinal);
  }

  /** Adds a task that is none of them. */
  add(ordinal: number, notBefore: number): void {
    const delayed = { ordinal, not_before: notBefore, place: -1 };
    this.#entries.set(ordinal, delayed);
    this.#heap.push(delayed);
  }

  /** Takes a task out, if it is one of them. */
  delete(ordinal: number): void {
    const delayed = this.#entries.get(ordinal);
    if (delayed === undefined) return;
    this.#entries.delete(ordinal);
    this.#heap.delete(delayed);
  }

  /** Takes out the earliest whose delay has passed at `now`; undefined where there is none. */
  takeDue(now: number): number | undefined {
    const next = this.#heap.peek();
    if (next === undefined || next.not_before > now) return undefined;
    this.delete(next.ordinal);
    return next.ordinal;
  }
}
