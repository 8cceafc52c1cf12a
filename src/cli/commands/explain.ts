/** `omk explain`: why a task ran, waits, was retried, blocked or cancelled. */

import { systemClock } from "../../clock.ts";
import { ExitCode, UsageError } from "../../errors.ts";
import { loadRun } from "../../run/load_run.ts";
import { findRun } from "../../run/find_run.ts";
import { TaskStory } from "../../run/task_story.ts";
import { whatKeeps } from "../../scheduler/explain.ts";
import { findTask } from "../../scheduler/run_state.ts";
import type { Command, CommandContext } from "../command.ts";
import { NEEDS_READ } from "../needs.ts";
import { requireTasks, splitRunAndTasks } from "../open_run.ts";
import { locate } from "../place.ts";
import { printLines } from "../print_lines.ts";

/** See the module. */
export const explainCommand: Command = {
  name: "explain",
  summary: "say why a task ran, waits, failed or never started",
  usage: ["omk explain [RUN] TASK"],
  description: [
    "Tells the story of a task from the log: when its dependencies allowed it to start, what kept it waiting, why each\n" +
    "attempt was tried again, how it ended and for which reason; and what keeps it from starting now. RUN is latest\n" +
    "where it is left out.",
  ],
  positionals: { min: 1, max: 2 },
  options: [],
  examples: [
    { command: "omk explain api", note: "task api of the newest run" },
    { command: "omk explain 20261120-2350 api --json", note: "for scripts" },
  ],
  needs: NEEDS_READ,
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    const { run, tasks } = await splitRunAndTasks(context, args.positionals);
    const [id, ...more] = tasks;
    if (id === undefined || more.length > 0) {
      throw new UsageError({ what: "omk explain takes one task", fix: "name it: omk explain [RUN] TASK" });
    }
    const { home } = await locate(context);
    const directory = await findRun(home, run);
    const story = new TaskStory(id);
    const { state, plan, isControlled } = await loadRun(directory, {
      onEvent: (event, folded) => story.take(event, folded),
    });
    await requireTasks(plan, directory.runId, [id]);
    const view = findTask(state, id);
    if (view === undefined) throw new RangeError(`task ${id} is in the plan and not in the state`);
    const keeping = whatKeeps(state, view, isControlled ? systemClock.wall() : state.run.last_ts);
    const isOver = state.run.phase === "finished";
    if (json) {
      output.json({
        schema_version: 1,
        run_id: directory.runId,
        task_id: id,
        state: view.task.state,
        reason: view.task.reason,
        keeping: isOver ? [] : keeping,
        story: story.points,
      });
      return ExitCode.OK;
    }
    const { explainLines } = await import("../render/explain.ts");
    const told = { view, points: story.points, keeping, runId: directory.runId, isOver, isControlled };
    await printLines(output, (style, columns) => explainLines(told, style, columns));
    return ExitCode.OK;
  },
};
