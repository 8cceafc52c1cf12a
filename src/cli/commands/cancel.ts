/** `omk cancel`: end a run, or one of its tasks, from any process. */

import { systemClock } from "../../clock.ts";
import { ExitCode, OmkError } from "../../errors.ts";
import { draft } from "../../log/event.ts";
import { findRun } from "../../run/find_run.ts";
import { loadRun } from "../../run/load_run.ts";
import { sendRequest } from "../../run/requests.ts";
import { takeOver } from "../../run/resume_run.ts";
import type { Command, CommandContext } from "../command.ts";
import { conductRun } from "../conduct_run.ts";
import { findAsker, refuseInsideTask } from "../control.ts";
import { requireTasks, splitRunAndTasks } from "../open_run.ts";
import { locate } from "../place.ts";

/** How long the controller may take to answer. */
const WAIT_MS = 30_000;

/** See the module. */
export const cancelCommand: Command = {
  name: "cancel",
  summary: "cancel a run or one of its tasks",
  usage: ["omk cancel [RUN] [TASK]"],
  description: [
    "Asks the run's controller to end the run, or the task, and waits up to 30 s until that is done. Tasks at work\n" +
    "get 10 s to end; what they made is kept under refs/omk. Where the run's omk process is gone, this command\n" +
    "ends what it left running and records the end itself. RUN is latest where it is left out.",
  ],
  positionals: { min: 0, max: 2 },
  options: [
    { name: "reason", type: "string", placeholder: "TEXT", description: "Why; it is recorded in the log" },
  ],
  examples: [
    { command: "omk cancel", note: "cancel the newest run" },
    {
      command: 'omk cancel api --reason "wrong approach"',
      note: "cancel one task of it, with its dependents",
    },
  ],
  async run(context: CommandContext): Promise<number> {
    const { args, output } = context;
    refuseInsideTask(context, "cancel");
    const { home } = await locate(context);
    const { run: named, tasks } = await splitRunAndTasks(context, args.positionals);
    // Of two words the first must be a run.
    const directory = await findRun(home, tasks.length > 1 ? args.positionals[0] : named);
    const taskId = tasks[0] ?? null;
    const reason = args.text("reason") ?? "cancelled by omk cancel";
    const loaded = await loadRun(directory);
    const { run } = loaded.state;
    if (run.phase === "finished") {
      throw new OmkError({
        what: `Cannot cancel run ${directory.runId}`,
        why: `it is finished: ${run.status}`,
      });
    }
    if (taskId !== null) await requireTasks(loaded.plan, directory.runId, [taskId]);
    if (taskId !== null && !loaded.isControlled) {
      throw new OmkError({
        what: `Cannot cancel task "${taskId}"`,
        why: "the omk process of the run is gone",
        fix:
          `cancel the whole run with omk cancel ${directory.runId}, or go on with omk resume ${directory.runId}`,
      });
    }
    const failure = `Cannot cancel ${taskId ?? `run ${directory.runId}`}`;
    const request = draft("cancel_requested", "run", `cli/${Deno.pid}`, {
      task_id: taskId,
      reason,
      process: await findAsker(context, failure),
      wall: systemClock.wall(),
    });
    const { answer } = await sendRequest(directory, request, {
      clock: systemClock,
      waitMs: loaded.isControlled ? WAIT_MS : 0,
    });
    if (!loaded.isControlled) return await endDeadRun(context, home, directory);
    if (answer.kind === "refused") {
      throw new OmkError({ what: failure, why: answer.reason });
    }
    const what = taskId === null ? `run ${directory.runId}` : `task ${taskId} of run ${directory.runId}`;
    const done = answer.kind === "answered";
    if (context.json) {
      output.json({ schema_version: 1, run_id: directory.runId, task_id: taskId, cancelled: done });
    } else if (done) output.print(`cancelled ${what}`);
    else output.print(`asked to cancel ${what}; it has not ended within 30 s, and goes on ending`);
    return ExitCode.OK;
  },
};

/** Nobody will answer: this process becomes the controller, and ends the run as the request asks. */
async function endDeadRun(
  context: CommandContext,
  home: string,
  directory: Awaited<ReturnType<typeof findRun>>,
): Promise<number> {
  await conductRun(
    context,
    (watcher) =>
      takeOver(directory, {
        env: context.env,
        home,
        by: "cancel",
        startsTasks: false,
        watcher,
        check: () => undefined,
      }),
  );
  return ExitCode.OK;
}
