/** What the reference model looks at: what the log says of a run and its tasks. */

import type { TaskSpec } from "../../src/plan/spec.ts";
import type { RunState } from "../../src/scheduler/run_state.ts";
import type { TaskState } from "../../src/scheduler/task_state.ts";
import { readinessOf, type Standing } from "./naive.ts";

/** What the log says of a run, earlier durations by task, how much of each budget is used, and the time. */
export interface Given extends Pick<RunState, "plan" | "run" | "tasks"> {
  readonly durations: ReadonlyMap<string, number>;
  readonly budgets: readonly { readonly budget: string; readonly used: number; readonly limit: number }[];
  readonly now: number;
}
/** A task with what the plan and the log say of it. */
export type Item = TaskState & { readonly spec: TaskSpec };
/** What is given, and its tasks by their places and ids. */
export type Seen = Given & {
  readonly items: readonly Item[];
  readonly find: (id: string) => Item | undefined;
};

/** Whether it is claimed or running. */
export const isAtWork = ({ state }: TaskState) => state === "claimed" || state === "running";
/** Whether its work is being merged. */
export const isMerging = ({ run: { merge, batch } }: Given, { id }: TaskState) =>
  merge?.task_id === id || (batch?.phase === "judging" && batch.staged.some(({ task_id }) => task_id === id));
/** Whether the run is being cancelled, or was. */
export const isEnding = ({ run }: Given) => run.cancel !== null || run.cancelled;
/** Whether the run goes to its end. */
export const isClosed = (seen: Given) =>
  isEnding(seen) || seen.run.failure !== null || seen.run.tampered_at !== null;
/** Whether the run is to run it. */
export const isSelected = ({ run }: Given, { id }: TaskState) => run.selected?.includes(id) ?? true;
/** Whether a worker beside the controller has joined, and has neither left nor died. */
export const isServing = ({ run }: Given, worker: string) =>
  run.workers?.some((each) => each.worker === worker && each.state === "started" && worker !== "local") ??
    false;
/** Whether a pause, a failure or a budget that is used up keeps everything from starting. */
export const hasStopped = ({ run, plan, tasks }: Given) =>
  run.budget_exhausted !== null || run.paused ||
  (plan.on_failure !== "continue" && tasks.some(({ state }) => state === "failed"));
/** Whether it may start, where `find` tells of its dependencies. */
export const readiness = ({ spec }: Item, find: (id: string) => Standing | undefined) =>
  readinessOf(spec, spec.dependencies.flatMap((id) => find(id) ?? []));

/** The tasks that are `state` in the end: those with these ids, and all that one of them reaches, step by step. */
export function spread(
  seen: Seen,
  state: string,
  ids: readonly string[],
  isReached: (item: Item, find: (id: string) => Standing | undefined) => boolean,
): Item[] {
  const reached = new Set(ids);
  const find = (id: string) => {
    const item = seen.find(id);
    return item !== undefined && reached.has(id) ? { ...item, state } : item;
  };
  for (let size = -1; size !== reached.size;) {
    size = reached.size;
    seen.items.filter((each) => isReached(each, find)).forEach(({ id }) => reached.add(id));
  }
  return seen.items.filter(({ id }) => reached.has(id));
}

/** The cancellation of a task, in words. */
export const cancellation = ({ id, state, token }: Item, request?: number) =>
  `cancel ${id} ${state === "pending" ? null : token} ${request}`;
