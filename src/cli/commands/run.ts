/** `omk run`: run a plan. */

import { ExitCode, UsageError } from "../../errors.ts";
import type { RunDirectory } from "../../run/directory.ts";
import type { PreparedRun, PrepareOptions } from "../../run/prepare.ts";
import type { Command, CommandContext } from "../command.ts";
import { planSettings } from "../config/plan_settings.ts";
import { PRICES } from "../config/prices.ts";
import { BASE, VERBOSITY } from "../config/settings.ts";
import { OUTPUT_OPTIONS } from "../output_options.ts";
import { RUN_EXIT_CODES } from "../run_exit_codes.ts";
import { chosenWorktreeDirectory } from "../worktree_directories.ts";

/** See the module. */
export const runCommand: Command = {
  name: "run",
  summary: "run a plan",
  usage: ["omk run [PLAN]"],
  description: [
    "Runs the tasks of PLAN (default: omk.jsonc in the root of the repository), each in a git worktree of its own,\n" +
    "merges what they make one after the other, runs the gates on the result, and leaves a proof. Your checkout,\n" +
    "branches and index stay as they are until omk merge, or --merge.",
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
    { command: "omk run --reuse latest", note: "run what has changed since the newest run" },
    { command: "omk run --detach", note: "let it go on in the background; omk attach shows it" },
    { command: "omk run --resume", note: "in a job that may be started again: go on where it stopped" },
    { command: "omk run --dry-run", note: "check the plan and see the order" },
  ],
  exitCodes: RUN_EXIT_CODES,
  async run(context: CommandContext): Promise<number> {
    const { args, env, cwd, config } = context;
    if (args.flag("resume") && args.flag("new")) {
      throw new UsageError({
        what: "Cannot go on with a run and start a new one",
        why: "--resume and --new",
      });
    }
    const options: PrepareOptions = {
      cwd,
      env,
      planPath: args.positionals[0],
      ...planSettings(config),
      only: args.list("only"),
      from: args.list("from"),
      base: config.value(BASE),
      prices: config.value(PRICES),
    };
    if (args.flag("dry-run")) {
      const prepared = await prepare(context, options);
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
    if (args.flag("detach")) return await detach(context, start);
    if ("resume" in start) return await goOn(context, start);
    const { prepared } = start;
    const isTalkative = !context.json && config.value(VERBOSITY) !== "quiet";
    if (isTalkative) { for (const note of prepared.notes) context.output.note(`note: ${note}`); }
    const earlier = await earlierRun(context, prepared);
    let runId = "";
    const { conductRun } = await import("../conduct_run.ts");
    const { startRun } = await import("../../run/start_run.ts");
    const { tellStarted } = await import("../detach.ts");
    const code = await conductRun(context, async (watcher) => {
      const session = await startRun(prepared, {
        env,
        worktreeDirectory: chosenWorktreeDirectory(context),
        watcher,
        reuse: earlier,
      });
      runId = session.directory.runId;
      tellStarted(env, prepared.home, session.directory, session.state.run.incarnation);
      // The end of the run tells them again.
      if (isTalkative) {
        for (const gap of session.state.run.known_gaps) context.output.note(`warning: ${gap}`);
      }
      return session;
    });
    return await deliverIfAsked(context, code, prepared.home, runId);
  },
};

/** The run that `--reuse` names. */
async function earlierRun(
  { args }: CommandContext,
  { home }: PreparedRun,
): Promise<RunDirectory | undefined> {
  const reuse = args.text("reuse");
  if (reuse === undefined) return undefined;
  const { findRun } = await import("../../run/find_run.ts");
  return await findRun(home, reuse);
}

/** The options that the background process gets anew, or not. */
const DECIDED_HERE: ReadonlySet<string> = new Set(["--detach", "--resume", "--new", "--json"]);

/** What `omk run` is to do: start what was prepared, or go on with an interrupted run of the same plan. */
type Start =
  | { readonly prepared: PreparedRun }
  | { readonly resume: RunDirectory; readonly home: string };

/** Prepares the run and looks for an interrupted one of its plan, about which a person is asked. */
async function choose(context: CommandContext, options: PrepareOptions): Promise<Start> {
  const { args, output, interactive } = context;
  const { describeUnfinished, findUnfinished, unfinishedError } = await import("../unfinished_runs.ts");
  if (args.flag("new")) return { prepared: await prepare(context, options) };
  // What the checkout holds by now is nothing to a run that started from what it held then.
  const isResuming = args.flag("resume");
  const prepared = await prepare(
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
  if (interrupted === null) return { prepared: isResuming ? await prepare(context, options) : prepared };
  const goingOn: Start = { resume: interrupted.directory, home: prepared.home };
  if (isResuming) return goingOn;
  if (!interactive) throw unfinishedError(interrupted);
  output.note(describeUnfinished(interrupted));
  const answer = prompt(
    "Go on with it (resume), start a new one (new), or stop? [resume/new/stop]",
    "resume",
  );
  if (answer === "resume") return goingOn;
  if (answer === "new") return { prepared };
  throw unfinishedError(interrupted);
}

/** Does it in the background: what a person has decided here is said there by options. */
async function detach(context: CommandContext, start: Start): Promise<number> {
  const { startDetached } = await import("../detach.ts");
  const { showDetached } = await import("../show_detached.ts");
  const end = Deno.args.indexOf("--");
  const isOption = (at: number) => end < 0 || at < end;
  const said = Deno.args.filter((word, at) => !(isOption(at) && DECIDED_HERE.has(word)));
  const base = "prepared" in start && start.prepared.usesWorktrees
    ? [`--base=${start.prepared.snapshot ? "dirty" : "HEAD"}`]
    : [];
  const decided = "resume" in start ? ["--resume"] : ["--new", ...base];
  const at = said.indexOf("run") + 1;
  const home = "resume" in start ? start.home : start.prepared.home;
  showDetached(
    context,
    await startDetached(context, home, [...said.slice(0, at), ...decided, ...said.slice(at)]),
  );
  return ExitCode.OK;
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

async function deliverIfAsked(
  context: CommandContext,
  code: number,
  home: string,
  runId: string,
): Promise<number> {
  if (code !== ExitCode.OK || !context.args.flag("merge")) return code;
  const { deliver } = await import("../deliver.ts");
  await deliver(context, { home, runText: runId, anyway: false, allowSecrets: false });
  return code;
}

/** Prepares the run; on a terminal a dirty checkout is asked about, elsewhere it is an error. */
async function prepare(context: CommandContext, options: PrepareOptions): Promise<PreparedRun> {
  // Help and completion of the command do without what running takes.
  const { DirtyCheckoutError, prepareRun } = await import("../../run/prepare.ts");
  try {
    return await prepareRun(options);
  } catch (error) {
    if (!(error instanceof DirtyCheckoutError) || !context.interactive) throw error;
    context.output.note("The checkout has changes that tasks would not see:");
    for (const path of error.paths.slice(0, 20)) context.output.note(`  ${path}`);
    if (error.paths.length > 20) context.output.note(`  and ${error.paths.length - 20} more`);
    const answer = prompt("Leave them out (HEAD), take them in (dirty), or stop? [HEAD/dirty/stop]", "stop");
    if (answer !== "HEAD" && answer !== "dirty") throw error;
    return await prepareRun({ ...options, base: answer });
  }
}
