/**
 * Everything that choosing the next task needs at hand: a cache over the plan and the task states, kept up to
 * date by the fold, never written down.
 */

import { addToGraph, buildGraph, type Graph, type GrowingGraph, ordinalsOf } from "../plan/graph.ts";
import type { Plan, TaskSpec } from "../plan/spec.ts";
import { CandidateIndex } from "./candidate_index.ts";
import { DependencySums } from "./dependency_sums.ts";
import { DispatchQueue } from "./dispatch_queue.ts";
import { isReviewOf, plus, type Readiness, readiness, type Tally, tallyOf } from "./readiness.ts";
import { ReviewIndex } from "./review_index.ts";
import { TaskRanks } from "./task_ranks.ts";
import { isActive, type TaskState, type TaskStatus } from "./task_state.ts";

/** What an index holds that neither the plan nor the record of the run nor the task states tell. */
export interface IndexMemo {
  /** How many attempts were claimed. */
  readonly claims: number;
  /** What tasks took in earlier runs, in milliseconds. */
  readonly durations: readonly (readonly [id: string, ms: number])[];
}

/** See the module. */
export class DispatchIndex {
  /** Ordinals of claimed and running tasks. */
  readonly active = new Set<number>();
  /** Ordinals of pending tasks whose dependencies can never satisfy their rule. */
  readonly unstartable = new Set<number>();
  /** Ordinals of the tasks that have a budget of their own. */
  readonly budgeted: number[] = [];
  /** Which tasks are reviewed by which. */
  readonly reviews: ReviewIndex;
  /** Which tasks compete for which. */
  readonly candidates: CandidateIndex;
  /** Which task comes before which. */
  readonly ranks: TaskRanks;
  readonly #plan: Plan;
  readonly #graph: GrowingGraph;
  readonly #tasks: readonly TaskState[];
  readonly #ordinals: Map<string, number>;
  /** What was last found: events come in groups about one task. */
  #lastId = "";
  #lastOrdinal = -1;
  readonly #sums: DependencySums;
  readonly #poolUse = new Map<string, number>();
  /** Made when somebody first asks what may start: who only reads a run does without, for a tenth less time. */
  #dispatch: DispatchQueue | undefined;
  #caseSensitive = true;
  #counts = noCounts();
  #claims = 0;
  #selected: Set<number> | null = null;
  /** Made when the first task is added. */
  #idsInLowerCase: Map<string, string> | null = null;

