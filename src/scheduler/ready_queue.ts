/**
 * The tasks that may start now, best first.
 *
 * Tasks with the same pool and the same path sets form a class: what keeps one of them waiting keeps all of them
 * waiting. A class whose best task cannot start is parked under its obstacle (a full pool or a task at work) and
 * comes back when that is gone, so that ten thousand tasks that write one file cost as much as one.
 */

import { Heap } from "./heap.ts";

/** What decides the order: priority with ageing, then the longest remaining path, then the place in the plan. */
export interface Rank {
  readonly ordinal: number;
  /** Priority minus the number of the ten-minute step in which the task became ready; higher comes first. */
  readonly urgency: number;
  /** Milliseconds from the start of the task to the end of the longest chain after it; longer comes first. */
  readonly path_ms: number;
}

/** Tasks that wait for the same things. */
export interface TaskClass {
  readonly key: string;
  /** The pool that they need, or null. */
  readonly pool: string | null;
  /** Any of them stands for the path sets of all. */
  readonly representative: number;
  readonly ready: Heap<Rank>;
}

/** What a class is parked under: `pool:<name>` or `task:<ordinal>`. */
export type Obstacle = `pool:${string}` | `task:${number}`;

/** Whether `a` is to start before `b`; a total order. */
export function ranksBefore(a: Rank, b: Rank): boolean {
  if (a.urgency !== b.urgency) return a.urgency > b.urgency;
  if (a.path_ms !== b.path_ms) return a.path_ms > b.path_ms;
  return a.ordinal < b.ordinal;
}

/** See the module. */
export class ReadyQueue {
  readonly #ranks = new Map<number, { readonly rank: Rank; readonly cls: TaskClass }>();
  readonly #open = new Heap<TaskClass>(classBefore);
  readonly #parked = new Map<Obstacle, Set<TaskClass>>();
  readonly #obstacles = new Map<TaskClass, Obstacle>();

  /** How many tasks are ready, parked ones included. */
  get size(): number {
    return this.#ranks.size;
  }

  /** Whether the task is ready. */
  has(ordinal: number): boolean {
    return this.#ranks.has(ordinal);
  }

  /** Adds a ready task to its class. */
  add(cls: TaskClass, rank: Rank): void {
    this.delete(rank.ordinal);
    this.#ranks.set(rank.ordinal, { rank, cls });
    cls.ready.push(rank);
    if (!this.#obstacles.has(cls)) this.#open.push(cls);
  }

  /** Takes a task out, wherever it stands. */
  delete(ordinal: number): void {
    const entry = this.#ranks.get(ordinal);
    if (entry === undefined) return;
    this.#ranks.delete(ordinal);
    // The class has to leave the heap while its key, the rank of its best task, changes.
    const isOpen = this.#open.delete(entry.cls);
    entry.cls.ready.delete(entry.rank);
    if (isOpen && entry.cls.ready.size > 0) this.#open.push(entry.cls);
  }

  /** The class whose best task comes first among those that are not parked. */
  best(): TaskClass | undefined {
    return this.#open.peek();
  }

  /** Sets a class aside until `release` is called for the obstacle. */
  park(cls: TaskClass, obstacle: Obstacle): void {
    this.#open.delete(cls);
    this.#obstacles.set(cls, obstacle);
    const parked = this.#parked.get(obstacle);
    if (parked === undefined) this.#parked.set(obstacle, new Set([cls]));
    else parked.add(cls);
  }

  /** Brings back every class that was parked under the obstacle. */
  release(obstacle: Obstacle): void {
    const parked = this.#parked.get(obstacle);
    if (parked === undefined) return;
    this.#parked.delete(obstacle);
    for (const cls of parked) {
      this.#obstacles.delete(cls);
      if (cls.ready.size > 0) this.#open.push(cls);
    }
  }

  /** What the class of a ready task is parked under; undefined where it is free to start or not ready. */
  obstacleOf(ordinal: number): Obstacle | undefined {
    const entry = this.#ranks.get(ordinal);
    return entry === undefined ? undefined : this.#obstacles.get(entry.cls);
  }
}

function classBefore(a: TaskClass, b: TaskClass): boolean {
  const bestA = a.ready.peek();
  const bestB = b.ready.peek();
  if (bestA === undefined || bestB === undefined) return bestB === undefined && bestA !== undefined;
  return ranksBefore(bestA, bestB);
}
