/** Finding and ending the processes that left the group of their body: they still carry its mark. */

import type { Clock } from "../clock.ts";
import type { OmkVariables } from "./omk_variables.ts";
import type { BornProcess, EnvironmentLook, ProcessTable } from "./process_table.ts";
import { type Delivery, signalGroup, signalProcess } from "./signals.ts";

/** What a search needs. */
export interface StrayTools {
  readonly table: ProcessTable;
  readonly clock: Clock;
}

/** Which processes are looked for: all with a mark, or only those of one attempt. */
export interface StrayQuery {
  /** One element of OMK_MARK. */
  readonly mark: string;
  /** OMK_TASK_ID and OMK_ATTEMPT; absent: any. */
  readonly attempt?: { readonly task_id: string; readonly attempt: number };
}

/** Where strays can be, if that is narrower than the whole machine. */
export interface StrayScope {
  /** Pid of the body's leader: whatever descends from it was given a later pid. */
  readonly leader: number;
  /** How long ago the leader was started. */
  readonly ageMs: number;
  /**
   * Leaders of the bodies that run just now, and so their sessions. A process can leave its session only for a new
   * one, so what is in the session of another body, or in that of omk, does not descend from the leader.
   */
  readonly leaders: ReadonlySet<number>;
  /** The session of omk itself; 0 where unknown. */
  readonly ownSession: number;
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

/** Between two looks while something is being ended, or is about to show its environment. */
const RETRY_MS = 2;

/**
 * The pids given out since a leader was started tell where its descendants can be, as long as pids have not gone
 * once around. That takes this many forks within this age, more than a machine with so small a pid_max can do.
 */
const SAFE_PID_MAX = 32_768;
const SAFE_AGE_MS = 1_000;

/**
 * So many looks in a row without a find are enough, however many processes others start meanwhile. More than a
 * chain of programs that start each other takes: every look is longer than two of its steps.
 */
const MAX_QUIET_LOOKS = 10;

/** How far a search has come. */
interface Progress {
  /** Pids that are still to be looked at; null: all. */
  readonly suspects: readonly number[] | null;
  /** Pids given out later have not been looked at. */
  readonly covered: number;
}

const EVERYTHING: Progress = { suspects: null, covered: 0 };

/**
 * Ends every process that matches `query`, and returns once there is none.
 *
 * A look at a list of processes can miss one that runs exec (it shows no environment), and one that was started
 * while another that had been listed ended, as a daemon does. So these two kinds are looked at in their turn, until
 * no such process is left. Guardians of omk processes inside the task are left to do their work, and ended only if
 * they take too long.
 */
export async function endStrays(
  { table, clock }: StrayTools,
  query: StrayQuery,
  scope?: StrayScope,
): Promise<StrayReport> {
  const ended = new Set<number>();
  if (!table.marksReadable) return { ended: 0, clear: true };
  const deadline = clock.monotonic() + END_TIMEOUT_MS;
  let progress = isYoung(table, scope) ? await laterThan(scope.leader, table, scope) : EVERYTHING;
  for (let quietLooks = 0; progress.suspects?.length !== 0 && quietLooks < MAX_QUIET_LOOKS;) {
    const look = await table.environments(progress.suspects ?? []);
    const found = [...look.variables].filter(([, variables]) => matches(query, variables));
    if (found.length === 0) {
      quietLooks++;
      progress = await remaining(table, scope, progress, look);
    } else {
      quietLooks = 0;
      const late = clock.monotonic() > deadline;
      // Suspects can be threads; a look at everything names processes only.
      for (const [pid, { guardianOf }] of progress.suspects === null ? found : []) {
        if ((guardianOf === undefined || late) && kill(pid) === "sent") ended.add(pid);
      }
      if (late) return { ended: ended.size, clear: false };
      progress = EVERYTHING;
    }
    if (progress.suspects?.length !== 0) await clock.sleep(RETRY_MS);
  }
  return { ended: ended.size, clear: true };
}

/** Whether the pids given out since the leader was started tell where its descendants can be. */
function isYoung(table: ProcessTable, scope: StrayScope | undefined): scope is StrayScope {
  return scope !== undefined && table.pidMax >= SAFE_PID_MAX && scope.ageMs <= SAFE_AGE_MS;
}

/** What a look could not see: processes that run exec, and those started since. */
async function remaining(
  table: ProcessTable,
  scope: StrayScope | undefined,
  { suspects, covered }: Progress,
  look: EnvironmentLook,
): Promise<Progress> {
  if (table.source !== "proc") return { suspects: [], covered };
  const blank = look.blank.filter((pid) => scope === undefined || isLater(pid, scope.leader, look.last));
  const executing = await table.executing(blank);
  // Only a look at everything covers what was started before it.
  const later = await laterThan(suspects === null ? look.last : covered, table, scope);
  return later.suspects === null ? later : { ...later, suspects: [...executing, ...later.suspects] };
}

/** The processes started after `pid` that can be of the body. */
async function laterThan(pid: number, table: ProcessTable, scope: StrayScope | undefined): Promise<Progress> {
  const born = await table.bornAfter(pid, scope === undefined ? [] : [...scope.leaders]);
  if (born === null) return EVERYTHING;
  const isSuspect = (process: BornProcess) =>
    scope === undefined || !isForeign(table, scope, process, born.last);
  return { suspects: born.processes.filter(isSuspect).map(({ pid }) => pid), covered: born.last };
}

/**
 * Whether a process is in the session of omk or of another body (asked now, so that a body started during the look
 * is known; before its setsid it has omk's), or in one that is older than a young body.
 */
function isForeign(
  table: ProcessTable,
  scope: StrayScope,
  { pid, session }: BornProcess,
  last: number,
): boolean {
  if (scope.leaders.has(pid) || scope.leaders.has(session)) return true;
  if (session !== 0 && session === scope.ownSession) return true;
  if (session === 0 || session === scope.leader || !isYoung(table, scope)) return false;
  return !isLater(session, scope.leader, last);
}

/** Whether `pid` was given out after `first`, where `last` was given out last and pids may have started anew. */
function isLater(pid: number, first: number, last: number): boolean {
  return first <= last ? pid > first && pid <= last : pid > first || pid <= last;
}

/** Whether a process is one of those that are looked for. */
function matches(query: StrayQuery, { marks, taskId, attempt }: OmkVariables): boolean {
  if (!marks.includes(query.mark)) return false;
  if (query.attempt === undefined) return true;
  return taskId === query.attempt.task_id && attempt === String(query.attempt.attempt);
}

/** A process that leads a group may have members that dropped the mark. Pid 1 is spared: −1 is everybody. */
function kill(pid: number): Delivery {
  if (pid <= 1) return "denied";
  const group = signalGroup(pid, "SIGKILL");
  const own = signalProcess(pid, "SIGKILL");
  // The first signal ended it, and who adopted it may have been quick to take note of that.
  return group === "sent" ? group : own;
}
