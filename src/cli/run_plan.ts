/** Runs a plan that is there: prepares it, starts it here or in the background, and delivers it where that was asked for. */

import { ExitCode } from "../errors.ts";
import type { PlanLock } from "../log/kinds.ts";
import type { RunDirectory } from "../run/directory.ts";
import type { PreparedRun, PrepareOptions } from "../run/prepare.ts";
import { askChoice } from "./ask.ts";
import type { CommandContext } from "./command.ts";
import { planSettings } from "./config/plan_settings.ts";
import { AGENTS } from "./config/agents.ts";
import { PRICES } from "./config/prices.ts";
import { AGENT, BASE, VERBOSITY } from "./config/settings.ts";
import { chosenWorktreeDirectory } from "./worktree_directories.ts";

/** How many paths of a dirty checkout are shown. */
const PATHS_SHOWN = 20;

/** How a plan is prepared, as the options of the command say; `planPath` undefined: the project's own. */
export function planOptions(context: CommandContext, planPath: string | undefined): PrepareOptions {
  const { args, env, cwd, config } = context;
  return {
    cwd,
    env,
    planPath,
    ...planSettings(config),
    only: args.list("only"),
    from: args.list("from"),
    base: config.value(BASE),
    prices: config.value(PRICES),
    agents: config.value(AGENTS),
    agent: { over: config.overPlan(AGENT)?.value, under: config.underPlan(AGENT).value },
  };
}

/** Prepares a plan; on a terminal a dirty checkout is asked about, elsewhere it is an error. */
export async function preparePlan(context: CommandContext, options: PrepareOptions): Promise<PreparedRun> {
  // Help and completion of the commands do without what running takes.
  const { prepareRun } = await import("../run/prepare.ts");
  return await decidingBase(context, options.base, (base) => prepareRun({ ...options, base }));
}

/** Does what needs to know what tasks see of a dirty checkout; where nobody has said it, a person is asked, if there is one. */
export async function decidingBase<T>(
  context: CommandContext,
  said: PrepareOptions["base"],
  attempt: (base: PrepareOptions["base"]) => Promise<T>,
): Promise<T> {
  const { DirtyCheckoutError } = await import("../run/prepare.ts");
  try {
    return await attempt(said);
  } catch (error) {
    if (!(error instanceof DirtyCheckoutError) || !context.interactive) throw error;
    context.output.note("The checkout has changes that tasks would not see:");
    for (const path of error.paths.slice(0, PATHS_SHOWN)) context.output.note(`  ${path}`);
    const more = error.paths.length - PATHS_SHOWN;
    if (more > 0) context.output.note(`  and ${more} more`);
    const question = "Leave them out (HEAD), take them in (dirty), or stop?";
    const answer = askChoice(context.output, question, ["HEAD", "dirty", "stop"], "stop");
    if (answer === undefined || answer === "stop") throw error;
    return await attempt(answer);
  }
}

/** The run that `--reuse` names. */
export async function earlierRun(
  { args }: CommandContext,
  { home }: PreparedRun,
): Promise<RunDirectory | undefined> {
  const reuse = args.text("reuse");
  if (reuse === undefined) return undefined;
  const { findRun } = await import("../run/find_run.ts");
  return await findRun(home, reuse);
}

/** Starts what was prepared and conducts it to its end; resolves with its exit code. */
export async function runPrepared(context: CommandContext, prepared: PreparedRun): Promise<number> {
  const { env, config, output } = context;
  const isTalkative = !context.json && config.value(VERBOSITY) !== "quiet";
  if (isTalkative) { for (const note of prepared.notes) output.note(`note: ${note}`); }
  const planLock = await lockFor(context, prepared, isTalkative);
  const earlier = await earlierRun(context, prepared);
  let runId = "";
  const { conductRun } = await import("./conduct_run.ts");
  const { startRun } = await import("../run/start_run.ts");
  const { tellStarted } = await import("./detach.ts");
  const code = await conductRun(context, async (watcher) => {
    const session = await startRun(prepared, {
      env,
      worktreeDirectory: chosenWorktreeDirectory(context),
      watcher,
      reuse: earlier,
      planLock,
    });
    runId = session.directory.runId;
    tellStarted(env, prepared.home, session.directory, session.state.run.incarnation);
    // The end of the run tells them again.
    if (isTalkative) {
      for (const gap of session.state.run.known_gaps) output.note(`warning: ${gap}`);
    }
    return session;
  });
  return await deliverIfAsked(context, code, prepared.home, runId);
}

