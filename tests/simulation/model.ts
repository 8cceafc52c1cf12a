/**
 * The reference model: what a scheduler has to decide, in the words of `words.ts`. It always looks at everything.
 * What may be done is what each event is checked by; the model adds what is due, and in which order.
 */

import type { OpenRequest, RunRecord } from "../../src/scheduler/run_record.ts";
import type { TaskState } from "../../src/scheduler/task_state.ts";
import { isLimited, overspent } from "./budget_rules.ts";
import { baseOf, freePlaces, isStopped, obstacles, type Shadows, workersFor } from "./claim_rules.ts";
import { isAtWork, isOver, readinessOf, type Standing } from "./naive.ts";
import { answerToProposal, answerToProposals } from "./proposal_rules.ts";

/** What the log says, what its events say by themselves, earlier durations by task, and the time. */
export interface Given {
  readonly run: RunRecord;
  readonly tasks: readonly TaskState[];
  readonly shadows: Shadows;
  readonly durations: ReadonlyMap<string, number>;
  readonly now: number;
}
type Item = Standing & { readonly id: string; readonly task: TaskState };
type Seen = ReturnType<typeof look>;
type Ids = ReadonlySet<string>;

/** What is to be done now. */
export function modelDecide(given: Given): string[] {
  const { run, shadows, now } = given;
  if (run.phase !== "active" || run.proof_writing !== null) return [];
  const seen = look(given);
  const answered = run.open_requests.map((each) => answer(seen, each)).find((each) => each.length > 0);
  if (answered !== undefined) return answered;
  if (run.open_proposals?.length) return answerToProposals(shadows, run.open_proposals, seen.isClosed);
  if (run.tampered_at !== null || run.failure !== null || run.cancelled) return [];
  if (run.cancel !== null) return cancelAll(seen, run.cancel.request);
  const reports = shadows.run.reports(now, seen.isWaiting, seen.all.some(isAtWork));
  const ends = [...lostLeases(seen), ...reports, ...hopeless(seen)];
  const due = ends.length > 0 ? ends : overspent(shadows);
  if (due.length > 0 || run.merge?.reused) return due;
  const taken = takeOver(seen);
  if (taken.length > 0) return taken;
  const isTakingOver = run.batch?.staged.some(({ reused }) => reused);
  return [...nextMerge(seen), ...(isTakingOver ? [] : claims(seen))];
}

const asksPerson = ({ state, task }: Item) => state === "waiting" && task.waiting_on !== "budget";
const end = ({ id, task }: Item, request?: number) => `end ${id} ${task.token} ${request}`;

function look(given: Given) {
  const { run, tasks, shadows } = given;
  const all = shadows.plan.tasks.flatMap((spec, at): Item[] =>
    tasks[at] ? [{ id: spec.id, spec, state: tasks[at].state, task: tasks[at] }] : []
  );
  const byId = new Map(all.map((each) => [each.id, each]));
  const staged = run.batch?.staged.map(({ task_id }) => task_id) ?? [];
  const isCancelled = run.cancel !== null || run.cancelled;
  return {
    ...given,
    all,
    find: (id: string) => byId.get(id),
    staged,
    tip: run.batch?.staged.at(-1)?.commit ?? run.head?.commit,
    /** Whether gates have to judge what is staged before more is merged. */
    isFull: run.batch !== undefined &&
      (run.batch.phase !== "open" || staged.length >= (shadows.plan.gate_each === "batch" ? 16 : 1)),
    isCancelled,
    isClosed: isCancelled || run.failure !== null || run.tampered_at !== null,
    isWaiting: all.some(({ task }) => task.ready_since !== null),
    isSelected: ({ id }: Item) => shadows.run.isSelected(id),
    /** Whether a task can be ended at once. */
    rests: (each: Item) =>
      !isOver(each) && !isAtWork(each) && run.merge?.task_id !== each.id &&
      !(run.batch?.phase === "judging" && staged.includes(each.id)),
  };
}

