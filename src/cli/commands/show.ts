/** `omk show`: all about a run, or about one of its tasks. */

import { ExitCode, UsageError } from "../../errors.ts";
import type { PayloadOf } from "../../log/kinds.ts";
import { standingOf } from "../../run/load_run.ts";
import { findTask } from "../../scheduler/run_state.ts";
import { AttemptHistory } from "../../run/attempt_history.ts";
import type { Command, CommandContext } from "../command.ts";
import { NEEDS_READ } from "../needs.ts";
import { openRun, requireTasks, splitRunAndTasks } from "../open_run.ts";
import { UNLIMITED_COLUMNS } from "../output.ts";
import { printLines } from "../print_lines.ts";

/** See the module. */
export const showCommand: Command = {
  name: "show",
  summary: "show a run or one of its tasks in full",
  usage: ["omk show [RUN]", "omk show [RUN] TASK"],
  description: [
    "Shows all that the log says of a run: what it started from and with, every task with its attempts, retries\n" +
    "with their reasons, runs of gates. With TASK: what the plan says about it, and each attempt with its outcome,\n" +
    "pin, changed files, by-products, conflicts and gates. RUN is latest where it is left out.",
  ],
  positionals: { min: 0, max: 2 },
  options: [],
  examples: [
    { command: "omk show", note: "the newest run" },
    { command: "omk show api", note: "task api of the newest run" },
    { command: "omk show 20261120-2350 api", note: "the same task of another run" },
    { command: "omk show --json | jq '.tasks[].attempts | length'", note: "for scripts" },
  ],
  needs: NEEDS_READ,
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    const { run, tasks } = await splitRunAndTasks(context, args.positionals);
    if (tasks.length > 1) {
      throw new UsageError({ what: "omk show takes one task", why: `${tasks.join(" and ")} are two` });
    }
    const history = new AttemptHistory();
    let started: PayloadOf<"run_started"> | null = null;
    const { directory, loaded } = await openRun(context, run, (event) => {
      if (event.kind === "run_started") started ??= event.payload;
      history.take(event);
    });
    const { state, plan } = loaded;
    await requireTasks(plan, directory.runId, tasks);
    const standing = standingOf(loaded);
    const [id] = tasks;
    const view = id === undefined ? undefined : findTask(state, id);
    if (view !== undefined) {
      const attempts = history.of(view.spec.id);
      if (json) {
        output.json({
          schema_version: 1,
          run_id: directory.runId,
          standing,
          spec: view.spec,
          task: view.task,
          attempts,
        });
        return ExitCode.OK;
      }
      const { showTask } = await import("../render/show_task.ts");
      await printLines(
        output,
        (style) => showTask(view, attempts, directory.runId, style, UNLIMITED_COLUMNS),
      );
      return ExitCode.OK;
    }
    if (json) {
      output.json({
        schema_version: 1,
        run_id: directory.runId,
        standing,
        directory: directory.path,
        started,
        run: state.run,
        plan,
        tasks: state.tasks.map((task) => ({ ...task, attempts: history.of(task.id) })),
        gates: history.gates,
      });
      return ExitCode.OK;
    }
    const { showRun } = await import("../render/show_run.ts");
    const shown = { state, history, started, standing, directory: directory.path };
    await printLines(output, (style) => showRun(shown, style, UNLIMITED_COLUMNS));
    return ExitCode.OK;
  },
};
