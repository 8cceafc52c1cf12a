/** A run as its files tell it: the plan that was pinned, and the fold of its log. */

import { InfraError, reasonOf } from "../errors.ts";
import { LOG_START } from "../log/commit_scanner.ts";
import { LogIoError } from "../log/errors.ts";
import type { RunEvent } from "../log/event.ts";
import type { LogPosition } from "../log/port.ts";
import { readRunLog, readRunLogInBatches } from "../log/reader.ts";
import { isDamage } from "../log/scan.ts";
import { parsePlanJson, type StoredPlan } from "../plan/plan_json.ts";
import type { Plan } from "../plan/spec.ts";
import { createRunState, type RunState } from "../scheduler/run_state.ts";
import { ProcessLock } from "./process_lock.ts";
import type { RunDirectory } from "./directory.ts";
import { restoreRun } from "./run_snapshot.ts";
import { apply } from "./state.ts";
import { VERSION } from "../version.ts";

/** A run that was read. */
export interface LoadedRun {
  readonly directory: RunDirectory;
  /** That of the run's state: with the tasks that were accepted. */
  readonly plan: Plan;
  readonly state: RunState;
  /** Whether a living process is its controller. */
  readonly isControlled: boolean;
}

/** The plan of a run is gone, damaged, or not the one that its log names. */
export class RunPlanError extends InfraError {
  override readonly name = "RunPlanError";
}

/** Reads the plan that a run was started with. Whether the log names its digest is for the fold to say. */
export async function loadRunPlan(directory: RunDirectory): Promise<StoredPlan> {
  const text = attemptPlan(directory, () => Deno.readTextFile(directory.plan));
  const [stored, own] = await Promise.all([text, ownPlanDigest(directory)]);
  return await attemptPlan(directory, () => parsePlanJson(stored, own));
}

async function attemptPlan<T>(directory: RunDirectory, attempt: () => T | Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    throw new RunPlanError({
      what: `Cannot read the plan of run ${directory.runId}`,
      where: directory.plan,
      why: reasonOf(error),
      fix: "restore it; the log names its digest",
      cause: error,
    });
  }
}

/** The digest that the log names, if this version of omk began it: then it is that of a plan which it has judged. */
async function ownPlanDigest({ events }: RunDirectory): Promise<string | undefined> {
  try {
    for await (const { kind, payload } of readRunLog(events, { until: 0 })) {
      if (kind === "run_started" && payload.versions.omk === VERSION) return payload.plan_digest;
    }
  } catch (error) {
    // Who reads the whole log says so.
    if (!(error instanceof LogIoError || isDamage(error))) throw error;
  }
  return undefined;
}

/** How a log is folded. */
export interface FoldOptions {
  /** Index of the last event that is folded. */
  readonly until?: number | undefined;
  /** Sees each event once it is folded. Without it, the fold may begin with a snapshot. */
  readonly onEvent?: ((event: RunEvent, state: RunState) => void) | undefined;
  /** Hears of each snapshot that cannot be used, and why. */
  readonly onPassedOver?: ((path: string, why: string) => void) | undefined;
}

/** A fold with how much of it came out of a snapshot. */
export interface FoldedRun {
  readonly state: RunState;
  /** Index of the last event that was not folded, because a snapshot holds it; −1 where all were. */
  readonly snapshotIndex: number;
}

/** Reads a run and folds its log, from the newest snapshot on. */
export async function loadRun(directory: RunDirectory, options: FoldOptions = {}): Promise<LoadedRun> {
  const isControlled = ProcessLock.isHeld(directory.controllerLock);
  const stored = await loadRunPlan(directory);
  const { until = Infinity } = options;
  const { state } = await foldRun(directory, stored, options, async (position, fold) => {
    const wanted = { position, from: position.index + 1, until };
    for await (const events of readRunLogInBatches(directory.events, wanted)) events.forEach(fold);
  });
  return { directory, plan: state.plan, state, isControlled };
}

/**
 * Folds what `read` hands to `fold`: the events of the run's log behind a place.
 *
 * @throws {RunPlanError} where the plan is not the one that the log names
 */
export async function foldRun(
  directory: RunDirectory,
  { plan, digest }: StoredPlan,
  { until, onEvent, onPassedOver }: FoldOptions,
  read: (position: LogPosition, fold: (event: RunEvent) => void) => Promise<void>,
): Promise<FoldedRun> {
  const restored = onEvent === undefined
    ? await restoreRun(directory.events, { plan, digest }, { until, onPassedOver })
    : undefined;
  const state = restored?.state ?? createRunState(plan);
  const position = restored?.position ?? LOG_START;
  await read(position, (event) => {
    apply(state, event);
    onEvent?.(event, state);
  });
  if (state.run.plan_digest !== digest) {
    throw new RunPlanError({
      what: `The plan of run ${directory.runId} was changed`,
      where: directory.plan,
      why: `its digest is ${digest}, and the run started with ${state.run.plan_digest}`,
      fix: "restore the plan that the run was started with",
    });
  }
  return { state, snapshotIndex: position.index };
}

/** How a run stands, in one word: its status, or whether it runs, rests or was interrupted. */
export function standingOf(run: LoadedRun): string {
  const { phase, status, paused } = run.state.run;
  if (phase === "finished") return status ?? "finished";
  if (!run.isControlled) return "interrupted";
  return paused ? "paused" : "running";
}
