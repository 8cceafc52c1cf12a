/**
 * Which tasks compete for which: a cache over the plan and the task states, kept up to date by the fold. A choice is the
 * task that they compete for.
 */

import type { TaskSpec } from "../plan/spec.ts";
import type { TaskStatus } from "./task_state.ts";

const NONE = [] as const;

/** See the module. Tasks are numbered by their place in the plan. */
export class CandidateIndex {
  /** Choices for which a candidate has done its work or is at its end. */
  readonly due = new Set<number>();
  readonly #choiceOf = new Map<number, number>();
  readonly #candidatesOf = new Map<number, readonly number[]>();
  /** The reviews that pick, by choice, and the choices by review. */
  readonly #reviewOf = new Map<number, number>();
  readonly #choiceOfReview = new Map<number, number>();
  #failed = 0;
  #blocked = 0;

  /** Reads the choices of a plan; tasks that are added to it later have no candidates. */
  constructor(tasks: readonly TaskSpec[], ordinals: ReadonlyMap<string, number>) {
    for (let ordinal = 0; ordinal < tasks.length; ordinal++) {
      const { attempts } = tasks[ordinal] ?? {};
      if (attempts === undefined) continue;
      const candidates = attempts.candidates.flatMap((id) => ordinals.get(id) ?? []);
      this.#candidatesOf.set(ordinal, candidates);
      for (const each of candidates) this.#choiceOf.set(each, ordinal);
      const review = attempts.review === undefined ? undefined : ordinals.get(attempts.review);
      if (review === undefined) continue;
      this.#reviewOf.set(ordinal, review);
      this.#choiceOfReview.set(review, ordinal);
    }
  }

  /** The task that this one competes for; undefined where it competes for none. */
  choiceOf(ordinal: number): number | undefined {
    return this.#choiceOf.get(ordinal);
  }

  /** {@linkcode servedBy} as a list. */
  choicesOf(ordinal: number): readonly number[] {
    const choice = this.servedBy(ordinal);
    return choice === undefined ? NONE : [choice];
  }

  /** The candidates for a task; empty where it has none. */
  candidatesOf(ordinal: number): readonly number[] {
    return this.#candidatesOf.get(ordinal) ?? NONE;
  }

  /** The review that picks among the candidates for a task; undefined where none does. */
  reviewOf(ordinal: number): number | undefined {
    return this.#reviewOf.get(ordinal);
  }

  /** The task that this one serves, as a candidate or as the review that picks; undefined where it serves none. */
  servedBy(ordinal: number): number | undefined {
    return this.#choiceOf.get(ordinal) ?? this.#choiceOfReview.get(ordinal);
  }

  /** Whether a task is a choice: nothing is run for it. */
  isChoice(ordinal: number): boolean {
    return this.#candidatesOf.has(ordinal);
  }

  /**
   * How many of the failures in the run are none of the run: the failed candidates, but for each task that has failed with
   * all of its own.
   */
  get excused(): number {
    return this.#failed - this.#blocked;
  }

  /** Takes note that a task went from one state to another. */
  moved(ordinal: number, from: TaskStatus, to: TaskStatus): void {
    if (this.#candidatesOf.size === 0) return;
    const choice = this.#choiceOf.get(ordinal);
    if (choice !== undefined) {
      if (to === "failed") this.#failed += 1;
      if (from === "failed") this.#failed -= 1;
      if (to !== "claimed" && to !== "running") this.due.add(choice);
    } else if (this.#candidatesOf.has(ordinal)) {
      if (to === "blocked") this.#blocked += 1;
      if (from === "blocked") this.#blocked -= 1;
    }
  }
}
