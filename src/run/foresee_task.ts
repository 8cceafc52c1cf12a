/** What a task of a plan would wait for, if it was run now and everything went well. Pure. */

import type { PayloadOf } from "../log/kinds.ts";
import { buildGraph } from "../plan/graph.ts";
import { around } from "../plan/graph_around.ts";
import { conflicts } from "../plan/path_set.ts";
import type { Plan, TaskSpec } from "../plan/spec.ts";
import { type PredictedTask, predictRun } from "./predict.ts";
import { type StoryPoint, TaskStory } from "./task_story.ts";

/** See the module. */
export interface ForeseenTask {
  /** When it would run; null where it would never start. */
  readonly predicted: PredictedTask | null;
  /** What would happen to it until then; times count from `PREDICTED_START`. */
  readonly points: readonly StoryPoint[];
  /** Tasks neither before nor after it that never run beside it, because their path sets conflict. */
  readonly rivals: readonly string[];
  /** The other tasks of its pool. */
  readonly pooled: readonly string[];
}

/** The kinds of events that a prediction tells; what follows a claim is imagined. */
const TOLD: ReadonlySet<string> = new Set(["ready", "task_claimed"]);

/** Asks the scheduler, over an imagined run. */
export function foreseeTask(
  plan: Plan,
  spec: TaskSpec,
  durations: PayloadOf<"run_started">["durations"],
): ForeseenTask {
  const story = new TaskStory(spec.id);
  const all = predictRun(plan, null, durations, { onEvent: (event, state) => story.take(event, state) });
  const ordered = around(buildGraph(plan.tasks), plan.tasks.indexOf(spec));
  const others = plan.tasks.filter((each) => each.id !== spec.id);
  const unordered = plan.tasks.filter((_, ordinal) => !ordered.has(ordinal));
  return {
    predicted: all.find((each) => each.task_id === spec.id) ?? null,
    points: story.points.filter(({ what }) => TOLD.has(what)),
    rivals: unordered.filter((each) => conflicts(each, spec)).map(({ id }) => id),
    pooled: spec.pool === null ? [] : others.filter(({ pool }) => pool === spec.pool).map(({ id }) => id),
  };
}
