/** Has an agent plan, as a run of its own, and says what has come of it. */

import type { PlanningSpec } from "../../plan/spec.ts";
import type { RunDirectory } from "../../run/directory.ts";
import { hasPlan, type PlanningOutcome, planningOutcome } from "../../run/planning/kept_plan.ts";
import { checkRequest, preparePlanning } from "../../run/planning/prepare_planning.ts";
import { readProject } from "../../run/planning/project.ts";
import type { Session } from "../../run/session.ts";
import { startRun } from "../../run/start_run.ts";
import type { RunState } from "../../scheduler/run_state.ts";
import type { CommandContext } from "../command.ts";
import { conductRun } from "../conduct_run.ts";
import { lockPlan } from "../plan_lock.ts";
import { decidingBase } from "../run_plan.ts";
import type { RunView } from "../run_view.ts";
import { chosenWorktreeDirectory } from "../worktree_directories.ts";
import { chooseLeadAgent } from "./lead_agent.ts";
import { loadSettings } from "./load_settings.ts";
import { planReaderOf } from "./plan_reader.ts";

/** A run that has planned, or has ended before. */
export interface PlanningEnd {
  readonly directory: RunDirectory;
  readonly state: RunState;
  readonly outcome: PlanningOutcome;
  /** The exit code of that run. */
  readonly code: number;
}

/** What is asked for; see `PlanningSpec`. */
export interface PlanningWish extends Pick<PlanningSpec, "request" | "then" | "output"> {
  readonly base: "HEAD" | "dirty" | undefined;
  /** Shows the run that plans in another way than the options of the command say. */
  readonly view?: RunView;
}

/** Runs the agent to the end of its planning. */
export async function conductPlanning(context: CommandContext, wish: PlanningWish): Promise<PlanningEnd> {
  const { env, cwd, config } = context;
  checkRequest(wish.request);
  const load = loadSettings(context);
  const project = await readProject(cwd, load);
  const lead = chooseLeadAgent(config, project, { configured: load.agents ?? {}, env, cwd });
  const prepared = await decidingBase(
    context,
    wish.base,
    (base) => preparePlanning(project, { ...wish, ...lead, base }, load),
  );
  if (!context.json) {
    context.output.note(`note: ${lead.agent} plans; it may take minutes, and changes nothing`);
    for (const note of project.notes) context.output.note(`note: ${note}`);
  }
  const planLock = await lockPlan(prepared.plan, null, context);
  let session: Session | undefined;
  const code = await conductRun(context, async (watcher) => {
    session = await startRun(prepared, {
      env,
      worktreeDirectory: chosenWorktreeDirectory(context),
      watcher,
      planLock,
      planReader: planReaderOf(context),
    });
    return session;
  }, { hidesEnd: hasPlan, ...(wish.view === undefined ? {} : { view: wish.view }) });
  if (session === undefined) throw new RangeError("A run that was conducted has no session");
  return {
    directory: session.directory,
    state: session.state,
    outcome: planningOutcome(session.state),
    code,
  };
}
