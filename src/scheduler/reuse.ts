/**
 * Taking over what an earlier run made: which of its attempts fit this run, and in which order they are merged. Pure.
 */

import { canonicalJson } from "../canonical_json.ts";
import { draft, type EventDraft, taskSubject } from "../log/event.ts";
import { buildGraph, topologicalOrder } from "../plan/graph.ts";
import { matchesAny, type PathOptions } from "../plan/path_set.ts";
import type { Plan, TaskSpec } from "../plan/spec.ts";
import { isBatchComplete, isStaged, mergeTip } from "./merge_batch.ts";
import type { ReusableAttempt } from "./run_record.ts";
import { findTask, type RunState } from "./run_state.ts";

/** What is known of the earlier run. */
export interface EarlierRun {
  readonly plan: Plan;
  /** The attempts of its completed tasks that are still there in full, by task. */
  readonly attempts: ReadonlyMap<string, ReusableAttempt>;
  /** The paths in which its base differs from the base of this run. */
  readonly changed: readonly string[];
}

/**
 * The attempts that this run takes over, each after those that it depends on. A task is taken over where its spec is the
 * same and so is what it may read: all its dependencies are taken over too, and the two bases agree on its read set and
 * its write set where it declares both, on everything otherwise. Never taken over are tasks that work in the directory
 * itself, those that get a value of omk's own environment, as nobody knows whether that is the same, reviews with what they
 * judge, and what has candidates.
 */
export function chooseReusable(
  plan: Plan,
  selected: readonly string[] | null,
  earlier: EarlierRun,
  options: PathOptions,
): ReusableAttempt[] {
  // What a worktree is prepared with is an input of every task.
  if (canonicalJson(plan.worktree) !== canonicalJson(earlier.plan.worktree)) return [];
  const specs = new Map(earlier.plan.tasks.map((spec) => [spec.id, spec]));
  const wanted = selected === null ? null : new Set(selected);
  const reviewed = new Set(plan.tasks.flatMap(({ review }) => review?.of ?? []));
  const chosen = new Map<string, ReusableAttempt>();
  for (const ordinal of topologicalOrder(buildGraph(plan.tasks))) {
    const spec = plan.tasks[ordinal];
    const attempt = spec === undefined ? undefined : earlier.attempts.get(spec.id);
    if (spec === undefined || attempt === undefined || wanted?.has(spec.id) === false) continue;
    const isJudged = spec.review !== undefined || reviewed.has(spec.id) || spec.attempts !== undefined ||
      spec.candidate_of !== undefined;
    const isSame = canonicalJson(spec) === canonicalJson(specs.get(spec.id) ?? null);
    if (
      isSame && !isJudged && spec.isolation === "worktree" && !takesEnvironment(spec) &&
      spec.dependencies.every((id) => chosen.has(id)) && agrees(spec, earlier.changed, options)
    ) {
      chosen.set(spec.id, attempt);
    }
  }
  return [...chosen.values()];
}

/** The next event of taking over: a merge's intent, or the end where there is nothing to merge; empty when it is over. */
export function decideReuse(state: RunState, now: number): EventDraft[] {
  const { run } = state;
  const next = nextReusable(state);
  const tip = mergeTip(run);
  if (next === undefined || run.merge !== null || isBatchComplete(state) || tip === null) return [];
  const { task_id, from, token, base, pin } = next;
  const ref = { task_id, attempt: from.attempt, token, reused: from };
  const actor = `controller/${run.incarnation}`;
  if (pin === null) {
    return [draft("task_completed", taskSubject(task_id), actor, { ...ref, commit: null, tree: null })];
  }
  return [
    draft("merge_started", taskSubject(task_id), actor, {
      ...ref,
      head: tip,
      base,
      pin,
      date: now,
    }),
  ];
}

/**
 * The first attempt that can still be taken over: its task was not run, and all that it depends on was taken over, or
 * is about to be.
 */
export function nextReusable(state: RunState): ReusableAttempt | undefined {
  const { reuse } = state.run;
  if (reuse === undefined) return undefined;
  for (let at = reuse.next; at < reuse.tasks.length; at++) {
    const each = reuse.tasks[at];
    const view = each === undefined ? undefined : findTask(state, each.task_id);
    if (view?.task.state !== "pending" || view.task.attempt > 0) continue;
    if (isStaged(state.run, view.spec.id)) continue;
    const isThere = (id: string) => findTask(state, id)?.task.reused !== undefined || isStaged(state.run, id);
    if (!view.spec.dependencies.every(isThere)) continue;
    // What has nothing to merge is completed at once, and all of them are settled in their order.
    return each?.pin === null && state.run.batch !== undefined ? undefined : each;
  }
  return undefined;
}

function takesEnvironment(spec: TaskSpec): boolean {
  return Object.values(spec.env).some((value) => typeof value !== "string");
}

function agrees(spec: TaskSpec, changed: readonly string[], options: PathOptions): boolean {
  const { read_set, write_set } = spec;
  if (read_set.length === 0 || write_set === null) return changed.length === 0;
  return !changed.some((path) => matchesAny(read_set, path, options) || matchesAny(write_set, path, options));
}
