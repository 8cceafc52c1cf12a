/** Going on with a run whose omk process is gone, as a person or a script sees it. */

import { UsageError } from "../errors.ts";
import type { RunDirectory } from "../run/directory.ts";
import { hasOpenWork } from "../run/open_work.ts";
import { takeOver } from "../run/resume_run.ts";
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
        throw new UsageError({
          what: `Run ${directory.runId} has nothing to resume`,
          why: `it is finished: ${state.run.status}`,
          fix: `see it with omk status ${directory.runId}; ${
            state.run.cancelled
              ? `omk run --reuse ${directory.runId} runs its plan anew and keeps what is done`
              : "omk retry runs failed tasks again"
          }`,
        });
      },
    });
    tellStarted(context.env, home, directory, session.state.run.incarnation);
    return session;
  }, { hidesEnd: hasPlan });
}
