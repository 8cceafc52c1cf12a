/** `omk run`: run a plan, or what an agent plans of a prompt. */

import { ExitCode, UsageError } from "../../errors.ts";
import type { RunDirectory } from "../../run/directory.ts";
import type { PreparedRun, PrepareOptions } from "../../run/prepare.ts";
import { askChoice } from "../ask.ts";
import type { Command, CommandArguments, CommandContext } from "../command.ts";
import { OUTPUT_OPTIONS } from "../output_options.ts";
import { isRequest } from "../planning/request.ts";
import { RUN_EXIT_CODES } from "../run_exit_codes.ts";
import {
  deliverIfAsked,
  detachPrepared,
  detachRun,
  earlierRun,
  planOptions,
  preparePlan,
  runPrepared,
} from "../run_plan.ts";

/** See the module. */
export const runCommand: Command = {
  name: "run",
  summary: "run a plan, or what an agent plans of a prompt",
  usage: ["omk run [PLAN]", 'omk run "PROMPT"'],
  description: [
    "Runs the tasks of PLAN (default: omk.jsonc in the root of the repository), each in a git worktree of its own,\n" +
    "merges what they make one after the other, runs the gates on the result, and leaves a proof. Your checkout,\n" +
    "branches and index stay as they are until omk merge, or --merge.",
    "A PROMPT in words has an agent plan first, as omk plan does; the plan is shown, and run once you say yes (--yes\n" +
    "says it beforehand). It is kept, so that omk run takes it again without the agent.",
    "Where a run of the same plan was interrupted, it asks on a terminal whether to go on with that one; elsewhere it\n" +
    "ends with 2, unless --resume or --new says it.",
  ],
  positionals: { min: 0, max: 1 },
  options: [
    {
      name: "workers",
      short: "w",
      type: "number",
      placeholder: "N",
      description: "How many tasks run at once",
    },
    {
      name: "on-failure",
      type: "string",
      placeholder: "WHAT",
      choices: ["continue", "no-new", "kill"],
      description: "After a failed task: continue, start no-new ones, or kill the others",
    },
    {
      name: "only",
      type: "list",
      placeholder: "TASK",
      description: "Run these tasks and their dependencies; may be repeated, or split at commas",
    },
    {
      name: "from",
      type: "list",
      placeholder: "TASK",
      description: "Run these tasks, what comes after them, and the dependencies of these",
    },
    {
      name: "reuse",
      type: "string",
      placeholder: "RUN",
      description:
        "Take over what RUN made (an id, its beginning, or latest) for tasks whose spec and inputs are equal",
    },
    {
      name: "base",
      type: "string",
      placeholder: "BASE",
      choices: ["HEAD", "dirty"],
      description: "What tasks see of a dirty checkout: HEAD leaves its changes out, dirty takes them in",
    },
    {
      name: "agent",
      type: "string",
      placeholder: "AGENT",
      description:
        "The agent that plans a prompt, and does what names none (default: that of omk.jsonc, the configuration, or the only one)",
    },
    {
      name: "approval",
      type: "string",
      placeholder: "POLICY",
      choices: ["never", "safe", "yolo"],
      description: "What agents that ask for leave are told, in the place of what the plan says",
    },
    {
      name: "yes",
      short: "y",
      type: "boolean",
      description: "Run what is planned of a prompt without asking",
    },
    {
      name: "containment",
      type: "string",
      placeholder: "LEVEL",
      choices: ["auto", "cgroup", "pidns", "mark", "group"],
      description: "How far processes that tasks leave behind are found; stops where that cannot be had",
    },
    {
      name: "merge",
      type: "boolean",
      description: "Deliver the result with omk merge when the run is ready",
    },
    {
      name: "resume",
      type: "boolean",
      description: "Go on with the interrupted run of this plan; where there is none, start one",
    },
    {
      name: "new",
      type: "boolean",
      description: "Start a new run, also where one of this plan was interrupted",
    },
    {
      name: "detach",
      type: "boolean",
      description:
        "Go on in the background, and say how to watch and end it; its output is in console.log of the run",
    },
    { name: "dry-run", type: "boolean", description: "Check everything and print the order; run nothing" },
    {
      name: "worktree-dir",
      type: "string",
      placeholder: "DIR",
      description: "Where the worktrees of tasks lie (default: $XDG_STATE_HOME/omk/worktrees)",
    },
    ...OUTPUT_OPTIONS,
  ],
  examples: [
    { command: "omk run", note: "run omk.jsonc" },
    { command: "omk run plans/api.jsonc --workers 2", note: "run another plan, two tasks at once" },
    {
      command: "omk run --only api --base HEAD --merge",
      note: "one task, without uncommitted changes, then deliver",
    },
    {
      command: 'omk run "Add rate limiting to the API"',
      note: "have an agent plan it, look at the plan, and run it",
    },
    { command: "omk run --reuse latest", note: "run what has changed since the newest run" },
    { command: "omk run --detach", note: "let it go on in the background; omk attach shows it" },
    { command: "omk run --resume", note: "in a job that may be started again: go on where it stopped" },
    { command: "omk run --dry-run", note: "check the plan and see the order" },
  ],
  exitCodes: RUN_EXIT_CODES,
  async run(context: CommandContext): Promise<number> {
    const { args, env, cwd } = context;
    if (args.flag("resume") && args.flag("new")) {
      throw new UsageError({
        what: "Cannot go on with a run and start a new one",
        why: "--resume and --new",
      });
    }
    // What is wrong with the call itself is said before the plan is looked at.
    if (args.list("report").length > 0) await (await import("../reports.ts")).requestedReports(args, cwd);
    const [word] = args.positionals;
    if (word !== undefined && await isRequest(word, cwd)) {
      return await (await import("../planning/run_request.ts")).runRequest(context, word);
    }
    refuseForPlans(args);
    const options = planOptions(context, word);
    if (args.flag("dry-run")) {
      const prepared = await preparePlan(context, options);
      const { checkNeeds } = await import("../../run/check_needs.ts");
      await checkNeeds(prepared, env);
      const { printDryRun } = await import("../render/dry_run.ts");
      const { foreseeReuse } = await import("../../run/reuse.ts");
      const earlier = await earlierRun(context, prepared);
      const reuse = earlier === undefined ? undefined : await foreseeReuse(prepared, earlier);
      await printDryRun(prepared, context, reuse);
      return ExitCode.OK;
    }
    const start = await choose(context, options);
    if (args.flag("detach")) {
      return "resume" in start
        ? await detachRun(context, start.home, ["--resume"])
        : await detachPrepared(context, start.prepared);
    }
    return "resume" in start ? await goOn(context, start) : await runPrepared(context, start.prepared);
  },
};