/** Whether a task can never start, if those of `others` were in another state. */
function isHopeless({ find }: Seen, { spec }: Item, others?: Ids, state = ""): boolean {
  const all = spec.dependencies.flatMap((id) => find(id) ?? []);
  return readinessOf(spec, all.map((each) => others?.has(each.id) ? { ...each, state } : each)) ===
    "hopeless";
}
/** These tasks, and all that one of them reaches, step by step. */
function spread({ all }: Seen, from: readonly Item[], isNext: (each: Item, reached: Ids) => boolean): Item[] {
  const reached = new Set(from.map(({ id }) => id));
  for (let size = -1; size !== reached.size;) {
    size = reached.size;
    all.filter((each) => isNext(each, reached)).forEach(({ id }) => reached.add(id));
  }
  return all.filter(({ id }) => reached.has(id));
}

/** The answer to a request; nothing as long as its end has to be waited for. */
function answer(seen: Seen, { index, kind, payload }: OpenRequest): string[] {
  const { run, shadows, isCancelled, isClosed } = seen;
  const { task_id, attempt, token, worker, budget, answer }: Readonly<Record<string, unknown>> = payload;
  const by = seen.find(String(task_id));
  const isCurrent = by && isAtWork(by) && by.task.token === token && by.task.attempt === attempt;
  const isOwn = isCurrent && by.task.owner === worker && [];
  const isFirst = run.cancel?.request === index && !run.cancelled && run.failure === null && [];
  const proposed = kind === "task_proposed" && { content: payload.proposal, request: index };
  const answers: { readonly [kind: string]: () => string | string[] | false | undefined } = {
    cancel_requested: () => task_id === null ? isFirst : cancelOne(seen, by, index),
    pause_requested: () => !run.paused && "run_paused",
    unpause_requested: () => run.paused && "run_unpaused",
    answer_given: () => by && asksPerson(by) && !isCancelled && [`reopen ${by.id} ${index} ${answer}`],
    retry_requested: () => !isCancelled && reopen(seen, task_id, index),
    budget_add_requested: () => isLimited(shadows, budget, task_id) && "budget_extended",
    worker_joined: () => !shadows.run.isKnown(String(worker)) && !isClosed && "worker_started",
    worker_left: () => shadows.run.isServing(String(worker)) && "worker_stopped",
    attempt_started: () => isOwn,
    attempt_reported: () => isOwn,
    task_proposed: () => isCurrent && proposed && [answerToProposal(shadows, by.id, proposed, isClosed)],
  };
  const words = answers[kind]?.() || "refuse";
  return typeof words === "string" ? [`${words} ${index}`] : words;
}
function cancelAll({ all, run, rests, isSelected }: Seen, request: number): string[] {
  const idle = all.filter((each) => isSelected(each) && rests(each));
  const isBusy = idle.length > 0 || all.some(isAtWork) || run.merge !== null || run.batch !== undefined;
  return isBusy ? idle.map((each) => end(each)) : [`run_cancelled ${request}`];
}
/** The task and all that would wait for its success in vain; what is busy ends by itself. */
function cancelOne(seen: Seen, asked: Item | undefined, request: number): string[] | undefined {
  if (!asked || isOver(asked) || (isAtWork(asked) && asked.task.cancel_request !== request)) return undefined;
  const isWaiting = ({ spec }: Item, going: Ids) =>
    spec.trigger_rule !== "all_done" && spec.dependencies.some((id) => going.has(id));
  const going = spread(seen, [asked], (each, going) => !isOver(each) && isWaiting(each, going));
  return going.filter(seen.rests).map((each) => end(each, each === asked ? request : undefined));
}
/** What failed, or this task, and all that ended because of others and can start once these end well. */
function reopen(seen: Seen, id: unknown, request: number): string[] | false {
  const mayAgain = (each: Item) => isOver(each) && each.state !== "completed" && seen.isSelected(each);
  const isAsked = (each: Item) =>
    id === null ? each.state === "failed" : each.id === id && mayAgain(each) && !isHopeless(seen, each);
  const isNext = (each: Item, open: Ids) =>
    (each.state === "blocked" || (each.state === "cancelled" && each.task.causes.length > 0)) &&
    each.spec.dependencies.some((other) => open.has(other)) && !isHopeless(seen, each, open, "pending");
  const all = spread(seen, seen.all.filter(isAsked), isNext);
  return all.length > 0 && all.map((each) => `reopen ${each.id} ${request} undefined`);
}
/** An attempt whose lease has run out starts again at once; the third time in a row is the last. */
function lostLeases({ all, now }: Seen): string[] {
  return all.filter((each) => isAtWork(each) && (each.task.lease_expires ?? Infinity) <= now).map(
    ({ id, task: { token, recovery_count: lost } }) =>
      lost < 2 ? `again ${id} ${token} recovery ${now}` : `fail ${id} ${token}`,
  );
}
/** The tasks that can never start, and those that never can because of these. */
function hopeless(seen: Seen): string[] {
  return spread(
    seen,
    [],
    (each, blocked) =>
      each.state === "pending" && seen.isSelected(each) && isHopeless(seen, each, blocked, "blocked"),
  )
    .map((each) => end(each));
}
/** What an earlier run made comes first: the next whose dependencies were all taken over. */
function takeOver({ run, find, staged, isFull, tip, shadows }: Seen): string[] {
  if (run.merge !== null || isFull || isStopped(shadows)) return [];
  const next = run.reuse?.tasks.slice(run.reuse.next).find(({ task_id }) => {
    const each = find(task_id);
    return each?.state === "pending" && each.task.attempt === 0 && !staged.includes(task_id) &&
      each.spec.dependencies.every((id) => find(id)?.task.reused || staged.includes(id));
  });
  if (!next || (next.pin === null && staged.length > 0)) return [];
  return [next.pin === null ? `complete ${next.task_id}` : `merge ${next.task_id} ${next.pin} on ${tip}`];
}
/** One merge after the other; what gates are to judge is staged until nothing more comes or fits. */
function nextMerge({ run, find, staged, isFull, tip }: Seen): string[] {
  if (run.merge !== null || run.batch?.phase === "judging") return [];
  const next = isFull ? undefined : run.merge_queue.find((id) => !staged.includes(id));
  if (next !== undefined) return [`merge ${next} ${find(next)?.task.pin} on ${tip}`];
  return staged.length === 0 ? [] : [`judge ${(run.batches ?? 0) + 1} ${staged} ${tip}`];
}
/** The best of what may start, one after the other, as long as there are places. */
function claims(seen: Seen): string[] {
  const { shadows, now } = seen;
  const places = freePlaces(shadows).length;
  const chosen: Item[] = [];
  for (const each of ranked(seen)) {
    if (chosen.length === places) break;
    if (obstacles(shadows, each.id, now, chosen).length === 0) chosen.push(each);
  }
  return workersFor(shadows, chosen.map(({ id }) => id)).map(({ id, attempt, worker }) =>
    `claim ${id} ${attempt} ${baseOf(shadows, id)} ${now + shadows.plan.lease_secs * 1000} ${worker}`
  );
}
/** Priority and a step for each ten minutes of waiting, then the longest way to the end, then the plan. */
function ranked({ all, durations, isWaiting }: Seen): Item[] {
  const ways = new Map<string, number>();
  for (const { id, spec } of isWaiting ? all.toReversed() : []) {
    const way = (durations.get(id) ?? 1_000) + (ways.get(id) ?? 0);
    ways.set(id, way);
    for (const each of spec.dependencies) ways.set(each, Math.max(way, ways.get(each) ?? 0));
  }
  const urgency = ({ spec, task }: Item) => spec.priority - Math.floor((task.ready_since ?? 0) / 600_000);
  return all.filter(({ task }) => task.ready_since !== null)
    .sort((a, b) => urgency(b) - urgency(a) || (ways.get(b.id) ?? 0) - (ways.get(a.id) ?? 0));
}
