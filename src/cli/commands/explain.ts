/** `omk explain`: why a task ran, waits, was retried, blocked or cancelled. */

import { systemClock } from "../../clock.ts";
import { ExitCode, UsageError } from "../../errors.ts";
import { findRun, listRunIds } from "../../run/find_run.ts";
import { loadRun } from "../../run/load_run.ts";
import { TaskStory } from "../../run/task_story.ts";
import { whatKeeps } from "../../scheduler/explain.ts";
import { causeChain } from "../../scheduler/explain_cause.ts";
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
  usage: ["omk explain [RUN|PLAN] TASK"],
  description: [
    "Tells the story of a task from the log: which dependencies allowed it to start and when, what kept it waiting,\n" +
    "why it came before others, why each attempt was tried again, how it ended and for which reason, through which\n" +
    "tasks it was blocked or cancelled; and what it waits for now. RUN is latest where it is left out.",
    "Of a plan, or where there is no run yet: when the task would run if everything went well, and what it would wait\n" +
    "for.",
  ],
  positionals: { min: 1, max: 2 },
  options: [],
  examples: [
    { command: "omk explain api", note: "task api of the newest run" },
    { command: "omk explain 20261120-2350 api --json", note: "for scripts" },
    { command: "omk explain omk.jsonc api", note: "what it would wait for" },
  ],
  needs: NEEDS_READ,
  async run(context: CommandContext): Promise<number> {
    const { run, tasks } = await splitRunAndTasks(context, context.args.positionals);
    const [first, second] = tasks;
    if (first === undefined || (run !== undefined && second !== undefined)) {
      throw new UsageError({
        what: "omk explain takes one task",
        fix: "name it: omk explain [RUN|PLAN] TASK",
      });
    }
    const { home } = await locate(context);
    if (second !== undefined) return await explainPlanned(context, first, second);
    if (run === undefined && (await listRunIds(home)).length === 0) {
      return await explainPlanned(context, undefined, first);
    }
    return await explainRun(context, run, first);
  },
};

async function explainRun(
  context: CommandContext,
  run: string | undefined,
  id: string,
): Promise<number> {
  const { output, json } = context;
  const { home } = await locate(context);
  const directory = await findRun(home, run);
  const story = new TaskStory(id);
  const { state, plan, isControlled } = await loadRun(directory, {
    onEvent: (event, folded) => story.take(event, folded),
  });
  await requireTasks(plan, directory.runId, [id]);
  const view = findTask(state, id);
  if (view === undefined) throw new RangeError(`task ${id} is in the plan and not in the state`);
  const isOver = state.run.phase === "finished";
  const told = {
    view,
    points: story.points,
    because: causeChain(state, view),
    keeping: whatKeeps(state, view, isControlled ? systemClock.wall() : state.run.last_ts),
    runId: directory.runId,
    isOver,
    isControlled,
  };
  if (json) {
    output.json({
      schema_version: 1,
      run_id: told.runId,
      task_id: id,
      state: view.task.state,
      reason: view.task.reason,
      because: told.because,
      keeping: isOver ? [] : told.keeping,
      story: told.points,
    });
    return ExitCode.OK;
  }
  const { explainLines } = await import("../render/explain.ts");
  await printLines(output, (style, columns) => explainLines(told, style, columns));
  return ExitCode.OK;
}

async function explainPlanned(
  context: CommandContext,
  planPath: string | undefined,
  id: string,
): Promise<number> {
  const { output, json } = context;
  const [{ openPlan, requirePlannedTask }, { foreseeTask }, { PREDICTED_START }] = await Promise.all([
    import("../open_plan.ts"),
    import("../../run/foresee_task.ts"),
    import("../../run/predict.ts"),
  ]);
  const { path, plan, durations } = await openPlan(context, planPath);
  requirePlannedTask(plan, id);
  const spec = plan.tasks.find((each) => each.id === id);
  if (spec === undefined) throw new RangeError(`task ${id} is in the plan and cannot be found`);
  const { predicted, points, rivals, pooled } = foreseeTask(plan, spec, durations);
  const told = {
    path,
    spec,
    predicted,
    story: points.map(({ ts, what, text }) => ({ at_ms: Date.parse(ts) - PREDICTED_START, what, text })),
    rivals,
    pooled,
  };
  if (json) {
    output.json({
      schema_version: 1,
      run_id: null,
      plan: path,
      task_id: id,
      dependencies: spec.dependencies,
      trigger_rule: spec.trigger_rule,
      predicted: predicted === null ? null : { start_ms: predicted.start_ms, end_ms: predicted.end_ms },
      story: told.story,
      rivals,
      pooled,
    });
    return ExitCode.OK;
  }
  const { foreseenLines } = await import("../render/foreseen.ts");
  await printLines(output, (style, columns) => foreseenLines(told, style, columns));
  return ExitCode.OK;
}
