/**
 * The reference model: what a scheduler has to decide, written from the rules in the plainest form, without queues,
 * indexes or caches. It looks at what the log says (the run and the tasks) and answers in the words of `words.ts`.
 */

import { answerTo, answerToProposals } from "./model_answers.ts";
import {
  cancellation,
  type Given,
  hasStopped,
  isAtWork,
  isMerging,
  isSelected,
  isServing,
  type Item,
  readiness,
  type Seen,
  spread,
} from "./model_view.ts";
import { collide, isOver } from "./naive.ts";

const tipOf = ({ run }: Given) => run.batch?.staged.at(-1)?.commit ?? run.head?.commit;
/** Whether gates have to judge what is staged before anything else is merged. */
const isBatchFull = ({ run: { batch }, plan }: Given) =>
  batch !== undefined &&
  (batch.phase !== "open" || batch.staged.length >= (plan.gate_each === "batch" ? 16 : 1));

/** What is to be done now. */
export function modelDecide(given: Given): string[] {
  const { run, plan, tasks } = given;
  if (run.phase !== "active" || run.proof_writing !== null) return [];
  const items = plan.tasks.flatMap((spec, at) => tasks[at] === undefined ? [] : [{ ...tasks[at], spec }]);
  const byId = new Map(items.map((item) => [item.id, item]));
  const seen: Seen = { ...given, items, find: (id) => byId.get(id) };
  const answer = run.open_requests.map((each) => answerTo(seen, each)).find((each) => each.length > 0);
  if (answer !== undefined) return answer;
  if ((run.open_proposals ?? []).length > 0) return answerToProposals(seen);
  if (run.tampered_at !== null || run.failure !== null || run.cancelled) return [];
  if (run.cancel !== null) return cancelAll(seen, run.cancel.request);
  const ends = [...lostLeases(seen), ...budgetReports(seen), ...hopeless(seen)];
  if (ends.length > 0 || run.merge?.reused !== undefined) return ends;
  const taken = takeOver(seen);
  if (taken.length > 0) return taken;
  const isTakingOver = run.batch?.staged.some(({ reused }) => reused !== undefined);
  return isTakingOver ? nextMerge(seen) : [...nextMerge(seen), ...claims(seen)];
}

function cancelAll(seen: Seen, request: number): string[] {
  const idle = seen.items.filter((each) =>
    isSelected(seen, each) && !isOver(each) && !isAtWork(each) && !isMerging(seen, each)
  );
  const isBusy = seen.items.some(isAtWork) || seen.run.merge !== null || seen.run.batch !== undefined;
  return idle.length > 0 || isBusy
    ? idle.map((each) => cancellation(each)).sort()
    : [`run_cancelled ${request}`];
}

/** An attempt whose lease has run out starts again at once; the third time in a row is the last. */
function lostLeases({ items, now }: Seen): string[] {
  return items.filter((each) => isAtWork(each) && (each.lease_expires ?? Infinity) <= now)
    .sort((a, b) => (a.token ?? 0) - (b.token ?? 0))
    .map(({ id, token, recovery_count }) =>
      recovery_count >= 2 ? `fail ${id} ${token}` : `again ${id} ${token} recovery ${now}`
    );
}

/** The tasks that can never start, and those that never can because of these. */
function hopeless(seen: Seen): string[] {
  return spread(
    seen,
    "blocked",
    [],
    (each, find) =>
      each.state === "pending" && isSelected(seen, each) && readiness(each, find) === "hopeless",
  )
    .map(({ id }) => `end ${id}`).sort();
}

/** The tasks that only a place, a pool, a conflict or their delay keeps from starting. */
function startable(seen: Seen): Item[] {
  return seen.items.filter((each) =>
    each.state === "pending" && isSelected(seen, each) && readiness(each, seen.find) === "ready"
  );
}

function budgetReports(seen: Seen): string[] {
  const { run, items, budgets } = seen;
  const isWaiting = startable(seen).length > 0;
  if (run.budget_exhausted !== null || !(isWaiting || items.some(isAtWork))) return [];
  const usedUp = budgets.filter(({ budget, used, limit }) =>
    used >= limit && (budget !== "attempts" || isWaiting) && (budget !== "time" || !run.paused)
  );
  const near = budgets.filter(({ used, limit }) => used >= 0.8 * limit);
  const untold = near.filter(({ budget }) => !run.budget_reported?.some((each) => each === budget));
  const [kind, told] = usedUp.length > 0 ? ["exhausted", usedUp.slice(0, 1)] : ["checkpoint", untold];
  return told.map(({ budget, used, limit }) => `budget_${kind} ${budget} ${used} of ${limit}`);
}