/** Options that only a prompt takes. */
function refuseForPlans(args: CommandArguments): void {
  if (!args.flag("yes")) return;
  throw new UsageError({
    what: "Option --yes is for a prompt",
    why: "what is run is a plan",
    fix: "leave it out",
  });
}

/** What `omk run` is to do: start what was prepared, or go on with an interrupted run of the same plan. */
type Start =
  | { readonly prepared: PreparedRun }
  | { readonly resume: RunDirectory; readonly home: string };

/** Prepares the run and looks for an interrupted one of its plan, about which a person is asked. */
async function choose(context: CommandContext, options: PrepareOptions): Promise<Start> {
  const { args, output, interactive } = context;
  const { describeUnfinished, findUnfinished, unfinishedError } = await import("../unfinished_runs.ts");
  if (args.flag("new")) return { prepared: await preparePlan(context, options) };
  // What the checkout holds by now is nothing to a run that started from what it held then.
  const isResuming = args.flag("resume");
  const prepared = await preparePlan(
    context,
    isResuming ? { ...options, base: options.base ?? "HEAD" } : options,
  );
  const { interrupted, underWay } = await findUnfinished(prepared, (directory, why) => {
    output.note(`${output.errorStyle.yellow("warning:")} cannot read run ${directory.runId}: ${why}`);
  });
  if (underWay !== null) {
    const { runId } = underWay.directory;
    output.note(`note: run ${runId} of this plan is under way; omk status ${runId} shows it`);
  }
  if (interrupted === null) return { prepared: isResuming ? await preparePlan(context, options) : prepared };
  const goingOn: Start = { resume: interrupted.directory, home: prepared.home };
  if (isResuming) return goingOn;
  if (!interactive) throw unfinishedError(interrupted);
  output.note(describeUnfinished(interrupted));
  const question = "Go on with it (resume), start a new one (new), or stop?";
  const answer = askChoice(output, question, ["resume", "new", "stop"], "resume");
  if (answer === "resume") return goingOn;
  if (answer === "new") return { prepared };
  throw unfinishedError(interrupted);
}

/** Goes on with an interrupted run, as `omk resume` does. */
async function goOn(
  context: CommandContext,
  { resume: directory, home }: Extract<Start, { readonly resume: RunDirectory }>,
): Promise<number> {
  const { resumeRun } = await import("../resume_run.ts");
  context.output.note(`note: going on with run ${directory.runId}`);
  const code = await resumeRun(context, directory, home);
  return await deliverIfAsked(context, code, home, directory.runId);
}
