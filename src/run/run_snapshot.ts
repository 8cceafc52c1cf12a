/**
 * Snapshots of the folded state beside a run's log: who loads the run folds only what follows the newest. They save
 * time and prove nothing, so what verifies a log or a proof never looks at them.
 */

import { readSnapshot, snapshotInterval, type SnapshotSearch, writeSnapshot } from "../log/snapshots.ts";
import { reasonOf } from "../errors.ts";
import type { LogPosition, RunLog } from "../log/port.ts";
import type { StoredPlan } from "../plan/plan_json.ts";
import type { RunState } from "../scheduler/run_state.ts";
import { restoreState, snapshotOf, type StateSnapshot } from "../scheduler/state_snapshot.ts";
import { VERSION } from "../version.ts";

/** A snapshot as it is kept: only the omk that folded it knows that it would fold the same again. */
interface RunSnapshot extends StateSnapshot {
  readonly omk: string;
}

/** A state that was not folded from the first event on. */
export interface RestoredRun {
  readonly state: RunState;
  /** What is still to be folded begins here. */
  readonly position: LogPosition;
}

/** The newest state of a run that was kept and can be gone on from; undefined where there is none. */
export async function restoreRun(
  events: string,
  { plan, digest }: StoredPlan,
  search: Omit<SnapshotSearch, "refuse"> = {},
): Promise<RestoredRun | undefined> {
  const snapshot = await readSnapshot(events, {
    ...search,
    refuse: (state) => refuse(state as RunSnapshot, digest),
  });
  if (snapshot === undefined) return undefined;
  // Its digest and its version are those of what `keep` has written.
  return { state: restoreState(plan, snapshot.state as RunSnapshot), position: snapshot.position };
}

function refuse({ omk, run }: RunSnapshot, digest: string): string | undefined {
  if (omk !== VERSION) return `it was kept by omk ${omk}, and this is omk ${VERSION}`;
  return run.plan_digest === digest ? undefined : "it is of a run with another plan";
}

/** Keeps snapshots of one run while it goes on. */
export interface SnapshotKeeper {
  /**
   * Keeps the state, if enough has happened since the last time: then it resolves when that is done, and never
   * rejects. The state is the fold of all that the log has told of.
   *
   * @param isEnd no more will happen, and the next to load the run should not have to fold much
   */
  keep(state: RunState, isEnd: boolean): Promise<void> | undefined;
}

/** At the end of a session so much is worth its space already. */
const END_EVENTS = 10_000;

/**
 * Keeps the snapshots beside the log at `events`.
 *
 * @param last index of the last event that is in a snapshot
 * @param onFailure hears why a snapshot could not be kept; the run is as good without it
 */
export function keepSnapshots(
  events: string,
  log: Pick<RunLog, "position">,
  options: {
    readonly last: number;
    readonly onFailure?: ((why: string) => void) | undefined;
    /** After how many events a snapshot is kept (default: {@linkcode snapshotInterval}). */
    readonly every?: number;
  },
): SnapshotKeeper {
  let { last } = options;
  return {
    keep(state, isEnd) {
      const position = log.position();
      const due = isEnd ? END_EVENTS : options.every ?? snapshotInterval(position.index);
      // What was committed and not folded yet is told of within this turn of the event loop.
      if (position.index - last < due || position.index + 1 !== state.run.next_index) return undefined;
      last = position.index;
      return writeSnapshot(events, { position, state: { omk: VERSION, ...snapshotOf(state) } }).catch(
        (error) => {
          options.onFailure?.(reasonOf(error));
        },
      );
    },
  };
}
