/** Finding and ending the processes that left the group of their body: they still carry its mark. */

import type { Clock } from "../clock.ts";
import type { Carrier, CarrierQuery, ProcessTable } from "./process_table.ts";
import { type Delivery, signalGroup, signalProcess } from "./signals.ts";

/** What a search needs. */
export interface StrayTools {
  readonly table: ProcessTable;
  readonly clock: Clock;
}

/** Where strays can be, if that is narrower than the whole machine. */
export interface StrayScope {
  /** Pid of the body's leader: whatever descends from it was given a later pid. */
  readonly leader: number;
  /** How long ago the leader was started. */
  readonly ageMs: number;
  /**
   * Whether a session is that of omk or of another of its bodies. A process can leave its session only for a new
   * one, so what is in one of these does not descend from the leader.
   */
  readonly isOthers: (session: number) => boolean;
}

/** What a search came to. */
export interface StrayReport {
  /** How many processes were ended. */
  readonly ended: number;
  /** False where some could not be ended in time. */
  readonly clear: boolean;
}

/** SIGKILL works at once, except in an uninterruptible wait; after this long a process counts as not ended. */
const END_TIMEOUT_MS = 5_000;

/** Between two looks while something is being ended. */
const RETRY_MS = 5;

/**
 * The pids given out since a leader was started tell where its descendants can be, as long as pids have not gone
 * once around. That takes this many forks within the age below, which no machine with such a small pid_max can do.
 */
const SAFE_PID_MAX = 32_768;
const SAFE_AGE_MS = 1_000;

/**
 * Ends every process that matches `query`, and returns once none is found.
 *
 * One look can miss a process that is between fork and exec, or the second process of a daemon's double fork, so
 * it takes two looks in a row without a find; only where nothing unknown was started at all is one look proof.
 * Guardians of omk processes inside the task are left to do their work, and ended only if they take too long.
 */
export async function endStrays(
  { table, clock }: StrayTools,
  query: CarrierQuery,
  scope?: StrayScope,
): Promise<StrayReport> {
  const ended = new Set<number>();
  const deadline = clock.monotonic() + END_TIMEOUT_MS;
  for (let quietLooks = 0; quietLooks < 2;) {
    const suspects = ended.size === 0 && scope !== undefined ? await suspectsOf(table, scope) : null;
    if (suspects?.length === 0) break;
    const found = await table.carriers(query, suspects ?? []);
    if (found.length === 0) {
      quietLooks++;
      continue;
    }
    quietLooks = 0;
    const late = clock.monotonic() > deadline;
    for (const carrier of found) {
      if (carrier.role === "gone" || (carrier.role === "guardian" && !late)) continue;
      if (kill(carrier) === "sent") ended.add(carrier.pid);
    }
    if (late) return { ended: ended.size, clear: false };
    await clock.sleep(RETRY_MS);
  }
  return { ended: ended.size, clear: true };
}

/** The pids among which descendants of the leader can be; null: they can be anywhere. */
async function suspectsOf(table: ProcessTable, scope: StrayScope): Promise<readonly number[] | null> {
  if (table.pidMax < SAFE_PID_MAX || scope.ageMs > SAFE_AGE_MS) return null;
  const born = await table.bornAfter(scope.leader);
  if (born === null) return null;
  // Asked after the answer, so that a body started meanwhile is known; before its setsid it has omk's session.
  return born.filter(({ pid, session }) => !scope.isOthers(pid) && !scope.isOthers(session)).map(({ pid }) =>
    pid
  );
}

/** A carrier that leads a group may have members that dropped the mark. */
function kill({ pid }: Carrier): Delivery {
  signalGroup(pid, "SIGKILL");
  return signalProcess(pid, "SIGKILL");
}
