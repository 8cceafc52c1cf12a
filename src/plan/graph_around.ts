/** What surrounds a task in a graph. Pure, iterative and linear. */

import type { Graph } from "./graph.ts";

/** A task with everything that comes before it, and everything that comes after it, in at most `depth` steps. */
export function around(graph: Graph, ordinal: number, depth = Infinity): ReadonlySet<number> {
  return within(ordinal, depth, graph.dependencies).union(within(ordinal, depth, graph.dependents));
}

function within(from: number, depth: number, neighbours: Graph["dependents"]): ReadonlySet<number> {
  const steps = new Map([[from, 0]]);
  // The loop also visits what it adds, the nearest first.
  for (const [each, count] of steps) {
    if (count >= depth) continue;
    for (const next of neighbours[each] ?? []) if (!steps.has(next)) steps.set(next, count + 1);
  }
  return new Set(steps.keys());
}
