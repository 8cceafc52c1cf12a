/** `omk retry`: run tasks of a run again that have failed. */

import { ExitCode, OmkError, UsageError } from "../../errors.ts";
import { draft } from "../../log/event.ts";
import { takeOver } from "../../run/resume_run.ts";
import type { Command, CommandContext } from "../command.ts";
import { conductRun } from "../conduct_run.ts";
import { OUTPUT_OPTIONS } from "../output_options.ts";
import { RUN_EXIT_CODES } from "../run_exit_codes.ts";
import { ask, refuseInsideTask, type Wish } from "../control.ts";
import { openRun, requireTasks, splitRunAndTasks } from "../open_run.ts";

/** See the module. */
export const retryCommand: Command = {
  name: "retry",
  summary: "run failed tasks of a run again",
  usage: ["omk retry [RUN] TASK…", "omk retry [RUN] --failed"],
  description: [
    "Reopens tasks that failed or were cancelled, with the tasks that were blocked by them, and counts their retries\n" +
    "anew. Where the run is still going on, its controller does that; where it has ended, this command goes on with\n" +
    "it, and ends with the exit code of the run. What is completed is not run again.",
  ],
  positionals: { min: 0, max: 1_000 },
  options: [
    {
      name: "yes",
      short: "y",
      type: "boolean",
      description: "Agree beforehand to what an agent plans in a run of omk run PROMPT",
    },
    { name: "failed", type: "boolean", description: "Every task that failed" },
    { name: "reason", type: "string", placeholder: "TEXT", description: "Why; it is recorded in the log" },
    ...OUTPUT_OPTIONS,
  ],
  examples: [
    { command: "omk retry api", note: "run a failed task of the newest run again" },
    { command: "omk retry latest --failed", note: "all that failed" },
  ],
  exitCodes: RUN_EXIT_CODES,
  async run(context: CommandContext): Promise<number> {
    refuseInsideTask(context, "retry");
    const { args, env } = context;
    const { run, tasks } = await splitRunAndTasks(context, args.positionals);
    const all = args.flag("failed");
    if (all === tasks.length > 0) {
      throw new UsageError({
        what: all ? "Tasks and --failed exclude each other" : "Cannot tell what to run again",
        fix: "name tasks, or give --failed",
      });
    }
    const { place, directory, loaded } = await openRun(context, run);
    await requireTasks(loaded.plan, directory.runId, tasks);
    if (all && !loaded.isControlled && loaded.state.tasks.every(({ state }) => state !== "failed")) {
      throw new OmkError({
        what: `Cannot retry run ${directory.runId}`,
        why: "no task has failed",
        fix: `omk run --reuse ${directory.runId} runs its gates again, and keeps what is done`,
      });
    }
    const reason = args.text("reason") ?? "retried by omk retry";
    const wishes = (all ? [null] : tasks).map((task_id): Wish => ({
      failure: task_id === null ? `Cannot retry run ${directory.runId}` : `Cannot retry task "${task_id}"`,
      make: (requester, actor) => draft("retry_requested", "run", actor, { ...requester, task_id, reason }),
    }));
    let answered = true;
    for (const wish of wishes) answered = await ask(context, loaded, wish) !== undefined && answered;
    if (!loaded.isControlled) {
      const [{ goOnAfter }, { hasPlan }, { planReaderOf }] = await Promise.all([
        import("../planning/go_on.ts"),
        import("../../run/planning/kept_plan.ts"),
        import("../planning/plan_reader.ts"),
      ]);
      const code = await conductRun(
        context,
        (watcher) =>
          takeOver(directory, {
            env,
            home: place.home,
            by: "retry",
            startsTasks: true,
            watcher,
            planReader: planReaderOf(context),
            check: () => undefined,
          }),
        { hidesEnd: hasPlan },
      );
      return await goOnAfter(context, directory, code);
    }
    if (context.json) {
      context.output.json({ schema_version: 1, run_id: directory.runId, tasks, answered });
    } else {
      const what = all ? "what failed" : tasks.join(", ");
      context.output.print(
        answered
          ? `run ${directory.runId} runs ${what} again`
          : `asked run ${directory.runId} to run ${what} again; it has not answered within 30 s`,
      );
    }
    return ExitCode.OK;
  },
};
