/** What a drawing of a plan's graph shows, whatever it is drawn in. Pure; every walk is iterative and linear. */

import { buildGraph, type Graph, remainingPaths, topologicalOrder } from "../../../plan/graph.ts";
import { around } from "../../../plan/graph_around.ts";
import type { Plan, TriggerRule } from "../../../plan/spec.ts";
import type { TaskStatus } from "../../../scheduler/task_state.ts";

/** A task in a drawing. */
export interface GraphNode {
  readonly id: string;
  readonly name: string;
  /** Places of what it depends on, in `GraphPicture.nodes`, in the order of the plan. */
  readonly dependencies: readonly number[];
  readonly dependents: readonly number[];
  readonly trigger_rule: TriggerRule;
  readonly pool: string | null;
  /** Files that it makes for its dependents. */
  readonly outputs: readonly string[];
  /** Where it stands in the run; null in a drawing of a plan alone. */
  readonly state: TaskStatus | null;
  /** How long it took before, milliseconds; null where nobody knows. */
  readonly earlier_ms: number | null;
  /** Whether it is on the critical path. */
  readonly critical: boolean;
  /** Place of the task before it on the critical path; null where there is none. */
  readonly critical_after: number | null;
}

/** See the module. Nodes stand in an order in which each comes after what it depends on. */
export interface GraphPicture {
  readonly name: string;
  readonly nodes: readonly GraphNode[];
  readonly critical: CriticalPath;
}

/** The chain of tasks that takes longest, one after the other. */
export interface CriticalPath {
  readonly tasks: readonly string[];
  /** Milliseconds; tasks that were never timed count as one second. */
  readonly ms: number;
  /** Whether every task on it has been timed before. */
  readonly known: boolean;
}

/** The weight of a task that was never timed, as the scheduler takes it. */
const UNKNOWN_MS = 1_000;

/** What the picture is of. */
export interface PictureOptions {
  readonly durations: ReadonlyMap<string, number>;
  /** Where tasks stand; null for a plan alone. */
  readonly stateOf: ((id: string) => TaskStatus | undefined) | null;
  /** Only this task, what it depends on and what depends on it. */
  readonly focus?: string | undefined;
  /** How many steps from the focus at most; default: all. */
  readonly depth?: number | undefined;
}

/** Makes the picture of a plan whose graph has no cycle. */
export function graphPicture(plan: Plan, options: PictureOptions): GraphPicture {
  const { durations, stateOf, focus, depth } = options;
  const graph = buildGraph(plan.tasks);
  const order = topologicalOrder(graph);
  const wanted = focus === undefined
    ? null
    : around(graph, plan.tasks.findIndex(({ id }) => id === focus), depth);
  const shown = wanted === null ? order : order.filter((each) => wanted.has(each));
  const places = new Map(shown.map((ordinal, place) => [ordinal, place]));
  const placesOf = (ordinals: readonly number[] = []) => ordinals.flatMap((each) => places.get(each) ?? []);
  const idOf = (ordinal: number) => plan.tasks[ordinal]?.id ?? "";
  const weightOf = (ordinal: number) => durations.get(idOf(ordinal)) ?? UNKNOWN_MS;
  const path = criticalPath(graph, shown, weightOf);
  const before = new Map(path.map((ordinal, at) => [ordinal, places.get(path[at - 1] ?? -1) ?? null]));
  return {
    name: plan.name,
    nodes: shown.flatMap((ordinal) => {
      const spec = plan.tasks[ordinal];
      if (spec === undefined) return [];
      return [{
        id: spec.id,
        name: spec.name,
        dependencies: placesOf(graph.dependencies[ordinal]),
        dependents: placesOf(graph.dependents[ordinal]),
        trigger_rule: spec.trigger_rule,
        pool: spec.pool,
        outputs: spec.outputs,
        state: stateOf?.(spec.id) ?? null,
        earlier_ms: durations.get(spec.id) ?? null,
        critical: before.has(ordinal),
        critical_after: before.get(ordinal) ?? null,
      }];
    }),
    critical: {
      tasks: path.map(idOf),
      ms: path.reduce((sum, ordinal) => sum + weightOf(ordinal), 0),
      known: path.every((ordinal) => durations.has(idOf(ordinal))),
    },
  };
}

function criticalPath(
  graph: Graph,
  shown: readonly number[],
  weightOf: (ordinal: number) => number,
): readonly number[] {
  const isShown = new Set(shown);
  const left = remainingPaths(graph, (ordinal) => isShown.has(ordinal) ? weightOf(ordinal) : 0);
  const longest = (ordinals: readonly number[]) =>
    ordinals.reduce<number | undefined>(
      (best, each) => best === undefined || (left[each] ?? 0) > (left[best] ?? 0) ? each : best,
      undefined,
    );
  const path: number[] = [];
  for (let at = longest(shown); at !== undefined;) {
    path.push(at);
    at = longest((graph.dependents[at] ?? []).filter((each) => isShown.has(each)));
  }
  return path;
}
