/** A run as its files tell it: the plan that was pinned, and the fold of its log. */

import { InfraError, reasonOf } from "../errors.ts";
import type { RunEvent } from "../log/event.ts";
import { readRunLog } from "../log/reader.ts";
import { parsePlanJson } from "../plan/plan_json.ts";
import type { Plan } from "../plan/spec.ts";
import { createRunState, type RunState } from "../scheduler/run_state.ts";
import { ProcessLock } from "./process_lock.ts";
import type { RunDirectory } from "./directory.ts";
import { apply } from "./state.ts";

/** A run that was read. */
export interface LoadedRun {
  readonly directory: RunDirectory;
  readonly plan: Plan;
  readonly state: RunState;
  /** Whether a living process is its controller. */
  readonly isControlled: boolean;
}

/** The plan of a run is gone, damaged, or not the one that its log names. */
export class RunPlanError extends InfraError {
  override readonly name = "RunPlanError";
}

/** Reads the plan that a run was started with, and checks it against the digest where one is given. */
export async function loadRunPlan(
  directory: RunDirectory,
): Promise<{ readonly plan: Plan; readonly digest: string }> {
  try {
    return parsePlanJson(await Deno.readTextFile(directory.plan));
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

/**
 * Reads a run and folds its log, up to the event `until` where that is given. `onEvent` sees each event once it is
 * folded.
 */
export async function loadRun(
  directory: RunDirectory,
  options: { readonly until?: number; readonly onEvent?: (event: RunEvent, state: RunState) => void } = {},
): Promise<LoadedRun> {
  const isControlled = ProcessLock.isHeld(directory.controllerLock);
  const { plan, digest } = await loadRunPlan(directory);
  const state = createRunState(plan);
  for await (const event of readRunLog(directory.events)) {
    if (options.until !== undefined && event.index > options.until) break;
    apply(state, event);
    options.onEvent?.(event, state);
  }
  if (state.run.plan_digest !== digest) {
    throw new RunPlanError({
      what: `The plan of run ${directory.runId} was changed`,
      where: directory.plan,
      why: `its digest is ${digest}, and the run started with ${state.run.plan_digest}`,
      fix: "restore the plan that the run was started with",
    });
  }
  return { directory, plan, state, isControlled };
}

/** How a run stands, in one word: its status, or whether it runs, rests or was interrupted. */
export function standingOf(run: LoadedRun): string {
  const { phase, status, paused } = run.state.run;
  if (phase === "finished") return status ?? "finished";
  if (!run.isControlled) return "interrupted";
  return paused ? "paused" : "running";
}
