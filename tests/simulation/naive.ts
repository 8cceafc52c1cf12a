/** The rules about dependencies and paths once more, in the plainest form: what the simulation checks against. */

import type { TaskSpec } from "../../src/plan/spec.ts";

/** A task and where it stands. */
export interface Standing {
  readonly spec: TaskSpec;
  readonly state: string;
}

/** Whether a task is at its end. */
export const isOver = ({ state }: Pick<Standing, "state">) =>
  ["completed", "failed", "cancelled", "blocked"].includes(state);

/** Whether a task is in the hands of a worker. */
export const isAtWork = ({ state }: Pick<Standing, "state">) => state === "claimed" || state === "running";

/** Whether a task may start after those that it depends on, never can, or has to wait. */
export function readinessOf({ trigger_rule }: TaskSpec, dependencies: readonly Standing[]) {
  const areAllOver = dependencies.every(isOver);
  const isGood = ({ state, spec }: Standing) =>
    state === "completed" || (state === "failed" && !spec.retry_policy.terminal_on_permanent_failure);
  switch (trigger_rule) {
    case "all_done":
      return areAllOver ? "ready" : "open";
    case "one_success":
      if (dependencies.length === 0 || dependencies.some(({ state }) => state === "completed")) {
        return "ready";
      }
      return areAllOver ? "hopeless" : "open";
    case "all_success":
      if (dependencies.some((each) => isOver(each) && !isGood(each))) return "hopeless";
      return areAllOver ? "ready" : "open";
  }
}

/** Whether one task writes what the other reads or writes. */
export function collide(a: TaskSpec, b: TaskSpec, caseSensitive: boolean): boolean {
  const fold = (entry: string) => caseSensitive ? entry : entry.toLowerCase();
  const meet = (xs: readonly string[] | null, ys: readonly string[] | null) =>
    (xs ?? []).some((x) => (ys ?? []).some((y) => entriesMeet(fold(x), fold(y))));
  return meet(a.write_set, b.write_set) || meet(a.write_set, b.read_set) || meet(a.read_set, b.write_set);
}

/** Entries meet where one is at or above the other, unless both end in a literal file suffix and these differ. */
function entriesMeet(x: string, y: string): boolean {
  const [p, q] = [x, y].map((each) => each.replace(/(^|\/)[^/]*[*?].*/, ""));
  const isAtOrAbove = (a = "", b = "") => a === "" || b === a || b.startsWith(`${a}/`);
  if (!isAtOrAbove(p, q) && !isAtOrAbove(q, p)) return false;
  const [s, t] = [x, y].map((each) => /[^/]\.([a-z0-9]+)$/.exec(each)?.[1]);
  if (s === undefined || t === undefined || s === t) return true;
  // A plain path above the other is a directory, whatever its name.
  return (p === x && isAtOrAbove(p, q)) || (q === y && isAtOrAbove(q, p));
}
