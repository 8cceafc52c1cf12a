/** The run in which a lead agent plans: one task, read-only, that is corrected at most twice. */

import { UsageError } from "../../errors.ts";
import { redactText } from "../../log/redact.ts";
import { loadPlan, PlanError } from "../../plan/load.ts";
import type { Plan, PlanningSpec } from "../../plan/spec.ts";
import { checkDirty, type PreparedRun } from "../prepare.ts";
import { nameOf } from "./compose_plan.ts";
import { PLANNING_TEMPLATE, planningPrompt } from "./planning_prompt.ts";
import { PLANNED_NAME } from "./plan_reader.ts";
import type { LoadSettings, Project } from "./project.ts";
import { repositoryMap } from "./repository_map.ts";

/** The one task of a run that plans. */
export const PLANNING_TASK = "plan";
/** How often a plan is sent back with what is wrong with it. */
const CORRECTIONS = 2;

/** What is to be planned, and by whom. */
export interface PlanningRequest extends Pick<PlanningSpec, "request" | "then" | "output"> {
  /** Name of the agent that plans. */
  readonly agent: string;
  /** Names of the others that tasks may name. */
  readonly others: readonly string[];
  /** What the agent sees of a dirty checkout; undefined: not decided yet. */
  readonly base: "HEAD" | "dirty" | undefined;
}

/**
 * Prepares the run that plans.
 *
 * @throws {DirtyCheckoutError} where the plan is to be run and nobody has said what tasks see
 * @throws {PlanError} where the agent cannot be used, such as under a budget that it cannot measure
 */
export async function preparePlanning(
  project: Project,
  asked: PlanningRequest,
  load: LoadSettings,
): Promise<PreparedRun> {
  const { request, agent, others, base, then, output } = asked;
  const { repository, settings, gates, tracked, home } = project;
  if (then === "run") checkDirty(repository, base, project.planPath);
  const { budget, agents, limits, watchdog, durability } = settings;
  const text = JSON.stringify(
    {
      name: `plan: ${nameOf(request)}`,
      ...{ budget, agents, limits, watchdog, durability },
      gates: [],
      // It reads and looks around; whoever asks for more is told no.
      approval: "safe",
      tasks: [{
        id: PLANNING_TASK,
        name: "Plan the work",
        agent,
        prompt: planningPrompt({
          request,
          map: repositoryMap(tracked.map(({ path }) => path)),
          gates,
          agents: [agent, ...others],
        }),
        write_set: [],
        retry_policy: { max_attempts: CORRECTIONS },
      }],
    },
    null,
    2,
  );
  const loaded = await loadPlan({ ...load, text, path: "the run that plans", redact: redactText });
  if (!loaded.ok) throw new PlanError(loaded.problems);
  const plan: Plan = {
    ...loaded.plan,
    prompt_template: PLANNING_TEMPLATE,
    tasks: loaded.plan.tasks.map((task) => ({ ...task, planning: { request, then, output, settings } })),
  };
  return {
    plan,
    protected: [],
    planPath: project.planPath ?? PLANNED_NAME,
    repository,
    usesWorktrees: true,
    directory: repository.root,
    home,
    selected: null,
    gatesDetected: false,
    notes: [],
    snapshot: base === "dirty" && repository.dirty.length > 0,
  };
}

/**
 * Makes sure that a request can be planned.
 *
 * @throws {UsageError} where it is empty, or holds a secret
 */
export function checkRequest(request: string): void {
  if (request.trim() === "") {
    throw new UsageError({ what: "Cannot plan nothing", fix: 'say what is to be done: omk plan "…"' });
  }
  if (redactText(request) !== request) {
    throw new UsageError({
      what: "Cannot plan a request that holds what looks like a secret",
      fix: 'leave it out; tasks get secrets by "env": {"NAME": {"from": "NAME"}} in omk.jsonc',
    });
  }
}
