/**
 * Why a task does not start at this moment: everything that keeps it, told with the scheduler's own rules. Pure.
 */

import { entriesOf, entriesOverlap } from "../plan/path_set.ts";
import { attemptsLeft } from "./budget.ts";
import { staysWithController } from "./controller_bound.ts";
import { nextInLine } from "./explain_order.ts";
import { PickSet } from "./pick_set.ts";
import { isPassedOver } from "./candidates.ts";
import { openReviewsOf } from "./reviews.ts";
import { findTask, type RunState, taskAt, type TaskView } from "./run_state.ts";
import { WAITED_FOR } from "./task_state.ts";
import { extraWorkers, freePlaces, LOCAL_WORKER } from "./workers.ts";

/** What can keep a task from starting or from going on. */
export type ObstacleCode =
  | "not_selected"
  | "run_ending"
  | "dependencies"
  | "paused"
  | "budget"
  | "on_failure"
  | "delay"
  | "pool"
  | "path_sets"
  | "workers"
  | "rank"
  | "merge"
  | "review"
  | "pick"
  | "answer"
  | "approval";

/** One thing that keeps a task. */
export interface Keeping {
  readonly code: ObstacleCode;
  /** For people: what it waits for. */
  readonly text: string;
  /** The tasks that it waits for; empty where it waits for none. */
  readonly tasks: readonly string[];
}

/** How many tasks and paths are named. */
const NAMED = 10;

/**
 * What a task waits for at `now` on the run clock, the first that has to go first: before it starts, before its work is
 * merged, for somebody's answer, or for the leave that its agent asks for. Empty for any other task that is at work or at
 * its end, and for one that the next decision claims.
 */
export function whatKeeps(state: RunState, view: TaskView, now: number): readonly Keeping[] {
  switch (view.task.state) {
    case "pending":
      return whatKeepsFromStarting(state, view, now);
    case "finished":
      return [mergeOf(state, view)];
    case "waiting": {
      const whom = WAITED_FOR[view.task.waiting_on ?? "human"];
      return [{
        code: "answer",
        text: `it waits for ${whom}: ${view.task.reason ?? "no question"}`,
        tasks: [],
      }];
    }
    case "claimed":
    case "running":
      return approvalsOf(state, view);
    default:
      return [];
  }
}

function approvalsOf({ run }: RunState, { spec }: TaskView): readonly Keeping[] {
  const open = (run.approvals?.open ?? []).filter(({ task_id }) => task_id === spec.id);
  return open.map(({ approval, detail, expires }) => ({
    code: "approval",
    text: `its agent waits for leave (${approval}), which is denied at ${
      new Date(expires).toISOString()
    }: ${detail}`,
    tasks: [],
  }));
}

function mergeOf(state: RunState, { spec }: TaskView): Keeping {
  const { run } = state;
  if (spec.review?.picks_for !== undefined) {
    const { picks_for } = spec.review;
    return { code: "merge", text: `what it has picked for ${picks_for} is merged first`, tasks: [picks_for] };
  }
  if (spec.review !== undefined) {
    const open = spec.review.of.filter((id) => findTask(state, id)?.task.state !== "completed");
    return { code: "merge", text: `what it has passed is merged first: ${named(open)}`, tasks: open };
  }
  if (isPassedOver(state, spec.id)) {
    const review = pickingReview(state, spec.candidate_of);
    return {
      code: "pick",
      text: `it is one of the candidates for ${spec.candidate_of}, of which one is picked${
        review === null ? "" : ` by ${review.told}`
      }`,
      tasks: review === null ? [] : [review.id],
    };
  }
  const reviews = openReviewsOf(state, spec.id);
  if (reviews.length > 0) {
    return {
      code: "review",
      text: `its work is merged once it is reviewed by ${named(reviews)}`,
      tasks: reviews,
    };
  }
  const merging = (text: string, tasks: readonly string[] = []) => ({ code: "merge" as const, text, tasks });
  if (run.merge?.task_id === spec.id) return merging("its work is being merged");
  const staged = (run.batch?.staged ?? []).map(({ task_id }) => task_id);
  if (staged.includes(spec.id)) {
    const others = staged.filter((id) => id !== spec.id);
    const beside = others.length === 0 ? "" : `, together with that of ${named(others)}`;
    return run.batch?.phase === "judging"
      ? merging(`gates judge its merge${beside}`, others)
      : merging(`its work is merged and waits for the gates${beside}`, others);
  }
  const before = run.merge_queue.slice(0, Math.max(0, run.merge_queue.indexOf(spec.id)));
  return before.length === 0
    ? merging("its work is the next to be merged")
    : merging(`its work is merged after that of ${named(before)}`, before);
}

