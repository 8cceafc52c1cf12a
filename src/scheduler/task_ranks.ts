/** What decides which of the ready tasks comes first: priority with ageing, then the longest chain behind it. */

import { type Graph, lengthenPaths, remainingPaths } from "../plan/graph.ts";
import type { Plan } from "../plan/spec.ts";
import type { Rank } from "./ready_queue.ts";
import type { TaskState } from "./task_state.ts";

/** A ready task gains one step of priority in every ten-minute step of the run clock. */
const AGEING_STEP_MS = 600_000;
/** The weight of a task that has never been timed, milliseconds. */
const UNKNOWN_DURATION_MS = 1_000;

/** See the module. Tasks are named by their places in the plan. */
export class TaskRanks {
  readonly #plan: Plan;
  readonly #tasks: readonly TaskState[];
  readonly #graph: Graph;
  /** Made when somebody first asks for it: who only reads a run does not. */
  #pathMs: number[] | null = null;
  #durations: ReadonlyMap<string, number> = new Map();

  constructor(plan: Plan, tasks: readonly TaskState[], graph: Graph) {
    this.#plan = plan;
    this.#tasks = tasks;
    this.#graph = graph;
  }

  /** What tasks took in earlier runs, in milliseconds, by their ids. */
  get durations(): ReadonlyMap<string, number> {
    return this.#durations;
  }

  /** Has every chain of the plan weighed by what its tasks took in earlier runs. */
  weigh(durations: ReadonlyMap<string, number>): void {
    this.#durations = durations;
    this.#pathMs = null;
  }

  /** Weighs the task that was added at the end of the plan; returns those whose chains it has made longer. */
  lengthen(): readonly number[] {
    if (this.#pathMs === null) return [];
    return lengthenPaths(this.#graph, this.#pathMs, (ordinal) => this.#weightOf(ordinal));
  }

  /** Milliseconds from the start of the task to the end of the longest chain after it. */
  pathMs(ordinal: number): number {
    this.#pathMs ??= remainingPaths(this.#graph, (each) => this.#weightOf(each));
    return this.#pathMs[ordinal] ?? 0;
  }

  /** How long the task took in an earlier run, milliseconds; undefined where nobody knows. */
  earlierDurationMs(ordinal: number): number | undefined {
    return this.#durations.get(this.#plan.tasks[ordinal]?.id ?? "");
  }

  /** The rank of a task as it stands now. */
  of(ordinal: number): Rank {
    const readySince = this.#tasks[ordinal]?.ready_since ?? 0;
    const priority = this.#plan.tasks[ordinal]?.priority ?? 0;
    return {
      ordinal,
      urgency: priority - Math.floor(readySince / AGEING_STEP_MS),
      path_ms: this.pathMs(ordinal),
      place: -1,
    };
  }

  #weightOf(ordinal: number): number {
    return this.earlierDurationMs(ordinal) ?? UNKNOWN_DURATION_MS;
  }
}
