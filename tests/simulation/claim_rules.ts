/** What every claim has to keep, from the events before it alone: P3, P4, P5, pools, places, budgets and pauses. */

import type { PayloadOf } from "../../src/log/kinds.ts";
import type { Plan } from "../../src/plan/spec.ts";
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

/** Checks a claim that comes at `ts`, milliseconds on the run clock. */
export function checkClaim(
  shadows: Shadows,
  claimed: TaskShadow,
  payload: PayloadOf<"task_claimed">,
  ts: number,
  broken: Broken,
): void {
  const { plan, run, tasks } = shadows;
  const { spec } = claimed;
  const dependencies = dependenciesOf(shadows, claimed);
  if (payload.attempt !== claimed.attempt + 1) {
    broken(`P3: attempt ${payload.attempt} follows ${claimed.attempt}`);
  }
  if (!run.isSelected(spec.id)) broken("it is not selected");
  if (claimed.notBefore > ts) broken("its delay has not passed");
  if (readinessOf(spec, dependencies) !== "ready") broken("P4: its dependencies do not allow it");
  if (payload.base !== null) {
    const base = run.heads.lastIndexOf(payload.base);
    const late = dependencies.find(({ state, delivered }) => state === "completed" && delivered > base);
    if (late !== undefined) broken(`P4: its base lacks what ${late.spec.id} delivered`);
  }
  const holders = [...tasks.values()].filter((each) => each.isActive || each.state === "finished");
  const rival = holders.find((other) => collide(spec, other.spec, run.caseSensitive));
  if (rival !== undefined) broken(`P5: it conflicts with ${rival.spec.id}`);
  const atWork = holders.filter(({ isActive }) => isActive);
  const held = atWork.filter(({ owner }) => owner === payload.worker).length;
  const places = run.placesOf(payload.worker);
  if (held + 1 > places) broken(`worker ${payload.worker} holds more attempts than its ${places}`);
  if (spec.pool !== null) {
    const inPool = atWork.filter((other) => other.spec.pool === spec.pool).length;
    const used = inPool + shadows.gates.inPool(spec.pool);
    if (used + 1 > (plan.pools[spec.pool] ?? Infinity)) broken(`pool ${spec.pool} is full`);
  }
  // A claim may lie in the log long after it was decided, where the log was slow.
  checkMayStart(shadows, payload.lease_expires - plan.lease_secs * 1000, broken);
}

function checkMayStart({ plan, run, tasks }: Shadows, decidedAt: number, broken: Broken): void {
  if (run.isCancelled || run.isFailed) broken("the run has ended");
  if (run.isPaused) broken("the run is paused");
  if (run.exhausted !== null) broken(`the budget of ${run.exhausted} is used up`);
  const hasFailed = [...tasks.values()].some(({ state }) => state === "failed");
  if (plan.on_failure !== "continue" && hasFailed) broken("a task has failed, so nothing may start");
  for (const { budget, used, limit } of run.budgets(decidedAt)) {
    if (used >= limit) broken(`it starts with ${used} of ${limit} ${budget} used`);
  }
}
