/**
 * The reference model: what a scheduler has to decide, written from the rules in the plainest form, without queues,
 * indexes or caches. It looks at what the log says (the run and the tasks) and answers in the words of `words.ts`.
 */

import type { Plan, TaskSpec } from "../../src/plan/spec.ts";
import type { TaskState } from "../../src/scheduler/task_state.ts";
import {
  type Facts,
  isAtWork,
  isMerging,
  isOver,
  isSelected,
  startsNothing,
  statusOf,
  taskOf,
} from "./facts.ts";
import { answerToProposals } from "./model_proposals.ts";
import { takeOver } from "./model_reuse.ts";
import { answerTo, isServing } from "./model_requests.ts";
import { collide, dependentsOf, specOf, standing } from "./naive.ts";

/** What the model knows of the plan once the run has started. */
export interface ModelSettings {
  /** Earlier durations by task, milliseconds. */
  readonly durations: ReadonlyMap<string, number>;
  /** How many attempts were claimed. */
  readonly claims: number;
}

/** What is to be done at `now`, the run clock in milliseconds. */
export function modelDecide(facts: Facts, settings: ModelSettings, now: number): string[] {
  const { run } = facts;
  if (run.phase !== "active" || run.proof_writing !== null) return [];
  for (const request of run.open_requests) {
    const answer = answerTo(facts, request);
    if (answer.length > 0) return answer;
  }
  const proposals = answerToProposals(facts);
  if (proposals.length > 0) return proposals;
  if (run.tampered_at !== null || run.failure !== null || run.cancelled) return [];
  if (run.cancel !== null) return cancelAll(facts, run.cancel.request);
  const ends = [...lostLeases(facts, now), ...budgetReports(facts, settings, now), ...hopeless(facts)];
  if (ends.length > 0) return ends;
  const taken = takeOver(facts);
  const isTakingOver = run.merge?.reused !== undefined;
  return taken.length > 0 || isTakingOver ? taken : [...nextMerge(facts), ...claims(facts, settings, now)];
}

function cancelAll(facts: Facts, request: number): string[] {
  const idle = facts.tasks.filter((task) =>
    isSelected(facts, task.id) && !isOver(task) && !isAtWork(task) && !isMerging(facts, task)
  );
  const isBusy = facts.tasks.some(isAtWork) || facts.run.merge !== null;
  if (idle.length === 0 && !isBusy) return [`run_cancelled ${request}`];
  return idle.map(({ id, state, token }) => `cancel ${id} ${state === "pending" ? null : token} undefined`)
    .sort();
}

/** An attempt whose lease has run out starts again at once; the third time in a row is the last. */
function lostLeases({ tasks }: Facts, now: number): string[] {
  return tasks.filter((task) => isAtWork(task) && task.lease_expires !== null && task.lease_expires <= now)
    .sort((a, b) => (a.token ?? 0) - (b.token ?? 0))
    .map(({ id, token, recovery_count }) =>
      recovery_count >= 2 ? `fail ${id} ${token}` : `again ${id} ${token} recovery ${now}`
    );
}

function hopeless(facts: Facts): string[] {
  const status = statusOf(facts);
  const ended = new Map<string, string>();
  const statusNow = (id: string) => ended.get(id) ?? status(id);
  const open = facts.tasks.filter(({ id, state }) => state === "pending" && isSelected(facts, id));
  for (let size = -1; size !== ended.size;) {
    size = ended.size;
    for (const { id } of open) {
      const spec = specOf(facts.plan, id);
      if (spec !== undefined && standing(facts.plan, spec, statusNow) === "hopeless") {
        ended.set(id, "blocked");
      }
    }
  }
  return [...ended.keys()].map((id) => `end ${id}`).sort();
}

/** The tasks that only a place, a pool, a conflict or their delay keeps from starting. */
function startable(facts: Facts): { readonly task: TaskState; readonly spec: TaskSpec }[] {
  const status = statusOf(facts);
  return facts.plan.tasks.flatMap((spec, at) => {
    const task = facts.tasks[at];
    const isOpen = task?.state === "pending" && isSelected(facts, spec.id);
    return task !== undefined && isOpen && standing(facts.plan, spec, status) === "ready"
      ? [{ task, spec }]
      : [];
  });
}

function limits({ run, plan }: Facts, { claims }: ModelSettings, now: number) {
  const { time_secs, attempts, tokens, usd } = plan.budget;
  const pausedMs = (run.paused_ms ?? 0) + (run.paused_at === undefined ? 0 : now - run.paused_at);
  const used = { time: (now - run.started_at - pausedMs) / 1000, attempts: claims, tokens: 0, usd: 0 };
  const planned = {
    time: time_secs ?? Infinity,
    attempts: attempts ?? Infinity,
    tokens: tokens ?? Infinity,
    usd: usd ?? Infinity,
  };
  return (["time", "attempts", "tokens", "usd"] as const).map((budget) => ({
    budget,
    used: budget === "tokens" || budget === "usd" ? run.usage?.[budget] ?? 0 : used[budget],
    limit: planned[budget] + (run.budget_added?.[budget] ?? 0),
  }));
}