function whatKeepsFromStarting(state: RunState, view: TaskView, now: number): readonly Keeping[] {
  const { run, plan, index } = state;
  const { task, ordinal } = view;
  if (!index.isSelected(ordinal)) {
    return [{
      code: "not_selected",
      text: "it is not part of this run: --only or --from chose others",
      tasks: [],
    }];
  }
  const all: Keeping[] = [];
  const add = (code: ObstacleCode, text: string, tasks: readonly string[] = []) =>
    all.push({ code, text, tasks });
  if (run.cancel !== null || run.cancelled || run.failure !== null || run.tampered_at !== null) {
    add("run_ending", "the run is at its end");
  }
  const open = openDependencies(state, view);
  if (open !== null) all.push(open);
  if (run.paused) add("paused", "the run is paused");
  if (run.budget_exhausted !== null || attemptsLeft(state) === 0) {
    add("budget", `the budget of ${run.budget_exhausted?.budget ?? "attempts"} is used up`);
  }
  if (plan.on_failure !== "continue" && index.failures > 0) {
    add("on_failure", `a task has failed, and on_failure is ${plan.on_failure}`);
  }
  if (task.not_before !== null && task.not_before > now) {
    add("delay", `its retry waits until ${new Date(task.not_before).toISOString()}`);
  }
  all.push(...occupied(state, view));
  if (all.length > 0) return all;
  const busy = busyWorkers(state, view);
  if (busy !== null) all.push(busy);
  else {
    const first = nextInLine(state, now);
    if (first !== undefined && first.ordinal !== ordinal) {
      add("rank", `tasks of a higher rank come first, such as ${first.spec.id}`, [first.spec.id]);
    }
  }
  return all;
}

/** Null where a worker is free that may run the task. */
function busyWorkers(state: RunState, { spec }: TaskView): Keeping | null {
  const { run, plan, index } = state;
  const isBound = staysWithController(spec);
  const isUsable = (worker: string | null) => !isBound || worker === LOCAL_WORKER;
  if (freePlaces(state).some(isUsable)) return null;
  const own = run.settings?.workers ?? plan.workers;
  const others = extraWorkers(run).filter(({ worker }) => isUsable(worker));
  const count = others.reduce((sum, { slots }) => sum + slots, own);
  const working = [...index.active].map((each) => taskAt(state, each).task)
    .filter(({ owner }) => isUsable(owner)).map(({ id }) => id);
  const whose = isBound && extraWorkers(run).length > 0 ? " of the controller, which alone runs it," : "";
  const text = count === 1 ? `the only worker${whose} is busy` : `all ${count} workers${whose} are busy`;
  return { code: "workers", text: `${text}, with ${named(working)}`, tasks: working };
}

/** The dependencies that its trigger rule waits for; null where it waits for none. */
function openDependencies(state: RunState, { spec, ordinal }: TaskView): Keeping | null {
  if (state.index.readinessOf(ordinal) === "ready") return null;
  const open = spec.dependencies.filter((id) => findTask(state, id)?.task.state !== "completed");
  const told = open.map((id) => `${id} (${findTask(state, id)?.task.state})`);
  const rule = RULES[spec.trigger_rule];
  const review = pickingReview(state, spec.id);
  const picked = review === null ? "" : `; which one is merged is said by ${review.told}`;
  return { code: "dependencies", text: `${rule} ${named(told)}${picked}`, tasks: open };
}

/** The review that picks among the candidates for a task, with its state; null where none does. */
function pickingReview(
  state: RunState,
  choice: string | undefined,
): { readonly id: string; readonly told: string } | null {
  const id = choice === undefined ? undefined : findTask(state, choice)?.spec.attempts?.review;
  return id === undefined ? null : { id, told: `${id} (${findTask(state, id)?.task.state})` };
}

const RULES = {
  all_success: "it waits until these are completed:",
  one_success: "it waits until one of these is completed:",
  all_done: "it waits until these have ended:",
} as const;

/** Pool and path sets, as the scheduler looks at them. */
function occupied(state: RunState, view: TaskView): readonly Keeping[] {
  const { index, plan } = state;
  const obstacle = new PickSet(state, Infinity).obstacleOf(view.ordinal);
  const { pool } = view.spec;
  if (obstacle !== null && obstacle.startsWith("pool:") && pool !== null) {
    const inside = [...index.active].map((each) => taskAt(state, each).spec)
      .filter((spec) => spec.pool === pool).map(({ id }) => id);
    const gates = state.run.gates.filter((each) => each.result === "running" && each.pool === pool);
    const holders = [...inside, ...gates.map(({ gate }) => `gate ${gate}`)];
    const text = `pool ${pool} is full (${plan.pools[pool]}), with ${named(holders)}`;
    return [{ code: "pool", text, tasks: inside }];
  }
  return index.dispatch.conflictsOf(view.ordinal).slice(0, NAMED).map((id) => ({
    code: "path_sets",
    text: conflictText(state, view, id),
    tasks: [id],
  }));
}

function conflictText(state: RunState, { spec }: TaskView, holder: string): string {
  const other = findTask(state, holder);
  const options = { caseSensitive: state.run.case_sensitive };
  const pairs = [
    [spec.write_set, other?.spec.write_set, "both write"],
    [spec.write_set, other?.spec.read_set, `it writes what ${holder} reads:`],
    [spec.read_set, other?.spec.write_set, `it reads what ${holder} writes:`],
  ] as const;
  for (const [mine = null, theirs = null, text] of pairs) {
    for (const [at, entry] of entriesOf(mine, options).entries()) {
      const rival = entriesOf(theirs, options).findIndex((each) => entriesOverlap(entry, each));
      if (rival < 0) continue;
      const paths = [...new Set([mine?.[at], theirs?.[rival]])].join(" and ");
      const until = other?.task.state === "finished" ? "until its work is merged" : "while it is at work";
      return `it may not run beside ${holder}, ${until}: ${text} ${paths}`;
    }
  }
  return `it may not run beside ${holder}`;
}

function named(items: readonly string[]): string {
  const more = items.length > NAMED ? ` and ${items.length - NAMED} more` : "";
  return items.slice(0, NAMED).join(", ") + more;
}
