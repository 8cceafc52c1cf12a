/** The tasks chosen in one decision, before their claims are in the log: they count as if they were at work. */

import { conflicts } from "../plan/path_set.ts";
import { staysWithController } from "./controller_bound.ts";
import type { Obstacle, Rank, TaskClass } from "./ready_queue.ts";
import { type RunState, taskAt } from "./run_state.ts";

/** See the module. */
export class PickSet {
  readonly ordinals: number[] = [];
  readonly #state: RunState;
  readonly #taken: { readonly cls: TaskClass; readonly rank: Rank }[] = [];
  readonly #poolUse = new Map<string, number>();
  readonly #writtenKeys = new Set<string>();
  readonly #parkedUnderPick = new Set<Obstacle>();
  readonly #ownPlaces: number;
  /** How many of the chosen ones stay with the controller. */
  #staying = 0;

  /** Starts with nothing chosen; `ownPlaces` are those that the controller's own process has free. */
  constructor(state: RunState, ownPlaces: number) {
    this.#state = state;
    this.#ownPlaces = ownPlaces;
  }

  /** What keeps a ready task from starting beside what is at work and what is chosen; null where nothing does. */
  obstacleOf(ordinal: number): Obstacle | null {
    const { plan, index } = this.#state;
    const { dispatch } = index;
    const { spec } = taskAt(this.#state, ordinal);
    if (staysWithController(spec) && this.#staying >= this.#ownPlaces) return this.#underPick("controller");
    if (spec.pool !== null) {
      const chosen = this.#poolUse.get(spec.pool) ?? 0;
      const limit = plan.pools[spec.pool] ?? Infinity;
      if (index.poolUse(spec.pool) >= limit) return `pool:${spec.pool}`;
      if (index.poolUse(spec.pool) + chosen >= limit) return this.#underPick(`pool:${spec.pool}`);
    }
    // Only one of them is merged, so candidates for one task keep each other from nothing.
    const choice = index.candidates.choiceOf(ordinal);
    const isRival = (other: number) => choice !== undefined && index.candidates.choiceOf(other) === choice;
    if (dispatch.isHeldByRival(ordinal) || this.ordinals.some(isRival)) return null;
    const written = dispatch.touchedKeyOf(ordinal);
    if (written !== undefined) return `path:${written}`;
    const holder = dispatch.conflictsOf(ordinal)[0];
    if (holder !== undefined) {
      const at = index.ordinalOf(holder);
      if (at !== undefined) return `task:${at}`;
    }
    const chosen = dispatch.touchedKeyOf(ordinal, (key) => this.#writtenKeys.has(key));
    if (chosen !== undefined) return this.#underPick(`path:${chosen}`);
    const caseSensitive = this.#state.run.case_sensitive;
    const rival = this.ordinals.find((other) =>
      conflicts(taskAt(this.#state, other).spec, spec, { caseSensitive })
    );
    return rival === undefined ? null : this.#underPick(`task:${rival}`);
  }

  /**
   * Chooses the best task of the best class. Where more are to be chosen after it, it leaves the queue until
   * `putBack`.
   */
  take(ordinal: number, isLast: boolean): void {
    const { dispatch } = this.#state.index;
    const cls = dispatch.ready.best();
    const rank = cls?.ready.peek();
    if (cls === undefined || rank === undefined || rank.ordinal !== ordinal) {
      throw new RangeError(`Cannot choose task number ${ordinal}: it is not the best of the queue`);
    }
    const { spec } = taskAt(this.#state, ordinal);
    this.ordinals.push(ordinal);
    if (isLast) return;
    if (staysWithController(spec)) this.#staying += 1;
    if (spec.pool !== null) this.#poolUse.set(spec.pool, (this.#poolUse.get(spec.pool) ?? 0) + 1);
    for (const key of dispatch.writtenKeysOf(ordinal)) this.#writtenKeys.add(key);
    dispatch.ready.delete(ordinal);
    this.#taken.push({ cls, rank });
  }

  /** Restores the queue: what was taken is ready again, what was parked under a choice is free again. */
  putBack(): void {
    const { ready } = this.#state.index.dispatch;
    for (const { cls, rank } of this.#taken) ready.add(cls, rank);
    for (const obstacle of this.#parkedUnderPick) ready.release(obstacle);
  }

  #underPick(obstacle: Obstacle): Obstacle {
    this.#parkedUnderPick.add(obstacle);
    return obstacle;
  }
}
