/** Who has places for attempts: the controller's own process, and the extra workers that have joined the run. Pure. */

import type { TaskSpec } from "../plan/spec.ts";
import { staysWithController } from "./controller_bound.ts";
import type { WorkerRecord } from "./run_record.ts";
import { type RunState, taskAt } from "./run_state.ts";
import type { TaskState } from "./task_state.ts";

/** The worker name of the slots of the controller's own process. */
export const LOCAL_WORKER = "local";

/** The extra workers that take attempts: they have joined, and have neither left nor died. */
export function extraWorkers({ workers = [] }: RunState["run"]): readonly WorkerRecord[] {
  return workers.filter(({ worker, state }) => worker !== LOCAL_WORKER && state === "started");
}

/** Whether an extra worker takes attempts. */
export function isAtService({ run }: RunState, worker: string): boolean {
  return extraWorkers(run).some((each) => each.worker === worker);
}

/** The worker of each free place, those of the controller's own process first. */
export function freePlaces(state: RunState): string[] {
  const own = state.run.settings?.workers ?? 0;
  const busy = new Map<string, number>();
  for (const ordinal of state.index.active) {
    const { owner } = taskAt(state, ordinal).task;
    if (owner !== null) busy.set(owner, (busy.get(owner) ?? 0) + 1);
  }
  const places: string[] = [];
  for (const { worker, slots } of [{ worker: LOCAL_WORKER, slots: own }, ...extraWorkers(state.run)]) {
    const free = slots - (busy.get(worker) ?? 0);
    for (let place = 0; place < free; place++) places.push(worker);
  }
  return places;
}

/** How many gates may run side by side: as many as the controller's own process has places for attempts. */
export function gatesAtOnce({ run }: RunState): number {
  return Math.max(1, run.settings?.workers ?? 1);
}

/** What decides which worker gets a task. */
export interface Candidate {
  readonly spec: Pick<TaskSpec, "loop" | "prompt" | "review">;
  readonly task: Pick<TaskState, "lost_by">;
}

/**
 * The place of each task, from those that are free; null where it gets none now. Those that stay with the controller
 * take its places first; the others take what is left, its own before others. A task that a worker has lost goes to
 * another one where one is free: what took it down may still be there.
 */
export function assignPlaces(tasks: readonly Candidate[], places: readonly string[]): (string | null)[] {
  const left = [...places];
  const take = (place: number) => place < 0 ? null : left.splice(place, 1)[0] ?? null;
  const stays = tasks.map(({ spec }) => staysWithController(spec));
  const local = stays.map((isLocal) => isLocal ? take(left.indexOf(LOCAL_WORKER)) : null);
  return tasks.map(({ task }, at) => {
    if (stays[at]) return local[at] ?? null;
    const other = left.findIndex((worker) => worker !== task.lost_by);
    return take(other < 0 ? left.length - 1 : other);
  });
}
