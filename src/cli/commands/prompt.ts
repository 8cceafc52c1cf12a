/** `omk prompt`: what the agent of a task is told. */

import { ExitCode, OmkError, UsageError } from "../../errors.ts";
import { readRunLog } from "../../log/reader.ts";
import { promptOf, type TaskSpec } from "../../plan/spec.ts";
import type { RunDirectory } from "../../run/directory.ts";
import { reviewRequest } from "../../run/review_request.ts";
import { taskPrompt } from "../../run/task_prompt.ts";
import { findTask, type RunState, type TaskView } from "../../scheduler/run_state.ts";
import { isActive, isTerminal, type TaskState } from "../../scheduler/task_state.ts";
import { DEFAULT_TEMPLATE } from "../../worker/prompt/default_template.ts";
import type { Command, CommandContext } from "../command.ts";
import { reviewPrompt } from "../../worker/prompt/review_prompt.ts";
import { openPlan, requirePlannedTask } from "../open_plan.ts";
import { openRun, requireTasks, splitRunAndTasks } from "../open_run.ts";

/** What stands for the code that a reviewer repeats. */
const NO_CODE = "CODE OF THE REVIEW";
/** What stands for the work that is reviewed. */
const NO_WORK = { attempt: 1, base: "BASE", pin: "WORK", diff: "(what it changed)" };
/** What stands for the id of a run that does not exist yet. */
const NO_RUN = "(no run yet)";

/** See the module. */
export const promptCommand: Command = {
  name: "prompt",
  summary: "print what the agent of a task is told",
  usage: ["omk prompt TASK [--plan PLAN]", "omk prompt RUN TASK", "omk prompt --template"],
  description: [
    "Prints the prompt of a task as its agent gets it: the task, its files, its checks, how to report, and, with a RUN,\n" +
    "what earlier attempts failed with. A run's task that is at its end is shown as its latest attempt was told; any\n" +
    "other as the next or present attempt is.",
    "Prompts are made from one template. --template prints the one that omk has; write your own as prompt.md beside\n" +
    "your configuration, or name a file as prompt_template in a plan. A template that cannot be used stops the run.\n" +
    "The prompt of a review is made of its rubric and of what it judges.",
  ],
  positionals: { min: 0, max: 2 },
  options: [
    { name: "plan", type: "string", placeholder: "PLAN", description: "The plan (default: omk.jsonc)" },
    { name: "template", type: "boolean", description: "Print the template itself" },
  ],
  examples: [
    { command: "omk prompt api", note: "a task of the plan, before any run" },
    { command: "omk prompt latest api", note: "with what its attempts in the newest run failed with" },
    { command: "omk prompt --template > prompt.md", note: "a template to change" },
  ],
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    if (args.flag("template")) {
      if (json) output.json({ schema_version: 1, template: DEFAULT_TEMPLATE });
      else output.write(DEFAULT_TEMPLATE);
      return ExitCode.OK;
    }
    const { run, tasks } = await splitRunAndTasks(context, args.positionals);
    const [id, ...more] = tasks;
    if (id === undefined || more.length > 0) {
      throw new UsageError({ what: "Cannot tell which task is meant", fix: "call omk prompt [RUN] TASK" });
    }
    const made = run === undefined ? await ofPlan(context, id) : await ofRun(context, run, id);
    if (json) output.json({ schema_version: 1, task_id: id, ...made });
    else output.write(made.prompt);
    return ExitCode.OK;
  },
};

/** A prompt with the attempt that it is for. */
interface Made {
  /** Null where there is no run. */
  readonly run_id: string | null;
  readonly attempt: number;
  readonly prompt: string;
}

async function ofPlan(context: CommandContext, id: string): Promise<Made> {
  const { plan } = await openPlan(context, context.args.text("plan"));
  requirePlannedTask(plan, id);
  const found = plan.tasks.find((task) => task.id === id);
  if (found?.review !== undefined) {
    const { of } = found.review;
    // Nothing is there yet to be reviewed, but what was to be done.
    const works = plan.tasks.filter((task) => of.includes(task.id)).map((spec) => ({ spec, ...NO_WORK }));
    const prompt = reviewPrompt({ spec: found, works, earlier: [], code: NO_CODE });
    return { run_id: null, attempt: 1, prompt };
  }
  const spec = requirePrompt(found, id);
  const prompt = await taskPrompt(spec, {
    runId: NO_RUN,
    directory: "",
    template: plan.prompt_template,
    attempt: 1,
    events: async function* () {},
  });
  return { run_id: null, attempt: 1, prompt };
}

async function ofRun(context: CommandContext, run: string, id: string): Promise<Made> {
  const { directory, loaded } = await openRun(context, run);
  await requireTasks(loaded.plan, directory.runId, [id]);
  const view = findTask(loaded.state, id);
  if (view?.spec.review !== undefined) return await ofReview(directory, loaded.state, view);
  const spec = requirePrompt(view?.spec, id);
  const attempt = attemptTold(view?.task);
  const answer = view?.task.answer;
  const prompt = await taskPrompt(spec, {
    runId: directory.runId,
    directory: directory.path,
    template: loaded.plan.prompt_template,
    attempt,
    events: () => readRunLog(directory.events, {}),
    ...(answer === undefined ? {} : { answer }),
  });
  return { run_id: directory.runId, attempt, prompt };
}

/** What a reviewer is told; the commands that show the changes stand in their place. */
async function ofReview(directory: RunDirectory, state: RunState, view: TaskView): Promise<Made> {
  const attempt = attemptTold(view.task);
  const ref = { task_id: view.spec.id, attempt, token: view.task.token ?? 0 };
  const review = reviewRequest(state, view, ref, () => readRunLog(directory.events, {}));
  const prompt = await review.prompt((from, to) => Promise.resolve(`(what git diff ${from} ${to} shows)`));
  return { run_id: directory.runId, attempt, prompt };
}

/** The attempt at work or the latest one of a task at its end; else the one that comes. */
function attemptTold(task: TaskState | undefined): number {
  if (task === undefined) return 1;
  const isPresent = isActive(task.state) || isTerminal(task.state) || task.state === "finished";
  return Math.max(1, isPresent ? task.attempt : task.attempt + 1);
}

function requirePrompt(spec: TaskSpec | undefined, id: string): TaskSpec {
  if (spec !== undefined && promptOf(spec) !== undefined) return spec;
  throw new OmkError({
    what: `Cannot show the prompt of task "${id}"`,
    why: "it runs a command, and no agent",
    fix: 'only a task with a "prompt" or a "review" has one',
  });
}
