/**
 * Whose turn it is among gates: as many run side by side as the run has workers, in a pool as many as it has places. The
 * gates at the end of a run need no turn; where a task is opened again meanwhile, others wait for their end.
 */

import type { GateSpec } from "../plan/spec.ts";
import { type RunState, taskAt } from "../scheduler/run_state.ts";
import { gatesAtOnce } from "../scheduler/workers.ts";
import type { AttemptFlow } from "./attempt_flow.ts";

/** What a gate takes while it runs. */
interface GateRoom {
  readonly pool?: GateSpec["pool"];
  /** It runs in the directory of the run itself, where no other gate may change what it sees. */
  readonly inDirectory: boolean;
}

/** A gate that wants to run. */
export interface GateCandidate extends GateRoom {
  readonly pool: GateSpec["pool"];
  /** The task whose work it judges; null for the run's own. */
  readonly taskId: string | null;
}

interface Waiting {
  readonly candidate: GateCandidate;
  readonly grant: (turn: Disposable) => void;
}

/**
 * See the module. Of those that wait, whoever came first and has room goes first. A gate waits for bodies of tasks in its
 * pool, and never for a task that itself waits for a gate: so no two wait for each other.
 */
export class GateTurns {
  readonly #state: RunState;
  readonly #flows: () => Iterable<AttemptFlow>;
  readonly #running = new Set<GateCandidate>();
  readonly #waiting = new Set<Waiting>();

  /** `flows` are the attempts at work at the moment. */
  constructor(state: RunState, flows: () => Iterable<AttemptFlow>) {
    this.#state = state;
    this.#flows = flows;
  }

  /** Waits for a turn, to be disposed of when the gate has run; null where the signal comes first. */
  async take(candidate: GateCandidate, signal: AbortSignal): Promise<Disposable | null> {
    if (signal.aborted) return null;
    const { promise, resolve } = Promise.withResolvers<Disposable | null>();
    const waiting = { candidate, grant: resolve };
    const giveUp = () => {
      this.#waiting.delete(waiting);
      resolve(null);
    };
    signal.addEventListener("abort", giveUp);
    this.#waiting.add(waiting);
    this.look();
    return await promise.finally(() => signal.removeEventListener("abort", giveUp));
  }

  /** Gives turns to those who have room now. To be called whenever bodies may have ended. */
  look(): void {
    for (const waiting of this.#waiting) {
      const { candidate, grant } = waiting;
      if (!this.#hasRoom(candidate)) continue;
      this.#waiting.delete(waiting);
      this.#running.add(candidate);
      grant({
        [Symbol.dispose]: () => {
          if (this.#running.delete(candidate)) this.look();
        },
      });
    }
  }

  #hasRoom({ pool, taskId, inDirectory }: GateCandidate): boolean {
    const running = [...this.#running, ...gatesAtEnd(this.#state)];
    if (running.length >= gatesAtOnce(this.#state)) return false;
    if (inDirectory && running.some((each) => each.inDirectory)) return false;
    if (pool === undefined) return true;
    const inPool = running.filter((each) => each.pool === pool).length + this.#bodiesIn(pool, taskId);
    return inPool < (this.#state.plan.pools[pool] ?? Infinity);
  }

  /** How many tasks work in the pool whose body is not over yet, but for the one whose work is judged. */
  #bodiesIn(pool: string, taskId: string | null): number {
    const over = new Set<string>();
    for (const { attempt } of this.#flows()) {
      if (attempt.activity().stage === "over") over.add(attempt.ref.task_id);
    }
    return [...this.#state.index.active].filter((ordinal) => {
      const { spec } = taskAt(this.#state, ordinal);
      return spec.pool === pool && spec.id !== taskId && !over.has(spec.id);
    }).length;
  }
}

/** The gates that run on the head of a run because no task could run any more. */
function gatesAtEnd({ run }: RunState): readonly GateRoom[] {
  return run.gates
    .filter(({ result, scope, merges, at_base }) =>
      result === "running" && scope === "run" && merges === undefined && at_base !== true
    )
    .map(({ pool, commit }) => ({ pool, inDirectory: commit === null }));
}
