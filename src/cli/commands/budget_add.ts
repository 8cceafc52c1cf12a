/** `omk budget add`: let a run use up more than its plan says. */

import { ExitCode, UsageError } from "../../errors.ts";
import { draft } from "../../log/event.ts";
import { durationSecs } from "../../plan/duration.ts";
import type { BudgetName } from "../../scheduler/run_record.ts";
import type { Command, CommandContext } from "../command.ts";
import { ask, refuseInsideTask } from "../control.ts";
import { openRun, requireTasks } from "../open_run.ts";
import { amountText } from "../render/run_event_line.ts";

/** See the module. */
export const budgetAddCommand: Command = {
  name: "budget add",
  summary: "let a run use up more than its plan says",
  usage: ["omk budget add [RUN] [--task TASK] --time 1h | --attempts N | --tokens N | --usd N"],
  description: [
    "Adds to one budget of the run. Where the run has ended with its budget used up (exit code 4), what is added is\n" +
    "kept in its log, and omk resume goes on with it. Without RUN it takes the newest one.",
    "With --task it adds to the task's own budget of tokens or money, and the task goes on that waited for it.",
  ],
  positionals: { min: 0, max: 1 },
  options: [
    { name: "time", type: "string", placeholder: "TIME", description: "Time to add, such as 90m" },
    { name: "attempts", type: "number", placeholder: "N", description: "Attempts to add" },
    { name: "tokens", type: "number", placeholder: "N", description: "Tokens to add" },
    { name: "usd", type: "number", placeholder: "N", description: "US dollars to add" },
    { name: "task", type: "string", placeholder: "TASK", description: "Add to the budget of this task" },
  ],
  examples: [
    { command: "omk budget add --time 1h", note: "give the newest run another hour" },
    { command: "omk budget add latest --attempts 10", note: "and ten attempts more" },
    { command: "omk budget add --task api --usd 2", note: "let one task use up two dollars more" },
  ],
  async run(context: CommandContext): Promise<number> {
    refuseInsideTask(context, "budget add");
    const { budget, by } = addition(context);
    const { directory, loaded } = await openRun(context, context.args.positionals[0]);
    const task = context.args.text("task");
    if (task !== undefined) await requireTasks(loaded.plan, directory.runId, [task]);
    const whose = task === undefined ? {} : { task_id: task };
    const answer = await ask(context, loaded, {
      failure: `Cannot add to the budget of run ${directory.runId}`,
      make: (requester, actor) =>
        draft("budget_add_requested", "run", actor, { ...requester, budget, by, ...whose }),
    });
    const { output, json } = context;
    const answered = answer !== undefined;
    if (json) output.json({ schema_version: 1, run_id: directory.runId, budget, by, ...whose, answered });
    else {
      const user = task === undefined ? `run ${directory.runId}` : `task ${task}`;
      const next = answered ? "" : `; go on with: omk resume ${directory.runId}`;
      output.print(`${user} may use ${amountText(budget, by)} more${next}`);
    }
    return ExitCode.OK;
  },
};

function addition({ args }: CommandContext): { readonly budget: BudgetName; readonly by: number } {
  const time = args.text("time");
  const given: { readonly budget: BudgetName; readonly by: number | undefined }[] = [];
  if (time !== undefined) given.push({ budget: "time", by: durationSecs(time) });
  for (const budget of ["attempts", "tokens", "usd"] as const) {
    const by = args.number(budget);
    if (by !== undefined) given.push({ budget, by });
  }
  const [first, second] = given;
  if (first === undefined || second !== undefined) {
    throw new UsageError({
      what: "Cannot tell what to add",
      fix: "give exactly one of --time, --attempts, --tokens and --usd",
    });
  }
  if (first.by === undefined || first.by <= 0) {
    throw new UsageError({
      what: `Cannot add "${time ?? first.by}" to the budget of ${first.budget}`,
      why: first.budget === "time" ? "it is no time above 0" : "it is no number above 0",
      fix: first.budget === "time" ? "write it as 90m, 2h or 1h30m" : "give one above 0",
    });
  }
  return { budget: first.budget, by: first.by };
}
