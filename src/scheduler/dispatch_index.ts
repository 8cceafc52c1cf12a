/**
 * Everything that choosing the next task needs at hand: a cache over the plan and the task states, kept up to
 * date by the fold, never written down. Its own changes (parking a class, noticing that a delay has passed) do
 * not change what any decision is.
 */

import { addToGraph, buildGraph, type Graph, type GrowingGraph, ordinalsOf } from "../plan/graph.ts";
import { PathIndex, pathSetsOf } from "../plan/path_index.ts";
import type { Plan, TaskSpec } from "../plan/spec.ts";
import { CandidateIndex } from "./candidate_index.ts";
import { DelayedTasks } from "./delayed_tasks.ts";
import { DependencySums } from "./dependency_sums.ts";
import { isReviewOf, plus, type Readiness, readiness, type Tally, tallyOf } from "./readiness.ts";
import { ReadyQueue } from "./ready_queue.ts";
import { ReviewIndex } from "./review_index.ts";
import { TaskClasses } from "./task_classes.ts";
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
  readonly queue = new ReadyQueue();
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
  readonly #sums: DependencySums;
  readonly #classes: TaskClasses;
  readonly #delayed = new DelayedTasks();
  readonly #poolUse = new Map<string, number>();
  #paths = new PathIndex();
  readonly #counts = new Map<TaskStatus, number>();
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
    this.#classes = new TaskClasses(plan.tasks);
    this.#counts.set("pending", tasks.length);
  }

  /** Who depends on whom. */
  get graph(): Graph {
    return this.#graph;
  }

  /** The place of a task in the plan. */
  ordinalOf(id: string): number | undefined {
    return this.#ordinals.get(id);
  }

  /** The id that differs from this one in case only, or not at all; undefined where there is none. */
  similarId(id: string): string | undefined {
    this.#idsInLowerCase ??= new Map(this.#plan.tasks.map((spec) => [spec.id.toLowerCase(), spec.id]));
    return this.#idsInLowerCase.get(id.toLowerCase());
  }

  /** How many tasks are in a state. */
  count(status: TaskStatus): number {
    return this.#counts.get(status) ?? 0;
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
    this.#counts.clear();
    const ordinals = this.#tasks.map((_, ordinal) => ordinal);
    for (const ordinal of ordinals) {
      const { state } = this.#taskAt(ordinal);
      this.#counts.set(state, this.count(state) + 1);
      this.reviews.moved(ordinal, state);
      this.candidates.moved(ordinal, "pending", state);
      this.#sums.contribute(ordinal, (isReviewed) => tallyOf(this.#specAt(ordinal), { state }, isReviewed));
    }
    // What is held has a token, and was taken in the order of the tokens: whoever walks over it finds that order again.
    const token = (ordinal: number) => this.#taskAt(ordinal).token ?? 0;
    for (
      const ordinal of ordinals.filter((each) => holdsSets(this.#taskAt(each).state)).sort((a, b) =>
        token(a) - token(b)
      )
    ) {
      this.#moveResources(ordinal, "pending", this.#taskAt(ordinal).state);
    }
    for (const ordinal of ordinals) this.#refresh(ordinal);
  }

  #configure(
    selected: readonly string[] | null,
    durations: ReadonlyMap<string, number>,
    caseSensitive: boolean,
  ): void {
    this.#paths = new PathIndex({ caseSensitive });
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
    this.#classes.add(spec);
    this.#counts.set("pending", this.count("pending") + 1);
    this.#selected?.add(ordinal);
    // What waits for its turn stands where its rank was: with a longer chain behind it, it comes sooner.
    for (const longer of this.ranks.lengthen()) {
      if (this.queue.has(longer)) this.#enqueue(longer);
    }
    this.#refresh(ordinal, now);
  }

  /** Takes note that a task went from one state to another at `now`. */
  moved(ordinal: number, from: TaskStatus, now: number): void {
    const task = this.#taskAt(ordinal);
    this.#counts.set(from, this.count(from) - 1);
    this.#counts.set(task.state, this.count(task.state) + 1);
    if (task.state === "claimed") this.#claims += 1;
    this.reviews.moved(ordinal, task.state);
    this.candidates.moved(ordinal, from, task.state);
    this.#moveResources(ordinal, from, task.state);
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

  /** Puts the tasks whose delay has passed among the ready ones. */
  promoteDelayed(now: number): void {
    for (let due = this.#delayed.takeDue(now); due !== undefined; due = this.#delayed.takeDue(now)) {
      this.#enqueue(due);
    }
  }

  /** The earliest moment at which a delayed task may start; undefined where none is delayed. */
  get nextDelayEnd(): number | undefined {
    return this.#delayed.nextEnd;
  }

  /** How many pending tasks wait for their delay to pass. */
  get delayedCount(): number {
    return this.#delayed.size;
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
    this.queue.release(`pool:${pool}`);
  }

  /** Ids of the tasks whose sets are held and that conflict with this task's. */
  conflictsOf(ordinal: number): readonly string[] {
    if (this.candidates.isHeldByRival(ordinal)) return [];
    return this.#paths.conflictsWith(pathSetsOf(this.#specAt(ordinal)));
  }

  /** The overlap keys of what the task writes. */
  writtenKeysOf(ordinal: number): readonly string[] {
    return this.#paths.writtenKeys(pathSetsOf(this.#specAt(ordinal)));
  }

  /**
   * An overlap key that the task touches and that somebody writes who keeps it from starting: those whose sets are
   * held, or whom `isWritten` knows. Undefined where there is none, which does not say that there is no conflict.
   */
  touchedKeyOf(ordinal: number, isWritten?: (key: string) => boolean): string | undefined {
    return this.#paths.touchedKey(pathSetsOf(this.#specAt(ordinal)), isWritten);
  }

  #moveResources(ordinal: number, from: TaskStatus, to: TaskStatus): void {
    const spec = this.#specAt(ordinal);
    if (isActive(from) && !isActive(to)) {
      this.active.delete(ordinal);
      if (spec.pool !== null) this.leavePool(spec.pool);
    } else if (!isActive(from) && isActive(to)) {
      this.active.add(ordinal);
      if (spec.pool !== null) this.enterPool(spec.pool);
    }
    if (holdsSets(from) && !holdsSets(to)) this.#letGoOfPaths(ordinal);
    else if (!holdsSets(from) && holdsSets(to)) this.#holdPaths(ordinal);
  }

  /** Candidates for one task hold its sets together, in its name. */
  #holdPaths(ordinal: number): void {
    const choice = this.candidates.choiceOf(ordinal);
    if (choice !== undefined && this.candidates.held(choice, 1) > 1) return;
    const spec = this.#specAt(ordinal);
    this.#paths.add(choice === undefined ? spec.id : this.#specAt(choice).id, pathSetsOf(spec));
    // What keeps others from these sets is no reason for its rivals to wait.
    const cls = choice === undefined ? undefined : this.#classes.of(ordinal);
    if (cls !== undefined) this.queue.free(cls);
  }

  #letGoOfPaths(ordinal: number): void {
    const choice = this.candidates.choiceOf(ordinal);
    if (choice !== undefined && this.candidates.held(choice, -1) > 0) return;
    this.#paths.remove(this.#specAt(choice ?? ordinal).id);
    this.#releasePaths(choice ?? ordinal);
  }

  #releasePaths(ordinal: number): void {
    if (!this.queue.hasParked) return;
    this.queue.release(`task:${ordinal}`);
    for (const key of this.writtenKeysOf(ordinal)) this.queue.release(`path:${key}`);
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

  /** Puts a task where its state, its dependencies and its delay say; without `now`, as one that was there before. */
  #refresh(ordinal: number, now?: number): void {
    const task = this.#taskAt(ordinal);
    const standing = task.state === "pending" && this.isSelected(ordinal)
      ? this.readinessOf(ordinal)
      : "not_yet";
    if (standing === "blocked") this.unstartable.add(ordinal);
    else this.unstartable.delete(ordinal);
    // Nothing is run for a choice: its candidates complete it.
    if (standing !== "ready" || this.candidates.isChoice(ordinal)) {
      this.#forget(ordinal);
      task.ready_since = null;
      return;
    }
    if (this.queue.has(ordinal) || this.#delayed.has(ordinal)) return;
    if (now !== undefined) task.ready_since = Math.max(task.not_before ?? now, now);
    if (task.not_before !== null) {
      this.#delayed.add(ordinal, task.not_before);
    } else {
      this.#enqueue(ordinal);
    }
  }

  #enqueue(ordinal: number): void {
    const cls = this.#classes.of(ordinal);
    if (cls !== undefined) this.queue.add(cls, this.ranks.of(ordinal));
  }

  #forget(ordinal: number): void {
    this.queue.delete(ordinal);
    this.#delayed.delete(ordinal);
  }

  #specAt(ordinal: number): TaskSpec {
    return at(this.#plan.tasks, ordinal);
  }

  #taskAt(ordinal: number): TaskState {
    return at(this.#tasks, ordinal);
  }
}

/** Whether a task in this state holds its path sets: a finished one until its work is in the head, which others build on. */
function holdsSets(status: TaskStatus): boolean {
  return isActive(status) || status === "finished";
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`Cannot find task number ${index} in the plan`);
  return item;
}