  /** Builds the index of tasks that are all pending. */
  constructor(plan: Plan, tasks: readonly TaskState[]) {
    this.#plan = plan;
    this.#tasks = tasks;
    for (let ordinal = 0; ordinal < tasks.length; ordinal++) {
      if (this.#specAt(ordinal).budget !== undefined) this.budgeted.push(ordinal);
    }
    this.#ordinals = ordinalsOf(plan.tasks);
    this.reviews = new ReviewIndex(plan.tasks, this.#ordinals);
    this.candidates = new CandidateIndex(plan.tasks, this.#ordinals);
    this.#graph = buildGraph(plan.tasks, this.#ordinals);
    this.ranks = new TaskRanks(plan, tasks, this.#graph);
    this.#sums = new DependencySums(tasks.length, this.#graph, this.reviews);
    this.#counts.pending = tasks.length;
  }

  /** What may start next, and what keeps it from that. */
  get dispatch(): DispatchQueue {
    return this.#dispatch ??= new DispatchQueue({
      plan: this.#plan,
      tasks: this.#tasks,
      ranks: this.ranks,
      candidates: this.candidates,
      caseSensitive: this.#caseSensitive,
    });
  }

  /** Who depends on whom. */
  get graph(): Graph {
    return this.#graph;
  }

  /** The place of a task in the plan. */
  ordinalOf(id: string): number | undefined {
    if (id === this.#lastId) return this.#lastOrdinal;
    const ordinal = this.#ordinals.get(id);
    if (ordinal === undefined) return undefined;
    this.#lastId = id;
    return this.#lastOrdinal = ordinal;
  }

  /** The id that differs from this one in case only, or not at all; undefined where there is none. */
  similarId(id: string): string | undefined {
    this.#idsInLowerCase ??= new Map(this.#plan.tasks.map((spec) => [spec.id.toLowerCase(), spec.id]));
    return this.#idsInLowerCase.get(id.toLowerCase());
  }

  /** How many tasks are in a state. */
  count(status: TaskStatus): number {
    return this.#counts[status];
  }

  /** How many tasks have failed; a candidate that has counts for nothing while there are others. */
  get failures(): number {
    return this.count("failed") - this.candidates.excused;
  }

  /** Whether nothing is expected of a task any more: it serves one that a candidate has completed. */
  isExcepted(ordinal: number): boolean {
    const choice = this.candidates.servedBy(ordinal);
    return choice !== undefined && this.#taskAt(choice).state === "completed" &&
      this.#taskAt(ordinal).state !== "completed";
  }

  /** How many attempts were claimed. */
  get claims(): number {
    return this.#claims;
  }

  /** Whether the run is to run this task. */
  isSelected(ordinal: number): boolean {
    return this.#selected === null || this.#selected.has(ordinal);
  }

  /** How many tasks the run is to run. */
  get selectedCount(): number {
    return this.#selected?.size ?? this.#tasks.length;
  }

  /** Sets what `run_started` says, and makes ready what can start at `now`. */
  start(
    selected: readonly string[] | null,
    durations: ReadonlyMap<string, number>,
    caseSensitive: boolean,
    now: number,
  ): void {
    this.#configure(selected, durations, caseSensitive);
    for (let ordinal = 0; ordinal < this.#tasks.length; ordinal++) this.#refresh(ordinal, now);
  }

  /** What is to be kept to `restore` this index beside the task states. */
  get memo(): IndexMemo {
    return { claims: this.#claims, durations: [...this.ranks.durations] };
  }

  /** Makes a new index over task states that are not new what it was when the memo was taken. */
  restore(memo: IndexMemo, selected: readonly string[] | null, caseSensitive: boolean): void {
    this.#configure(selected, new Map(memo.durations), caseSensitive);
    this.#claims = memo.claims;
    this.#counts = noCounts();
    const ordinals = this.#tasks.map((_, ordinal) => ordinal);
    for (const ordinal of ordinals) {
      const { state } = this.#taskAt(ordinal);
      this.#counts[state] += 1;
      this.reviews.moved(ordinal, state);
      this.candidates.moved(ordinal, "pending", state);
      this.#sums.contribute(ordinal, (isReviewed) => tallyOf(this.#specAt(ordinal), { state }, isReviewed));
    }
    // Who walks over those at work finds them in the order in which they were claimed: that of their tokens.
    const token = (ordinal: number) => this.#taskAt(ordinal).token ?? 0;
    const active = ordinals.filter((ordinal) => isActive(this.#taskAt(ordinal).state));
    for (const ordinal of active.sort((a, b) => token(a) - token(b))) this.#enter(ordinal);
    for (const ordinal of ordinals) {
      if (this.#standing(ordinal) === "blocked") this.unstartable.add(ordinal);
    }
  }

  #configure(
    selected: readonly string[] | null,
    durations: ReadonlyMap<string, number>,
    caseSensitive: boolean,
  ): void {
    this.#dispatch = undefined;
    this.#caseSensitive = caseSensitive;
    this.#selected = selected === null
      ? null
      : new Set(selected.flatMap((id) => this.#ordinals.get(id) ?? []));
    this.ranks.weigh(durations);
  }

  /** Takes note that a pending task stands at the end of the plan since `now`, and is to be run. */
  added(now: number): void {
    const ordinal = this.#plan.tasks.length - 1;
    const spec = this.#specAt(ordinal);
    this.#ordinals.set(spec.id, ordinal);
    this.#idsInLowerCase?.set(spec.id.toLowerCase(), spec.id);
    const dependencies = spec.dependencies.flatMap((id) => this.#ordinals.get(id) ?? []);
    if (spec.budget !== undefined) this.budgeted.push(ordinal);
    addToGraph(this.#graph, dependencies);
    this.#sums.append(dependencies.map((dependency) => {
      const other = this.#specAt(dependency);
      return tallyOf(other, this.#taskAt(dependency), isReviewOf(spec, other.id));
    }));
    this.#dispatch?.added(spec);
    this.#counts.pending += 1;
    this.#selected?.add(ordinal);
    for (const longer of this.ranks.lengthen()) this.#dispatch?.rankAnew(longer);
    this.#refresh(ordinal, now);
  }

  /** Takes note that a task went from one state to another at `now`. */
  moved(ordinal: number, from: TaskStatus, now: number): void {
    const task = this.#taskAt(ordinal);
    this.#counts[from] -= 1;
    this.#counts[task.state] += 1;
    if (task.state === "claimed") this.#claims += 1;
    this.reviews.moved(ordinal, task.state);
    this.candidates.moved(ordinal, from, task.state);
    if (isActive(from) && !isActive(task.state)) this.#leave(ordinal);
    else if (!isActive(from) && isActive(task.state)) this.#enter(ordinal);
    this.#dispatch?.moved(ordinal, from, task.state);
    this.#moveTally(ordinal, from, now);
    this.#refresh(ordinal, now);
  }

  /** Whether a task at this place could start, by its dependencies alone. */
  readinessOf(ordinal: number, change?: Tally): Readiness {
    const spec = this.#specAt(ordinal);
    const sums = this.#sums.of(ordinal);
    const total = change === undefined ? sums : plus(sums, change);
    return readiness(spec.trigger_rule, spec.dependencies.length, total);
  }

  /** How many tasks at work and gates hold a place in the pool. */
  poolUse(pool: string): number {
    return this.#poolUse.get(pool) ?? 0;
  }

  /** Takes a place in the pool, be there one or not: who takes it has looked. */
  enterPool(pool: string): void {
    this.#poolUse.set(pool, this.poolUse(pool) + 1);
  }

  /** Gives a place in the pool back. */
  leavePool(pool: string): void {
    this.#poolUse.set(pool, this.poolUse(pool) - 1);
    this.#dispatch?.ready.release(`pool:${pool}`);
  }

  #enter(ordinal: number): void {
    this.active.add(ordinal);
    const { pool } = this.#specAt(ordinal);
    if (pool !== null) this.enterPool(pool);
  }

  #leave(ordinal: number): void {
    this.active.delete(ordinal);
    const { pool } = this.#specAt(ordinal);
    if (pool !== null) this.leavePool(pool);
  }

  #moveTally(ordinal: number, from: TaskStatus, now: number): void {
    const dependents = this.#graph.dependents[ordinal] ?? [];
    if (dependents.length === 0) return;
    const spec = this.#specAt(ordinal);
    const isChanged = this.#sums.contribute(ordinal, (isReviewed) => {
      const before = tallyOf(spec, { state: from }, isReviewed);
      return plus(tallyOf(spec, this.#taskAt(ordinal), isReviewed), before, -1);
    });
    if (!isChanged) return;
    for (const dependent of dependents) this.#refresh(dependent, now);
  }

  /** Puts a task where its state and its dependencies say at `now`. */
  #refresh(ordinal: number, now: number): void {
    const task = this.#taskAt(ordinal);
    const standing = this.#standing(ordinal);
    if (standing === "blocked") this.unstartable.add(ordinal);
    else this.unstartable.delete(ordinal);
    // Nothing is run for a choice: its candidates complete it.
    const isReady = standing === "ready" && !this.candidates.isChoice(ordinal);
    if (isReady === (task.ready_since !== null)) return;
    task.ready_since = isReady ? Math.max(task.not_before ?? now, now) : null;
    if (isReady) this.#dispatch?.add(ordinal);
    else this.#dispatch?.delete(ordinal);
  }

  #standing(ordinal: number): Readiness {
    return this.#taskAt(ordinal).state === "pending" && this.isSelected(ordinal)
      ? this.readinessOf(ordinal)
      : "not_yet";
  }

  #specAt(ordinal: number): TaskSpec {
    return at(this.#plan.tasks, ordinal);
  }

  #taskAt(ordinal: number): TaskState {
    return at(this.#tasks, ordinal);
  }
}

/** How many tasks are in each state where there are none. */
function noCounts(): Record<TaskStatus, number> {
  const active = { pending: 0, claimed: 0, running: 0, finished: 0, waiting: 0 };
  return { ...active, completed: 0, failed: 0, cancelled: 0, blocked: 0 };
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`Cannot find task number ${index} in the plan`);
  return item;
}