/** What an earlier run made comes before anything is run: the first whose dependencies were all taken over. */
function takeOver(seen: Seen): string[] {
  const { run, find } = seen;
  if (run.merge !== null || hasStopped(seen) || isBatchFull(seen)) return [];
  const staged = new Set(run.batch?.staged.map(({ task_id }) => task_id));
  const next = run.reuse?.tasks.slice(run.reuse.next).find(({ task_id }) => {
    const task = find(task_id);
    return task?.state === "pending" && task.attempt === 0 && !staged.has(task_id) &&
      task.spec.dependencies.every((id) => find(id)?.reused || staged.has(id));
  });
  if (next === undefined || (next.pin === null && staged.size > 0)) return [];
  const { task_id, pin } = next;
  return [pin === null ? `complete ${task_id}` : `merge ${task_id} ${pin} on ${tipOf(seen)}`];
}

/** One merge after the other; what gates are to judge is staged until nothing more comes or fits into the batch. */
function nextMerge(seen: Seen): string[] {
  const { run, find } = seen;
  if (run.merge !== null || run.batch?.phase === "judging") return [];
  const staged = run.batch?.staged.map(({ task_id }) => task_id) ?? [];
  const task = isBatchFull(seen) ? undefined : find(run.merge_queue.find((id) => !staged.includes(id)) ?? "");
  if (task !== undefined) return [`merge ${task.id} ${task.pin} on ${tipOf(seen)}`];
  return staged.length === 0 ? [] : [`judge ${(run.batches ?? 0) + 1} ${staged} ${tipOf(seen)}`];
}

/** The best of what can start, one after the other, as long as there are places. */
function claims(seen: Seen): string[] {
  const { run, plan, items, now } = seen;
  if (hasStopped(seen)) return [];
  const atWork = items.filter(isAtWork);
  const hands = (run.workers ?? []).filter(({ worker }) => isServing(seen, worker));
  const free = [{ worker: "local", slots: run.settings?.workers ?? 0 }, ...hands].flatMap((
    { worker, slots },
  ) =>
    Array<string>(Math.max(0, slots - atWork.filter(({ owner }) => owner === worker).length)).fill(worker)
  );
  const attempts = seen.budgets.find(({ budget }) => budget === "attempts");
  const places = Math.min(free.length, attempts === undefined ? Infinity : attempts.limit - attempts.used);
  if (places < 1) return [];
  const chosen: Item[] = [];
  const merging = items.filter(({ state }) => state === "finished");
  for (const each of ranked(seen)) {
    if (chosen.length >= places) break;
    const { pool } = each.spec;
    const gates = run.gates.filter((gate) => gate.result === "running" && gate.pool === pool);
    const inPool = [...atWork, ...chosen].filter(({ spec }) => spec.pool === pool).length + gates.length;
    const isFull = pool !== null && inPool >= (plan.pools[pool] ?? Infinity);
    const conflicts = (other: Item) => collide(other.spec, each.spec, run.case_sensitive);
    if (!isFull && ![...atWork, ...merging, ...chosen].some(conflicts)) chosen.push(each);
  }
  // Loops run in the controller's own process alone; what it has left goes to the others first.
  const own = free.filter((worker) => worker === "local").length;
  const loops = chosen.filter(({ spec }) => spec.loop !== undefined).slice(0, own);
  const rest = free.slice(loops.length);
  const claimed = chosen.filter((each) => each.spec.loop === undefined || loops.includes(each));
  return claimed.map((each) => {
    // Whoever has lost it is the last to get it again.
    const other = Math.max(0, rest.findIndex((worker) => worker !== each.lost_by));
    const worker = each.spec.loop === undefined ? rest.splice(other, 1)[0] : "local";
    return `claim ${each.id} ${each.attempt + 1} ${baseOf(seen, each)} ${
      now + plan.lease_secs * 1000
    } ${worker}`;
  });
}

/** The head of the run, or where a loop began that goes on, unless a dependency has delivered something since. */
function baseOf({ run, find }: Seen, { spec, loop }: Item): string | null {
  if (spec.isolation !== "worktree") return null;
  const isLate = spec.dependencies.some((id) => (find(id)?.completed_at ?? 0) >= (loop?.since ?? 0));
  return loop === undefined || isLate ? run.head?.commit ?? null : loop.base;
}

/** Priority and one step for each ten minutes of waiting, then the longest way to the end, then the place in the plan. */
function ranked(seen: Seen): Item[] {
  const ways = new Map<string, number>();
  for (const { id, spec } of seen.items.toReversed()) {
    const way = (seen.durations.get(id) ?? 1_000) + (ways.get(id) ?? 0);
    ways.set(id, way);
    for (const each of spec.dependencies) ways.set(each, Math.max(way, ways.get(each) ?? 0));
  }
  const urgency = ({ spec, ready_since }: Item) => spec.priority - Math.floor((ready_since ?? 0) / 600_000);
  return startable(seen).filter(({ not_before }) => (not_before ?? 0) <= seen.now)
    .sort((a, b) => urgency(b) - urgency(a) || (ways.get(b.id) ?? 0) - (ways.get(a.id) ?? 0));
}
