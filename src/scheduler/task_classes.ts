/** Which tasks wait for the same things: the same pool, path sets and workers. */

import type { TaskSpec } from "../plan/spec.ts";
import { staysWithController } from "./controller_bound.ts";
import { Heap } from "./heap.ts";
import { type Rank, ranksBefore, type TaskClass } from "./ready_queue.ts";

/** See the module. Tasks are named by their places in the plan; there is one class object for all that are alike. */
export class TaskClasses {
  readonly #classes: TaskClass[];
  /** Made when the first task is added: a plan that does not grow has no use for it. */
  #byKey: Map<string, TaskClass> | null = null;

  constructor(tasks: readonly TaskSpec[]) {
    const byKey = new Map<string, TaskClass>();
    this.#classes = tasks.map((spec, ordinal) => classOf(spec, ordinal, byKey));
  }

  /** The class of a task; undefined where the plan has no such place. */
  of(ordinal: number): TaskClass | undefined {
    return this.#classes[ordinal];
  }

  /** Adds the task that now stands at the end of the plan. */
  add(spec: TaskSpec): void {
    this.#byKey ??= new Map(this.#classes.map((cls) => [cls.key, cls]));
    this.#classes.push(classOf(spec, this.#classes.length, this.#byKey));
  }
}

function classOf(spec: TaskSpec, ordinal: number, byKey: Map<string, TaskClass>): TaskClass {
  const place = [staysWithController(spec), ...namesOf(spec.candidate_of)];
  const key = JSON.stringify([spec.pool, spec.read_set, spec.write_set, ...place]);
  let cls = byKey.get(key);
  if (cls === undefined) {
    cls = { key, pool: spec.pool, representative: ordinal, ready: new Heap<Rank>(ranksBefore), place: -1 };
    byKey.set(key, cls);
  }
  return cls;
}

/** Rivals keep each other from nothing, so they are a class of their own. */
function namesOf(choice: string | undefined): readonly string[] {
  return choice === undefined ? [] : [choice];
}