function budgetReports(facts: Facts, settings: ModelSettings, now: number): string[] {
  const { run } = facts;
  const all = limits(facts, settings, now).filter(({ limit }) => limit < Infinity);
  if (run.budget_exhausted !== null || all.length === 0) return [];
  const isWaiting = startable(facts).length > 0;
  if (!isWaiting && !facts.tasks.some(isAtWork)) return [];
  const text = (kind: string, { budget, used, limit }: typeof all[number]) =>
    `${kind} ${budget} ${used} of ${limit}`;
  const exhausted = all.find(({ budget, used, limit }) =>
    used >= limit && (budget !== "attempts" || isWaiting) && (budget !== "time" || !run.paused)
  );
  if (exhausted !== undefined) return [text("budget_exhausted", exhausted)];
  return all.filter(({ budget, used, limit }) =>
    used >= 0.8 * limit && !run.budget_reported?.includes(budget)
  )
    .map((each) => text("budget_checkpoint", each));
}

function nextMerge(facts: Facts): string[] {
  const { run } = facts;
  const task = taskOf(facts, run.merge_queue[0] ?? "");
  if (task === undefined || run.merge !== null || run.head === null) return [];
  return [`merge ${task.id} ${task.pin} on ${run.head.commit}`];
}

/** The best of what can start, one after the other, as long as there are places. */
function claims(facts: Facts, settings: ModelSettings, now: number): string[] {
  const { run, plan, tasks } = facts;
  if (run.paused || startsNothing(facts)) return [];
  const atWork = tasks.filter(isAtWork).map(({ id }) => id);
  const attemptsLeft = (plan.budget.attempts ?? Infinity) + (run.budget_added?.attempts ?? 0) -
    settings.claims;
  const hands = (run.workers ?? []).filter(({ worker }) => isServing(facts, worker));
  const free = [{ worker: "local", slots: run.settings?.workers ?? 0 }, ...hands].flatMap(
    ({ worker, slots }) => {
      const busy = tasks.filter((task) => isAtWork(task) && task.owner === worker).length;
      return Array.from({ length: Math.max(0, slots - busy) }, () => worker);
    },
  );
  let places = Math.min(free.length, attemptsLeft);
  const pools = new Map<string, number>();
  const holders = tasks.flatMap((task, at) => {
    const spec = plan.tasks[at];
    return spec !== undefined && (isAtWork(task) || task.state === "finished") ? [spec] : [];
  });
  for (const { id, pool } of holders) {
    if (pool !== null && atWork.includes(id)) pools.set(pool, (pools.get(pool) ?? 0) + 1);
  }
  const chosen: { readonly spec: TaskSpec; readonly text: string }[] = [];
  for (const { task, spec } of ranked(facts, settings, now)) {
    const inPool = spec.pool === null ? 0 : pools.get(spec.pool) ?? 0;
    if (places < 1 || inPool >= (plan.pools[spec.pool ?? ""] ?? Infinity)) continue;
    if (holders.some((holder) => collide(holder, spec, run.case_sensitive))) continue;
    const { loop } = task;
    const isNewer = loop !== undefined &&
      tasks.some(({ id, completed_at }) =>
        spec.dependencies.includes(id) && (completed_at ?? 0) >= loop.since
      );
    const start = loop === undefined || isNewer ? run.head?.commit ?? null : loop.base;
    const base = spec.isolation === "worktree" ? start : null;
    chosen.push({
      spec,
      text: `claim ${spec.id} ${task.attempt + 1} ${base} ${now + plan.lease_secs * 1000}`,
    });
    holders.push(spec);
    if (spec.pool !== null) pools.set(spec.pool, inPool + 1);
    places -= 1;
  }
  // Loops run in the controller's own process alone; what it has left goes to the others first.
  let own = free.filter((worker) => worker === "local").length;
  const loops = new Set(chosen.filter(({ spec }) => spec.loop !== undefined && own-- > 0));
  const rest = free.slice(loops.size);
  return chosen.flatMap((each) => {
    if (each.spec.loop !== undefined) return loops.has(each) ? [`${each.text} local`] : [];
    return [`${each.text} ${rest.shift()}`];
  });
}

/** Priority and one step for each ten minutes of waiting, then the longest way to the end, then the place in the plan. */
function ranked(facts: Facts, { durations }: ModelSettings, now: number) {
  const urgency = ({ task, spec }: { readonly task: TaskState; readonly spec: TaskSpec }) =>
    spec.priority - Math.floor((task.ready_since ?? 0) / 600_000);
  const paths = waysToTheEnd(facts.plan, durations);
  const path = (id: string) => paths.get(id) ?? 0;
  return startable(facts).filter(({ task }) => (task.not_before ?? 0) <= now)
    .sort((a, b) => urgency(b) - urgency(a) || path(b.spec.id) - path(a.spec.id));
}

const WAYS = new WeakMap<ModelSettings["durations"], ReadonlyMap<string, number>>();

/** How long each task and the longest chain behind it take, milliseconds. */
function waysToTheEnd(plan: Plan, durations: ModelSettings["durations"]): ReadonlyMap<string, number> {
  const known = WAYS.get(durations);
  if (known?.size === plan.tasks.length) return known;
  const ways = new Map<string, number>();
  for (const { id } of [...plan.tasks].reverse()) {
    const after = dependentsOf(plan, id).map((each) => ways.get(each.id) ?? 0);
    ways.set(id, (durations.get(id) ?? 1_000) + Math.max(0, ...after));
  }
  WAYS.set(durations, ways);
  return ways;
}
