/**
 * The reference model: what a scheduler has to decide, written from the rules in the plainest form, without queues,
 * indexes or caches. It looks at what the log says (the run and the tasks) and answers in the words of `words.ts`.
 */

import type { TaskSpec } from "../../src/plan/spec.ts";
import type { OpenProposal, OpenRequest } from "../../src/scheduler/run_record.ts";
import type { RunState } from "../../src/scheduler/run_state.ts";
import type { TaskState } from "../../src/scheduler/task_state.ts";
import { collide, isOver, readinessOf, type Standing } from "./naive.ts";

/** What the log says of a run, earlier durations by task, how much of each budget is used, and the time. */
export interface Given extends Pick<RunState, "plan" | "run" | "tasks"> {
  readonly durations: ReadonlyMap<string, number>;
  readonly budgets: readonly { readonly budget: string; readonly used: number; readonly limit: number }[];
  readonly now: number;
}
type Item = TaskState & { readonly spec: TaskSpec };
type Seen = Given & { readonly items: readonly Item[]; readonly find: (id: string) => Item | undefined };
type Proposal = Omit<OpenProposal, "proposal"> & { readonly proposal?: number; readonly request?: number };

const isAtWork = ({ state }: TaskState) => state === "claimed" || state === "running";
const isMerging = ({ run }: Given, { id }: TaskState) => run.merge?.task_id === id;
const isEnding = ({ run }: Given) => run.cancel !== null || run.cancelled;
const isClosed = (seen: Given) =>
  isEnding(seen) || seen.run.failure !== null || seen.run.tampered_at !== null;
const isSelected = ({ run }: Given, { id }: TaskState) => run.selected?.includes(id) ?? true;
const isServing = ({ run }: Given, worker: string) =>
  run.workers?.some((each) => each.worker === worker && each.state === "started" && worker !== "local") ??
    false;
const hasStopped = ({ run, plan, tasks }: Given) =>
  run.budget_exhausted !== null || run.paused ||
  (plan.on_failure !== "continue" && tasks.some(({ state }) => state === "failed"));
const readiness = ({ spec }: Item, find: (id: string) => Standing | undefined) =>
  readinessOf(spec, spec.dependencies.flatMap((id) => find(id) ?? []));
const texts = (value: unknown) => Array.isArray(value) ? value.map(String) : [];

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
  return taken.length > 0 ? taken : [...nextMerge(seen), ...claims(seen)];
}

/** The answer to a request; nothing as long as its end has to be waited for. */
function answerTo(seen: Seen, { index, kind, payload }: OpenRequest): string[] {
  const { run, items, find } = seen;
  const answer = (isGranted: boolean, ...granted: string[]) => isGranted ? granted : [`refuse ${index}`];
  switch (kind) {
    case "cancel_requested":
      if (payload.task_id !== null) return cancelOne(seen, index, payload.task_id) ?? answer(false);
      return answer(run.cancel?.request === index && !run.cancelled && run.failure === null);
    case "pause_requested":
      return answer(!run.paused, `run_paused ${index}`);
    case "unpause_requested":
      return answer(run.paused, `run_unpaused ${index}`);
    case "answer_given": {
      const { task_id, answer: text } = payload;
      return answer(
        !isEnding(seen) && find(task_id)?.state === "waiting",
        `reopen ${task_id} ${index} ${text}`,
      );
    }
    case "retry_requested": {
      const reopened = isEnding(seen) ? [] : retried(seen, payload.task_id);
      return answer(reopened.length > 0, ...reopened.map((id) => `reopen ${id} ${index} undefined`));
    }
    case "budget_add_requested": {
      const planned = seen.budgets.find(({ budget }) => budget === payload.budget);
      return answer((planned?.limit ?? Infinity) < Infinity, `budget_extended ${index}`);
    }
    case "worker_joined": {
      const isKnown = payload.worker === "local" ||
        run.workers?.some(({ worker }) => worker === payload.worker);
      return answer(isKnown !== true && !isClosed(seen), `worker_started ${index}`);
    }
    case "worker_left":
      return answer(isServing(seen, payload.worker), `worker_stopped ${index}`);
    case "attempt_started":
    case "attempt_reported":
      return answer(
        items.some((each) =>
          isAtWork(each) && each.token === payload.token && each.id === payload.task_id &&
          each.owner === payload.worker
        ),
      );
    case "task_proposed": {
      const { task_id, attempt, token, proposal: content } = payload;
      const by = find(task_id);
      const isCurrent = by !== undefined && isAtWork(by) && by.token === token && by.attempt === attempt;
      const proposal = { proposed_by: { task_id, attempt, token }, content, request: index };
      return answer(isCurrent, answerToProposal(seen, proposal));
    }
    default:
      return answer(false);
  }
}

