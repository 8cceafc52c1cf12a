/** What the dependencies of each task amount to, summed up as they move, so that nobody walks over them again. */

import type { Graph } from "../plan/graph.ts";
import { addTo, isNothing, type Tally } from "./readiness.ts";
import type { ReviewIndex } from "./review_index.ts";

/** See the module. Tasks are named by their places in the plan. */
export class DependencySums {
  readonly #graph: Graph;
  readonly #reviews: ReviewIndex;
  readonly #sums: Tally[];

  /** The sums of `count` tasks, to which nothing contributes yet. */
  constructor(count: number, graph: Graph, reviews: ReviewIndex) {
    this.#graph = graph;
    this.#reviews = reviews;
    this.#sums = Array.from({ length: count }, () => ({ terminal: 0, satisfied: 0, completed: 0 }));
  }

  /** The sums of a task. */
  of(ordinal: number): Readonly<Tally> {
    return this.#at(ordinal);
  }

  /** Adds a task at the end of the plan, to which its dependencies contribute these. */
  append(tallies: readonly Tally[]): void {
    const sums = { terminal: 0, satisfied: 0, completed: 0 };
    for (const tally of tallies) addTo(sums, tally);
    this.#sums.push(sums);
  }

  /**
   * Adds a contribution to the sums of the task's dependents, its reviews by their own measure; returns whether there
   * was anything to add.
   */
  contribute(ordinal: number, tallyFor: (isReviewed: boolean) => Tally): boolean {
    const tally = tallyFor(false);
    const reviews = this.#reviews.of(ordinal);
    const reviewed = reviews.length === 0 ? tally : tallyFor(true);
    if (isNothing(tally) && isNothing(reviewed)) return false;
    for (const dependent of this.#graph.dependents[ordinal] ?? []) {
      addTo(this.#at(dependent), reviews.includes(dependent) ? reviewed : tally);
    }
    return true;
  }

  #at(ordinal: number): Tally {
    const sums = this.#sums[ordinal];
    if (sums === undefined) throw new RangeError(`Cannot find the sums of task number ${ordinal}`);
    return sums;
  }
}
