/** Going on with a run whose omk process is gone, as a person or a script sees it. */

import { UsageError } from "../errors.ts";
import type { RunDirectory } from "../run/directory.ts";
import { hasOpenWork } from "../run/open_work.ts";
import { takeOver } from "../run/resume_run.ts";
import type { RunState } from "../scheduler/run_state.ts";
import type { CommandContext } from "./command.ts";
import { conductRun } from "./conduct_run.ts";
import { tellStarted } from "./detach.ts";

/**
 * Takes over the run and conducts it to its end; resolves with its exit code.
 *
 * @throws {UsageError} where it has ended and nothing was asked of it since.
 */
export async function resumeRun(
  context: CommandContext,
  directory: RunDirectory,
  home: string,
): Promise<number> {
  const [{ hasPlan }, { planReaderOf }] = await Promise.all([
    import("../run/planning/kept_plan.ts"),
    import("./planning/plan_reader.ts"),
  ]);
  return await conductRun(context, async (watcher) => {
    const session = await takeOver(directory, {
      env: context.env,
      home,
      by: "resume",
      startsTasks: true,
      watcher,
      planReader: planReaderOf(context),
      check(state) {
        if (state.run.phase !== "finished" || hasOpenWork(state)) return;
        throw nothingToResume(state);
      },
    });
    tellStarted(context.env, home, directory, session.state.run.incarnation);
    return session;
  }, { hidesEnd: hasPlan });
}

/** Why a finished run is not resumed, and what goes on from it instead. */
export function nothingToResume(state: RunState): UsageError {
  const { run_id, status } = state.run;
  const way = wayOn(state);
  return new UsageError({
    what: `Run ${run_id} has nothing to resume`,
    why: `it is finished: ${status}`,
    fix: `see it with omk status ${run_id}${way === null ? "" : `; ${way}`}`,
  });
}

function wayOn({ run, tasks }: RunState): string | null {
  const { run_id, status, cancelled, budget_exhausted } = run;
  if (status === "ready" || status === "passed") return null;
  if (budget_exhausted !== null) {
    return `omk budget add ${run_id} --${budget_exhausted.budget} … lets it go on`;
  }
  const hasFailed = tasks.some(({ state }) => state === "failed");
  return hasFailed && !cancelled
    ? "omk retry runs failed tasks again"
    : `omk run --reuse ${run_id} runs its plan anew, and keeps what is done`;
}