/** The lock of the plan as it is run now; what is other than the last time is told. */
async function lockFor(
  context: CommandContext,
  { plan, planPath, home }: PreparedRun,
  isTalkative: boolean,
): Promise<PlanLock | undefined> {
  if (plan.agents === undefined) return undefined;
  const [{ lockPlan }, { earlierLock }, { planningRunOf }, { lockChanges }] = await Promise.all([
    import("./plan_lock.ts"),
    import("../run/planning/earlier_lock.ts"),
    import("../run/planning/kept_plan.ts"),
    import("../run/planning/plan_lock.ts"),
  ]);
  const lock = await lockPlan(plan, planningRunOf(home, planPath), context);
  if (lock === undefined) return undefined;
  const earlier = await earlierLock(home, planPath, lock);
  if (earlier === null) return lock;
  const changes = lockChanges(earlier.lock, lock);
  if (isTalkative) {
    for (const change of changes) {
      context.output.note(`note: ${change} (${earlier.origin})`);
    }
  }
  return { ...lock, planned_by: lock.planned_by ?? earlier.lock.planned_by };
}

/** `omk merge`, where `--merge` asks for it and the run has come to something. */
export async function deliverIfAsked(
  context: CommandContext,
  code: number,
  home: string,
  runId: string,
): Promise<number> {
  if (code !== ExitCode.OK || !context.args.flag("merge")) return code;
  const { deliver } = await import("./deliver.ts");
  await deliver(context, { home, runText: runId, anyway: false, allowSecrets: false });
  return code;
}

/** Options without a value that the background process gets anew, or not: what they ask for is decided here. */
const DECIDED_HERE: ReadonlySet<string> = new Set(["--detach", "--resume", "--new", "--json", "--yes"]);

/** Starts a prepared run in the background. `request`: the words that the plan was made of, which it takes the place of. */
export async function detachPrepared(
  context: CommandContext,
  prepared: PreparedRun,
  { request }: { readonly request?: string } = {},
): Promise<number> {
  const base = prepared.usesWorktrees ? [`--base=${prepared.snapshot ? "dirty" : "HEAD"}`] : [];
  return await detachRun(
    context,
    prepared.home,
    ["--new", ...base],
    (words) =>
      request === undefined
        ? words
        : withoutAgent(words).map((word) => word === request ? prepared.planPath : word),
  );
}

/** Starts the same command in the background; `decided`: options that say what was decided here. */
export async function detachRun(
  context: CommandContext,
  home: string,
  decided: readonly string[],
  change: (words: readonly string[]) => readonly string[] = (words) => words,
): Promise<number> {
  const { startDetached } = await import("./detach.ts");
  const { showDetached } = await import("./show_detached.ts");
  const end = Deno.args.indexOf("--");
  const isOption = (at: number) => end < 0 || at < end;
  const said = change(Deno.args.filter((word, at) => !(isOption(at) && DECIDED_HERE.has(word))));
  const at = said.indexOf("run") + 1;
  showDetached(
    context,
    await startDetached(context, home, [...said.slice(0, at), ...decided, ...said.slice(at)]),
  );
  return ExitCode.OK;
}

/** The words without the option that says who plans: the plan is there. */
function withoutAgent(words: readonly string[]): readonly string[] {
  return words.filter((word, at) =>
    !word.startsWith("--agent=") && word !== "--agent" && words[at - 1] !== "--agent"
  );
}
