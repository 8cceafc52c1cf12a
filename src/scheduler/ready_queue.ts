/**
 * The tasks that may start now, best first.
 *
 * Tasks with the same pool, the same path sets and the same workers form a class: what keeps one of them waiting keeps
 * all of them waiting. A class whose best task cannot start is parked under its obstacle: a full pool, a path that is
 * written, a task at work, or a controller that has no place left. What is parked under one obstacle waits as one group. When the obstacle goes, only the best class of
 * the group is tried, and the others follow once it has started or waits for something else: if it has become the next
 * obstacle of the same name, the whole group is held again. So ten thousand tasks that write one file cost as much as
 * one, whatever else each of them touches.
 */

import { Heap, type HeapEntry } from "./heap.ts";

/** What decides the order: priority with ageing, then the longest remaining path, then the place in the plan. */
export interface Rank extends HeapEntry {
  readonly ordinal: number;
  /** Priority minus the number of the ten-minute step in which the task became ready; higher comes first. */
  readonly urgency: number;
  /** Milliseconds from the start of the task to the end of the longest chain after it; longer comes first. */
  readonly path_ms: number;
}

/** Tasks that wait for the same things. */
export interface TaskClass extends HeapEntry {
  readonly key: string;
  /** The pool that they need, or null. */
  readonly pool: string | null;
  /** Any of them stands for the path sets of all. */
  readonly representative: number;
  readonly ready: Heap<Rank>;
}

/**
 * What a class is parked under: a full pool, a task at work, the key of paths that somebody writes (`overlapKey`), or
 * the controller's own process, which has no place for what nobody else may run.
 * While it is in force it keeps every class from starting that was ever parked under it.
 */
export type Obstacle = `pool:${string}` | `path:${string}` | `task:${number}` | "controller";

/** Whether `a` is to start before `b`; a total order. */
export function ranksBefore(a: Rank, b: Rank): boolean {
  if (a.urgency !== b.urgency) return a.urgency > b.urgency;
  if (a.path_ms !== b.path_ms) return a.path_ms > b.path_ms;
  return a.ordinal < b.ordinal;
}

/** The classes that were parked under one obstacle. */
interface Group {
  readonly obstacle: Obstacle;
  readonly waiting: Heap<TaskClass>;
  /** Whether the obstacle is in force. */
  isHeld: boolean;
  /** The best class of a group that is not held: it stands among the open ones, and the others wait behind it. */
  lead: TaskClass | null;
}

/** See the module. */
export class ReadyQueue {
  readonly #ranks = new Map<number, { readonly rank: Rank; readonly cls: TaskClass }>();
  readonly #open = new Heap<TaskClass>(classBefore);
  readonly #groups = new Map<Obstacle, Group>();
  readonly #groupOf = new Map<TaskClass, Group>();

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
    const group = this.#takeOut(cls);
    cls.ready.push(rank);
    this.#putIn(cls, group);
  }

  /** Takes a task out, wherever it stands. */
  delete(ordinal: number): void {
    const entry = this.#ranks.get(ordinal);
    if (entry === undefined) return;
    this.#ranks.delete(ordinal);
    const group = this.#takeOut(entry.cls);
    entry.cls.ready.delete(entry.rank);
    this.#putIn(entry.cls, group);
  }

  /** The class whose best task comes first among those that are not parked. */
  best(): TaskClass | undefined {
    return this.#open.peek();
  }

  /** Sets a class aside, with all that was parked under the obstacle before, until `release` is called for it. */
  park(cls: TaskClass, obstacle: Obstacle): void {
    const before = this.#takeOut(cls);
    const group = this.#groups.get(obstacle) ?? this.#createGroup(obstacle);
    group.isHeld = true;
    this.#recallLead(group);
    group.waiting.push(cls);
    this.#groupOf.set(cls, group);
    if (before !== undefined && before !== group) this.#chooseLead(before);
  }

  /** Lets what was parked under the obstacle try again. */
  release(obstacle: Obstacle): void {
    const group = this.#groups.get(obstacle);
    if (group === undefined) return;
    group.isHeld = false;
    this.#chooseLead(group);
  }

  /** Lets one class try again, whatever it is parked under. */
  free(cls: TaskClass): void {
    const group = this.#takeOut(cls);
    this.#putIn(cls, undefined);
    if (group !== undefined) this.#chooseLead(group);
  }

  /** Whether anything is parked: otherwise there is no need to call `release`. */
  get hasParked(): boolean {
    return this.#groups.size > 0;
  }

  /** Takes a class out of the heap that it stands in, because its rank, the heap's key, is about to change. */
  #takeOut(cls: TaskClass): Group | undefined {
    this.#open.delete(cls);
    const group = this.#groupOf.get(cls);
    if (group === undefined) return undefined;
    this.#groupOf.delete(cls);
    group.waiting.delete(cls);
    if (group.lead === cls) group.lead = null;
    return group;
  }

  /** Puts a class back to where it stood; one without tasks stands nowhere. */
  #putIn(cls: TaskClass, group: Group | undefined): void {
    if (group === undefined) {
      if (cls.ready.size > 0) this.#open.push(cls);
      return;
    }
    if (cls.ready.size > 0) {
      group.waiting.push(cls);
      this.#groupOf.set(cls, group);
    }
    this.#chooseLead(group);
  }

  /** Opens the best class of a group that is not held; a group of one, or of none, is none any more. */
  #chooseLead(group: Group): void {
    if (!group.isHeld) {
      this.#recallLead(group);
      group.lead = group.waiting.pop() ?? null;
      if (group.lead !== null) this.#open.push(group.lead);
    }
    if (group.waiting.size > 0) return;
    if (group.lead !== null) this.#groupOf.delete(group.lead);
    this.#groups.delete(group.obstacle);
  }

  #recallLead(group: Group): void {
    if (group.lead === null) return;
    this.#open.delete(group.lead);
    group.waiting.push(group.lead);
    group.lead = null;
  }

  #createGroup(obstacle: Obstacle): Group {
    const group = { obstacle, waiting: new Heap<TaskClass>(classBefore), isHeld: true, lead: null };
    this.#groups.set(obstacle, group);
    return group;
  }
}

function classBefore(a: TaskClass, b: TaskClass): boolean {
  const bestA = a.ready.peek();
  const bestB = b.ready.peek();
  if (bestA === undefined || bestB === undefined) return bestB === undefined && bestA !== undefined;
  return ranksBefore(bestA, bestB);
}