/** The tasks that are `state` in the end: those with these ids, and all that one of them reaches, step by step. */
function spread(
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

/** The task and all that would wait for its success in vain; what is at work or being merged ends by itself. */
function cancelOne(seen: Seen, request: number, id: string): string[] | null {
  const asked = seen.find(id);
  if (asked === undefined || isOver(asked) || (isAtWork(asked) && asked.cancel_request !== request)) {
    return null;
  }
  return spread(seen, "going", [id], (each, find) =>
    !isOver(each) && each.spec.trigger_rule !== "all_done" &&
    each.spec.dependencies.some((other) => find(other)?.state === "going"))
    .filter((each) => !isAtWork(each) && !isMerging(seen, each))
    .map((each) =>
      each !== asked && each.state === "pending"
        ? `end ${each.id}`
        : cancellation(each, each === asked ? request : undefined)
    )
    .sort();
}

const cancellation = ({ id, state, token }: Item, request?: number) =>
  `cancel ${id} ${state === "pending" ? null : token} ${request}`;

/** What failed, or this task; and everything that ended because of others and can start when these have ended well. */
function retried(seen: Seen, id: string | null): string[] {
  const asked = seen.items.filter((each) =>
    id === null ? each.state === "failed" : each.id === id && isOver(each) && each.state !== "completed" &&
      isSelected(seen, each) && readiness(each, seen.find) !== "hopeless"
  );
  return spread(
    seen,
    "pending",
    asked.map((each) => each.id),
    (each, find) =>
      (each.state === "blocked" || (each.state === "cancelled" && each.causes.length > 0)) &&
      each.spec.dependencies.some((other) =>
        isOver(seen.find(other) ?? each) && find(other)?.state === "pending"
      ) &&
      readiness(each, find) !== "hopeless",
  ).map((each) => each.id);
}

/** The answer to the first proposal that waits for no other; those that wait for each other are refused together. */
function answerToProposals(seen: Seen): string[] {
  const open = seen.run.open_proposals ?? [];
  const isTogether = (a: OpenProposal, b = open[0]) => a.proposed_by.token === b?.proposed_by.token;
  const next = open.find((one) =>
    !open.some((each) => isTogether(each, one) && idOf(each) !== idOf(one) && needs(one, idOf(each)))
  );
  return next === undefined
    ? open.filter((each) => isTogether(each)).map(rejection)
    : [answerToProposal(seen, next)];
}

function answerToProposal(seen: Seen, proposal: Proposal): string {
  const { run, plan, items, find } = seen;
  const { content, proposed_by: { task_id } } = proposal;
  const [proposer, policy] = [find(task_id), plan.proposals];
  const isOpen = typeof content !== "number" && proposer !== undefined && policy !== undefined &&
    !isClosed(seen);
  if (!isOpen || items.filter((each) => each.proposed_by).length >= policy.max_tasks) {
    return rejection(proposal);
  }
  const { dependencies, write_set, pool, isolation = proposer.spec.isolation } = content;
  let depth = 0;
  for (let by: Item | undefined = proposer; by?.proposed_by; by = find(by.proposed_by.task_id)) depth += 1;
  const id = idOf(proposal);
  const limit = policy.write_set ?? proposer.spec.write_set;
  const own = write_set === undefined ? limit : texts(write_set);
  const isInside = (each: string) => limit?.some((outer) => isBelow(each, outer, run.case_sensitive)) ?? true;
  const known = texts(dependencies).map(find);
  const isFit = depth < policy.max_depth && id !== undefined && content["run"] !== undefined &&
    content["colour"] === undefined && isolation === proposer.spec.isolation &&
    (pool === undefined || Object.hasOwn(plan.pools, String(pool))) && (own ?? []).every(isInside) &&
    !items.some((each) => each.id.toLowerCase() === String(id).toLowerCase()) &&
    known.every((each) => each !== undefined && isSelected(seen, each)) &&
    new Set(known).size === known.length;
  if (!isFit) return rejection(proposal);
  const writes = own === null ? null : [...new Set(own)];
  return `accept ${id} ${proposal.request} ${proposal.proposal} after ${
    texts(dependencies)
  } writes ${writes}`;
}

const rejection = ({ request, proposal }: Proposal) => `reject ${request} ${proposal}`;
const idOf = ({ content }: Proposal) =>
  typeof content === "number" || content["id"] === "../x" ? undefined : content["id"];
const needs = ({ content }: Proposal, id: unknown) =>
  typeof content !== "number" && texts(content["dependencies"]).includes(String(id));

/** Whether everything of one entry is in another: the same, or below the directory that it stands for. */
function isBelow(inner: string, outer: string, caseSensitive: boolean): boolean {
  if (!caseSensitive) return isBelow(inner.toLowerCase(), outer.toLowerCase(), true);
  const directory = outer.replace(/\/\*\*$/, "");
  return outer === inner || outer === "**" || (!/[*.]/.test(directory) && inner.startsWith(`${directory}/`));
}

function cancelAll(seen: Seen, request: number): string[] {
  const idle = seen.items.filter((each) =>
    isSelected(seen, each) && !isOver(each) && !isAtWork(each) && !isMerging(seen, each)
  );
  const isBusy = seen.items.some(isAtWork) || seen.run.merge !== null;
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
  if (run.merge !== null || hasStopped(seen)) return [];
  const next = run.reuse?.tasks.slice(run.reuse.next).find(({ task_id }) => {
    const task = find(task_id);
    return task?.state === "pending" && task.attempt === 0 &&
      task.spec.dependencies.every((id) => find(id)?.reused);
  });
  if (next === undefined) return [];
  const { task_id, pin } = next;
  return [pin === null ? `complete ${task_id}` : `merge ${task_id} ${pin} on ${run.head?.commit}`];
}

function nextMerge({ run, find }: Seen): string[] {
  const task = find(run.merge_queue[0] ?? "");
  return task === undefined || run.merge !== null
    ? []
    : [`merge ${task.id} ${task.pin} on ${run.head?.commit}`];
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
    const inPool = [...atWork, ...chosen].filter(({ spec }) => spec.pool === pool).length;
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
    const worker = each.spec.loop === undefined ? rest.shift() : "local";
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
