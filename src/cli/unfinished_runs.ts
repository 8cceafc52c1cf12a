/** The runs of a plan that were started and have not ended: `omk run` asks about them before it starts another. */

import { reasonOf, UsageError } from "../errors.ts";
import { formatPlanJson } from "../plan/plan_json.ts";
import type { Plan } from "../plan/spec.ts";
import type { RunDirectory } from "../run/directory.ts";
import { runDirectory } from "../run/directory.ts";
import { listRunIds } from "../run/find_run.ts";
import { type LoadedRun, loadRun } from "../run/load_run.ts";
import type { PreparedRun } from "../run/prepare.ts";
import { hasEnded } from "./glance.ts";

/** Newer runs than this many are looked at: who starts that many others has given up the one before them. */
const RUNS_LOOKED_AT = 200;

/** The newest runs of a plan that have not ended. */
export interface UnfinishedRuns {
  /** Its omk process is gone: it can be gone on with. Null where there is none. */
  readonly interrupted: LoadedRun | null;
  /** A living omk process works on it. Null where there is none. */
  readonly underWay: LoadedRun | null;
}

/** Nobody said whether the unfinished run of this plan is to be gone on with. */
export class UnfinishedRunError extends UsageError {
  override readonly name = "UnfinishedRunError";
}

/**
 * Finds the unfinished runs of what was prepared: of the same plan, whatever `--workers`, `--on-failure` and the
 * durability said, with the same selection of tasks. A run that cannot be read is none of them.
 */
export async function findUnfinished(
  { home, plan, selected }: PreparedRun,
  onUnreadable: (directory: RunDirectory, why: string) => void,
): Promise<UnfinishedRuns> {
  const wanted = workOf(plan, selected);
  let interrupted: LoadedRun | null = null;
  let underWay: LoadedRun | null = null;
  for (const runId of (await listRunIds(home)).slice(-RUNS_LOOKED_AT).toReversed()) {
    const directory = runDirectory(home, runId);
    try {
      if (hasEnded(directory)) continue;
      const loaded = await loadRun(directory);
      const { run } = loaded.state;
      if (run.phase === "finished" || workOf(loaded.plan, run.selected) !== wanted) continue;
      if (loaded.isControlled) underWay ??= loaded;
      else interrupted ??= loaded;
    } catch (error) {
      onUnreadable(directory, reasonOf(error));
    }
  }
  return { interrupted, underWay };
}

/** What tells the work of one run from that of another. */
function workOf(plan: Plan, selected: readonly string[] | null): string {
  const settled: Plan = { ...plan, workers: 1, on_failure: "continue", durability: "batch" };
  return `${formatPlanJson(settled)} ${JSON.stringify(selected)}`;
}

/** One line that says how far an interrupted run has come. */
export function describeUnfinished({ state, directory }: LoadedRun): string {
  const selected = state.tasks.filter((_, ordinal) => state.index.isSelected(ordinal));
  const completed = selected.filter((task) => task.state === "completed").length;
  return `run ${directory.runId} of this plan was interrupted: ${completed} of ${selected.length} tasks are completed`;
}

/** The refusal where nobody can be asked, with both ways. */
export function unfinishedError(loaded: LoadedRun): UnfinishedRunError {
  const { runId } = loaded.directory;
  return new UnfinishedRunError({
    what: "This plan has an unfinished run",
    why: describeUnfinished(loaded),
    fix: `go on with it: omk resume ${runId} (or omk run --resume), or start another: omk run --new`,
  });
}
