/** Which tasks are reviewed by which: a cache over the plan and the task states, kept up to date by the fold. */

import type { TaskSpec } from "../plan/spec.ts";
import type { TaskStatus } from "./task_state.ts";

const NONE = [] as const;

/** See the module. Tasks are numbered by their place in the plan. */
export class ReviewIndex {
  /** Reviews that have judged and are not completed: not all that they have passed is merged. */
  readonly judged = new Set<number>();
  /** Those that give findings. */
  readonly #reviews = new Set<number>();
  readonly #byReviewed = new Map<number, number[]>();

  /** Reads the reviews of a plan; tasks that are added to it later are none. */
  constructor(tasks: readonly TaskSpec[], ordinals: ReadonlyMap<string, number>) {
    for (let ordinal = 0; ordinal < tasks.length; ordinal++) {
      const { review } = tasks[ordinal] ?? {};
      if (review === undefined) continue;
      if (review.picks_for === undefined) this.#reviews.add(ordinal);
      for (const id of review.of) {
        const reviewed = ordinals.get(id);
        if (reviewed !== undefined) this.#byReviewed.set(reviewed, [...this.of(reviewed), ordinal]);
      }
    }
  }

  /** The reviews of a task, also the one that picks among candidates. */
  of(ordinal: number): readonly number[] {
    return this.#byReviewed.get(ordinal) ?? NONE;
  }

  /** Takes note that a task went to another state. */
  moved(ordinal: number, to: TaskStatus): void {
    if (!this.#reviews.has(ordinal)) return;
    if (to === "finished") this.judged.add(ordinal);
    else this.judged.delete(ordinal);
  }
}
