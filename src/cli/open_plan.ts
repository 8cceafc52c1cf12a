/** From what a user types to a plan that no run has pinned yet, with what earlier runs tell of its tasks. */

import { loadPlan, PlanError } from "../plan/load.ts";
import { nearest } from "../plan/nearest.ts";
import type { Plan } from "../plan/spec.ts";
import { UsageError } from "../errors.ts";
import type { PayloadOf } from "../log/kinds.ts";
import { redactText } from "../log/redact.ts";
import { earlierDurations } from "../run/earlier_durations.ts";
import { configDirectory } from "../run/config_directory.ts";
import { readTemplate } from "../run/prompt_template.ts";
import { rubricReader } from "../run/rubric_file.ts";
import { approvalReader, findPlan, readPlanText } from "../run/plan_file.ts";
import type { CommandContext } from "./command.ts";
import { AGENTS } from "./config/agents.ts";
import { AGENT } from "./config/settings.ts";
import { PRICES } from "./config/prices.ts";
import { locate } from "./place.ts";

/** A plan with the durations of its tasks in earlier runs. */
export interface OpenedPlan {
  /** Absolute path of its file. */
  readonly path: string;
  readonly plan: Plan;
  readonly durations: PayloadOf<"run_started">["durations"];
}

/**
 * Loads the plan that `planPath` names, `omk.jsonc` in the root of the place where it is undefined.
 *
 * @throws {PlanError} for a plan that is wrong
 * @throws {UsageError} where there is none
 */
export async function openPlan(context: CommandContext, planPath: string | undefined): Promise<OpenedPlan> {
  const { cwd, env, config } = context;
  const { root, home } = await locate(context);
  const path = await findPlan({ cwd, planPath }, root ?? cwd);
  const loaded = await loadPlan({
    text: await readPlanText(path),
    path,
    env,
    redact: redactText,
    prices: config.value(PRICES),
    agents: config.value(AGENTS),
    agent: { over: undefined, under: config.underPlan(AGENT).value },
    readApproval: approvalReader(path),
    readTemplate: (name) => readTemplate(path, name, configDirectory(env)),
    readRubric: rubricReader(path),
  });
  if (!loaded.ok) throw new PlanError(loaded.problems);
  return { path, plan: loaded.plan, durations: await earlierDurations(home, loaded.plan) };
}

/**
 * Makes sure that a plan has this task.
 *
 * @throws {UsageError} where it has not, with the one that was probably meant
 */
export function requirePlannedTask(plan: Plan, id: string): void {
  if (plan.tasks.some((task) => task.id === id)) return;
  const guess = nearest(id, plan.tasks.map((task) => task.id));
  throw new UsageError({
    what: `The plan has no task "${id}"`,
    why: guess === undefined ? undefined : `did you mean ${guess}?`,
    fix: "omk graph shows all tasks",
  });
}
