/** The dependency graph of a plan, over the places of its tasks. Every walk is iterative and linear. */

import type { TaskSpec } from "./spec.ts";

/** Who depends on whom. Tasks are numbered by their place in the plan. */
export interface Graph {
  /** For each task, what it depends on. */
  readonly dependencies: readonly (readonly number[])[];
  /** For each task, what depends on it, in the order of the plan. */
  readonly dependents: readonly (readonly number[])[];
}

/** A graph that tasks can be added to. */
export interface GrowingGraph extends Graph {
  readonly dependencies: (readonly number[])[];
  readonly dependents: number[][];
}

/** The place of each task, by its id. */
export function ordinalsOf(tasks: readonly Pick<TaskSpec, "id">[]): Map<string, number> {
  const ordinals = new Map<string, number>();
  for (let ordinal = 0; ordinal < tasks.length; ordinal++) ordinals.set(tasks[ordinal]?.id ?? "", ordinal);
  return ordinals;
}

/**
 * Builds the graph of tasks whose ids are unique.
 *
 * @throws {RangeError} where a dependency names no task
 */
export function buildGraph(
  tasks: readonly Pick<TaskSpec, "id" | "dependencies">[],
  ordinals: ReadonlyMap<string, number> = ordinalsOf(tasks),
): GrowingGraph {
  const dependencies = tasks.map((task) =>
    task.dependencies.map((id) => {
      const ordinal = ordinals.get(id);
      if (ordinal === undefined) {
        throw new RangeError(`Task "${task.id}" depends on "${id}", which is no task`);
      }
      return ordinal;
    })
  );
  return { dependencies, dependents: invert(dependencies) };
}

/**
 * The tasks in an order in which each comes after what it depends on; what can go first goes in the order of the
 * plan. Tasks on a cycle, and those after one, are left out.
 */
export function topologicalOrder(graph: Graph): number[] {
  const missing = graph.dependencies.map((each) => each.length);
  const order = missing.flatMap((count, ordinal) => (count === 0 ? [ordinal] : []));
  for (let at = 0; at < order.length; at++) {
    for (const dependent of dependentsOf(graph, order[at])) {
      const left = (missing[dependent] ?? 0) - 1;
      missing[dependent] = left;
      if (left === 0) order.push(dependent);
    }
  }
  return order;
}

/**
 * For each task, the weight of the heaviest chain that begins with it and goes on through its dependents; its own
 * weight is in it. Where weights are durations, this is the time that is left once it starts (critical path).
 */
export function remainingPaths(graph: Graph, weightOf: (ordinal: number) => number): number[] {
  const paths = graph.dependencies.map((_, ordinal) => weightOf(ordinal));
  for (const ordinal of topologicalOrder(graph).reverse()) {
    let longest = 0;
    for (const dependent of dependentsOf(graph, ordinal)) longest = Math.max(longest, paths[dependent] ?? 0);
    paths[ordinal] = (paths[ordinal] ?? 0) + longest;
  }
  return paths;
}

/** Adds a task that nothing depends on yet; it gets the next number. */
export function addToGraph(graph: GrowingGraph, dependencies: readonly number[]): void {
  const ordinal = graph.dependencies.push(dependencies) - 1;
  graph.dependents.push([]);
  for (const dependency of dependencies) graph.dependents[dependency]?.push(ordinal);
}

/**
 * Brings `paths` (as `remainingPaths` gives them) up to date after a last task of the given weight was added.
 *
 * @returns the other tasks whose chain has become heavier.
 */
export function lengthenPaths(
  graph: Graph,
  paths: number[],
  weightOf: (ordinal: number) => number,
): number[] {
  const added = paths.length;
  paths.push(weightOf(added));
  const open = [added];
  // The loop also visits what it appends to the list.
  for (const ordinal of open) {
    for (const dependency of graph.dependencies[ordinal] ?? []) {
      const through = weightOf(dependency) + (paths[ordinal] ?? 0);
      if (through <= (paths[dependency] ?? 0)) continue;
      paths[dependency] = through;
      open.push(dependency);
    }
  }
  return [...new Set(open.slice(1))];
}

/** Which tasks a run is to run. */
export interface Selection {
  /** These, with all that they depend on. */
  readonly only: readonly number[];
  /** These and all that comes after them, with all that any of these depends on. */
  readonly from: readonly number[];
}

/** The selected tasks: the union of what `only` and `from` select, with their reviews, for without these nothing is merged. */
export function selectTasks(
  graph: Graph,
  selection: Selection,
  reviewsOf: (ordinal: number) => readonly number[] = () => [],
): ReadonlySet<number> {
  const downstream = reachable(selection.from, (ordinal) => dependentsOf(graph, ordinal));
  return reachable(
    [...selection.only, ...downstream],
    (ordinal) => [...graph.dependencies[ordinal] ?? [], ...reviewsOf(ordinal)],
  );
}

function dependentsOf(graph: Graph, ordinal: number | undefined): readonly number[] {
  return ordinal === undefined ? [] : graph.dependents[ordinal] ?? [];
}

function reachable(starts: readonly number[], next: (ordinal: number) => readonly number[]): Set<number> {
  const found = new Set(starts);
  for (const ordinal of found) {
    for (const each of next(ordinal)) found.add(each);
  }
  return found;
}

/** Each list is made in its final size: grown by `push`, a million short ones take several times the memory. */
function invert(dependencies: readonly (readonly number[])[]): number[][] {
  const counts = new Int32Array(dependencies.length);
  for (const each of dependencies) {
    for (const dependency of each) counts[dependency] = (counts[dependency] ?? 0) + 1;
  }
  const dependents: number[][] = [];
  for (const count of counts) dependents.push(new Array<number>(count));
  counts.fill(0);
  for (let ordinal = 0; ordinal < dependencies.length; ordinal++) {
    for (const dependency of dependencies[ordinal] ?? []) {
      const place = counts[dependency] ?? 0;
      counts[dependency] = place + 1;
      const list = dependents[dependency];
      if (list !== undefined) list[place] = ordinal;
    }
  }
  return dependents;
}
