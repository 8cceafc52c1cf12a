/**
 * What may start next, and what keeps it from that: the ready tasks in their classes, those whose delay has not passed,
 * and the path sets that are held. A cache over the plan and the task states; its own changes (parking a class, noticing
 * that a delay has passed) do not change what any decision is.
 */

import { PathIndex, pathSetsOf } from "../plan/path_index.ts";
import type { Plan, TaskSpec } from "../plan/spec.ts";
import type { CandidateIndex } from "./candidate_index.ts";
import { DelayedTasks } from "./delayed_tasks.ts";
import { ReadyQueue } from "./ready_queue.ts";
import { TaskClasses } from "./task_classes.ts";
import type { TaskRanks } from "./task_ranks.ts";
import { isActive, type TaskState, type TaskStatus } from "./task_state.ts";

/** What the queue is made over. */
export interface DispatchSource {
  readonly plan: Plan;
  readonly tasks: readonly TaskState[];
  readonly ranks: TaskRanks;
  readonly candidates: CandidateIndex;
  /** Whether paths that differ in case only are different. */
  readonly caseSensitive: boolean;
}

/** See the module. Tasks are named by their places in the plan. */
export class DispatchQueue {
  readonly ready = new ReadyQueue();
  readonly #source: DispatchSource;
  readonly #classes: TaskClasses;
  readonly #delayed = new DelayedTasks();
  readonly #paths: PathIndex;
  /** How many candidates for a task hold the path sets that all of them have, by that task. */
  readonly #holders = new Map<number, number>();

  /** Finds out of the task states what is ready, delayed, and held. */
  constructor(source: DispatchSource) {
    this.#source = source;
    const { plan, tasks, caseSensitive } = source;
    this.#classes = new TaskClasses(plan.tasks);
    this.#paths = new PathIndex({ caseSensitive });
    const ordinals = [...tasks.keys()];
    // What is held has a token, and was taken in the order of the tokens: whoever walks over it finds that order again.
    const token = (ordinal: number) => tasks[ordinal]?.token ?? 0;
    const holding = ordinals.filter((ordinal) => holdsSets(tasks[ordinal]?.state ?? "pending"));
    for (const ordinal of holding.sort((a, b) => token(a) - token(b))) this.#hold(ordinal);
    for (const ordinal of ordinals) {
      if ((tasks[ordinal]?.ready_since ?? null) !== null) this.add(ordinal);
    }
  }

  /** Adds a task that has become ready: it waits for its turn, or for its delay to pass. */
  add(ordinal: number): void {
    const notBefore = this.#source.tasks[ordinal]?.not_before ?? null;
    if (notBefore === null) this.#enqueue(ordinal);
    else this.#delayed.add(ordinal, notBefore);
  }

  /** Takes out a task that is not ready any more, if it is in. */
  delete(ordinal: number): void {
    this.ready.delete(ordinal);
    this.#delayed.delete(ordinal);
  }

  /** Takes note of the task that now stands at the end of the plan. */
  added(spec: TaskSpec): void {
    this.#classes.add(spec);
  }

  /** Ranks a task anew, if it waits for its turn: with a longer chain behind it, it comes sooner. */
  rankAnew(ordinal: number): void {
    if (this.ready.has(ordinal)) this.#enqueue(ordinal);
  }

  /** Takes note that a task went from one state to another. */
  moved(ordinal: number, from: TaskStatus, to: TaskStatus): void {
    if (holdsSets(from) && !holdsSets(to)) this.#letGo(ordinal);
    else if (!holdsSets(from) && holdsSets(to)) this.#hold(ordinal);
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

  /** Whether no task waits to start, neither ready nor delayed. */
  get isEmpty(): boolean {
    return this.ready.size === 0 && this.#delayed.size === 0;
  }

  /** Whether a candidate for the same task holds the path sets of this one: then these keep it from nothing. */
  isHeldByRival(ordinal: number): boolean {
    const choice = this.#source.candidates.choiceOf(ordinal);
    return choice !== undefined && (this.#holders.get(choice) ?? 0) > 0;
  }

  /** Ids of the tasks whose sets are held and that conflict with this task's. */
  conflictsOf(ordinal: number): readonly string[] {
    if (this.isHeldByRival(ordinal)) return [];
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

  /** Candidates for one task hold its sets together, in its name. */
  #hold(ordinal: number): void {
    const choice = this.#source.candidates.choiceOf(ordinal);
    if (choice !== undefined && this.#countHolder(choice, 1) > 1) return;
    const spec = this.#specAt(ordinal);
    this.#paths.add(choice === undefined ? spec.id : this.#specAt(choice).id, pathSetsOf(spec));
    // What keeps others from these sets is no reason for its rivals to wait.
    const cls = choice === undefined ? undefined : this.#classes.of(ordinal);
    if (cls !== undefined) this.ready.free(cls);
  }

  #letGo(ordinal: number): void {
    const choice = this.#source.candidates.choiceOf(ordinal);
    if (choice !== undefined && this.#countHolder(choice, -1) > 0) return;
    this.#paths.remove(this.#specAt(choice ?? ordinal).id);
    this.#release(choice ?? ordinal);
  }

  #countHolder(choice: number, change: 1 | -1): number {
    const holders = (this.#holders.get(choice) ?? 0) + change;
    this.#holders.set(choice, holders);
    return holders;
  }

  #release(ordinal: number): void {
    if (!this.ready.hasParked) return;
    this.ready.release(`task:${ordinal}`);
    for (const key of this.writtenKeysOf(ordinal)) this.ready.release(`path:${key}`);
  }

  #enqueue(ordinal: number): void {
    const cls = this.#classes.of(ordinal);
    if (cls !== undefined) this.ready.add(cls, this.#source.ranks.of(ordinal));
  }

  #specAt(ordinal: number): TaskSpec {
    const spec = this.#source.plan.tasks[ordinal];
    if (spec === undefined) throw new RangeError(`Cannot find task number ${ordinal} in the plan`);
    return spec;
  }
}

/** Whether a task in this state holds its path sets: a finished one until its work is in the head, which others build on. */
function holdsSets(status: TaskStatus): boolean {
  return isActive(status) || status === "finished";
}
