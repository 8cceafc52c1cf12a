/** What every claim has to keep, from the events before it alone: P3, P4, P5, pools, places, budgets and pauses. */

import type { PayloadOf } from "../../src/log/kinds.ts";
import type { Plan, TaskSpec } from "../../src/plan/spec.ts";
import type { GateShadow } from "./gate_shadow.ts";
import { collide, readinessOf } from "./naive.ts";
import type { Broken, RunShadow } from "./run_shadow.ts";
import type { TaskShadow } from "./task_shadow.ts";

/** What the events say of a run and its tasks. */
export interface Shadows {
  readonly plan: Plan;
  readonly run: RunShadow;
  /** By id, in the order of the plan. */
  readonly tasks: ReadonlyMap<string, TaskShadow>;
  readonly gates: GateShadow;
}

/** The tasks that a task depends on. */
export function dependenciesOf({ tasks }: Shadows, { spec }: TaskShadow): TaskShadow[] {
  return spec.dependencies.flatMap((id) => tasks.get(id) ?? []);
}

/** The worker of each place that is free, the controller's own process first. */
export function freePlaces({ run, tasks }: Shadows): string[] {
  return run.places.flatMap(({ worker, slots }) => {
    const held = [...tasks.values()].filter(({ isActive, owner }) => isActive && owner === worker).length;
    return Array<string>(Math.max(0, slots - held)).fill(worker);
  });
}

/** Whether a pause, a failure or a budget that is used up keeps everything from starting. */
export function isStopped({ plan, run, tasks }: Shadows): boolean {
  const hasFailed = [...tasks.values()].some(({ state }) => state === "failed");
  return run.isPaused || run.exhausted !== null || (plan.on_failure !== "continue" && hasFailed);
}

/** Why a task may not be claimed at `now`, milliseconds on the run clock, with `chosen`; empty where it may. */
export function obstacles(
  shadows: Shadows,
  id: string,
  now: number,
  chosen: readonly { readonly spec: TaskSpec }[] = [],
): string[] {
  const { plan, run, tasks } = shadows;
  const task = tasks.get(id);
  if (task === undefined) return [`there is no task ${id}`];
  const { spec } = task;
  const found: string[] = [];
  if (run.isCancelled || run.isFailed) found.push("the run has ended");
  if (isStopped(shadows)) found.push("nothing may start");
  if (!run.isSelected(id)) found.push("it is not selected");
  if (task.notBefore > now) found.push("its delay has not passed");
  if (readinessOf(spec, dependenciesOf(shadows, task)) !== "ready") {
    found.push("P4: its dependencies do not allow it");
  }
  const atWork = [...[...tasks.values()].filter(({ isActive }) => isActive), ...chosen];
  const merging = [...tasks.values()].filter(({ state }) => state === "finished");
  const rival = [...atWork, ...merging].find((other) => collide(spec, other.spec, run.caseSensitive));
  if (rival !== undefined) found.push(`P5: it conflicts with ${rival.spec.id}`);
  if (spec.pool !== null) {
    const inPool = atWork.filter((other) => other.spec.pool === spec.pool).length;
    const used = inPool + shadows.gates.inPool(spec.pool);
    if (used >= (plan.pools[spec.pool] ?? Infinity)) found.push(`pool ${spec.pool} is full`);
  }
  const own = freePlaces(shadows).filter((worker) => worker === "local").length;
  const loops = chosen.filter((other) => other.spec.loop !== undefined).length;
  if (spec.loop !== undefined && loops >= own) found.push("the controller has no place for its loop");
  if (task.attempt > 0 && task.spent !== undefined) found.push("its own budget is used up");
  for (const { budget, used, limit } of run.budgets(now)) {
    const more = budget === "attempts" ? chosen.length : 0;
    if (used + more >= limit) found.push(`${used + more} of ${limit} ${budget} is used`);
  }
  return found;
}

/**
 * The commit that an attempt has to start from: the head of the run, or where a loop began that goes on, unless a
 * dependency has delivered something since. Null where it works in the directory itself.
 */
export function baseOf(shadows: Shadows, id: string): string | null {
  const task = shadows.tasks.get(id);
  if (task?.spec.isolation !== "worktree") return null;
  const { loop } = task;
  const isLate = dependenciesOf(shadows, task).some(({ endedAt }) => endedAt >= (loop?.since ?? 0));
  return loop === null || isLate ? shadows.run.heads.at(-1) ?? null : loop.base;
}

/** An attempt that can be begun. */
interface Next {
  readonly id: string;
  readonly attempt: number;
  readonly worker: string;
}

/**
 * Who gets which of these tasks, where all are claimed together. Loops run in the controller's own process; what it has
 * left goes to the others first. Whoever has lost a task is the last to get it again.
 */
export function workersFor(shadows: Shadows, ids: readonly string[]): Next[] {
  const tasks = ids.flatMap((id) => shadows.tasks.get(id) ?? []);
  const rest = freePlaces(shadows).slice(tasks.filter(({ spec }) => spec.loop !== undefined).length);
  return tasks.map(({ spec, attempt, lostBy }): Next => {
    const other = Math.max(0, rest.findIndex((worker) => worker !== lostBy));
    const worker = spec.loop === undefined ? rest.splice(other, 1)[0] ?? "nobody" : "local";
    return { id: spec.id, attempt: attempt + 1, worker };
  });
}

/** Checks a claim. */
export function checkClaim(
  shadows: Shadows,
  claimed: TaskShadow,
  payload: PayloadOf<"task_claimed">,
  broken: Broken,
): void {
  const { spec, attempt } = claimed;
  if (payload.attempt !== attempt + 1) broken(`P3: attempt ${payload.attempt} follows ${attempt}`);
  // A claim may lie in the log long after it was decided, where the log was slow.
  const decidedAt = payload.lease_expires - shadows.plan.lease_secs * 1000;
  for (const each of obstacles(shadows, spec.id, decidedAt)) broken(each);
  if (payload.base !== null) {
    const base = shadows.run.heads.lastIndexOf(payload.base);
    const late = dependenciesOf(shadows, claimed).find(({ state, delivered }) =>
      state === "completed" && delivered > base
    );
    if (late !== undefined) broken(`P4: its base lacks what ${late.spec.id} delivered`);
  }
  if (!freePlaces(shadows).includes(payload.worker)) broken(`worker ${payload.worker} has no place for it`);
}
