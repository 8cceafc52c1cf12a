/** The rules about dependencies and paths once more, in the plainest form: what the simulation checks against. */

import type { Plan, TaskSpec } from "../../src/plan/spec.ts";

/** The state of a task, by id. */
export type StatusOf = (id: string) => string;

/** Whether a task with these dependencies may start, never can, or has to wait. */
export function standing(plan: Plan, spec: TaskSpec, statusOf: StatusOf): "ready" | "hopeless" | "open" {
  const dependencies = spec.dependencies;
  if (dependencies.length === 0) return "ready";
  const isOver = (id: string) => ["completed", "failed", "cancelled", "blocked"].includes(statusOf(id));
  const isGood = (id: string) => statusOf(id) === "completed" || isTolerated(plan, id, statusOf(id));
  const areAllOver = dependencies.every(isOver);
  switch (spec.trigger_rule) {
    case "all_done":
      return areAllOver ? "ready" : "open";
    case "one_success":
      if (dependencies.some((id) => statusOf(id) === "completed")) return "ready";
      return areAllOver ? "hopeless" : "open";
    case "all_success":
      if (dependencies.every(isGood)) return "ready";
      return dependencies.some((id) => isOver(id) && !isGood(id)) ? "hopeless" : "open";
  }
}

/** Whether a task has failed and its plan lets its dependents go on all the same. */
export function isTolerated(plan: Plan, id: string, status: string): boolean {
  return status === "failed" && specOf(plan, id)?.retry_policy.terminal_on_permanent_failure === false;
}

const SPECS = new WeakMap<Plan, ReadonlyMap<string, TaskSpec>>();

/** The spec of a task. */
export function specOf(plan: Plan, id: string): TaskSpec | undefined {
  // A plan grows when proposals are accepted.
  let specs = SPECS.get(plan);
  if (specs?.size !== plan.tasks.length) {
    specs = new Map(plan.tasks.map((spec) => [spec.id, spec]));
    SPECS.set(plan, specs);
  }
  return specs.get(id);
}

const DEPENDENTS = new WeakMap<Plan, ReadonlyMap<string, readonly TaskSpec[]>>();

/** The tasks that name this one as a dependency. */
export function dependentsOf(plan: Plan, id: string): readonly TaskSpec[] {
  let dependents = DEPENDENTS.get(plan);
  if (dependents?.size !== plan.tasks.length) {
    const found = new Map<string, TaskSpec[]>(plan.tasks.map((spec) => [spec.id, []]));
    for (const spec of plan.tasks) spec.dependencies.forEach((each) => found.get(each)?.push(spec));
    dependents = found;
    DEPENDENTS.set(plan, dependents);
  }
  return dependents.get(id) ?? [];
}

/** Answers are remembered by what the two tasks declare: there are few different ones. */
const COLLISIONS = new Map<string, boolean>();

/** Whether one task writes what the other reads or writes. */
export function collide(a: TaskSpec, b: TaskSpec, caseSensitive: boolean): boolean {
  const key = `${caseSensitive} ${a.write_set} ${a.read_set} ${b.write_set} ${b.read_set}`;
  let answer = COLLISIONS.get(key);
  if (answer === undefined) {
    answer = doCollide(a, b, caseSensitive);
    COLLISIONS.set(key, answer);
  }
  return answer;
}

function doCollide(a: TaskSpec, b: TaskSpec, caseSensitive: boolean): boolean {
  const meet = (xs: readonly string[] | null, ys: readonly string[] | null) =>
    (xs ?? []).some((x) => (ys ?? []).some((y) => entriesMeet(x, y, caseSensitive)));
  return meet(a.write_set, b.write_set) || meet(a.write_set, b.read_set) || meet(a.read_set, b.write_set);
}

/**
 * Entries meet where the literal part of one equals or is above that of the other, unless both end in a literal file
 * suffix and these differ; a plain path above the other is a directory, whatever its name.
 */
function entriesMeet(one: string, other: string, caseSensitive: boolean): boolean {
  const fold = (text: string) => caseSensitive ? text : text.toLowerCase();
  const [x, y] = [fold(one), fold(other)];
  const literal = (text: string) => {
    const segments = text.split("/");
    const wild = segments.findIndex((each) => /[*?]/.test(each));
    return (wild < 0 ? segments : segments.slice(0, wild)).join("/");
  };
  const isAtOrAbove = (a: string, b: string) => a === "" || b === a || b.startsWith(`${a}/`);
  const [p, q] = [literal(x), literal(y)];
  if (!isAtOrAbove(p, q) && !isAtOrAbove(q, p)) return false;
  const suffix = (text: string) => /[^/]\.([a-z0-9]+)$/.exec(text)?.[1];
  if (suffix(x) === undefined || suffix(y) === undefined || suffix(x) === suffix(y)) return true;
  return (p === x && isAtOrAbove(p, q)) || (q === y && isAtOrAbove(q, p));
}
