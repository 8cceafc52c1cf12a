/** What follows a run that planned: its plan is kept and shown, and run where that was asked for and is agreed to. */

import { ExitCode, UsageError } from "../../errors.ts";
import type { Plan, PlanningSpec } from "../../plan/spec.ts";
import { isProtectedFrom } from "../../plan/protection.ts";
import { matchesAny } from "../../plan/path_set.ts";
import type { RunDirectory } from "../../run/directory.ts";
import { loadRun } from "../../run/load_run.ts";
import {
  keepPlan,
  keptPlanPath,
  planningOf,
  planningOutcome,
  writePlanFile,
  writePlanLock,
} from "../../run/planning/kept_plan.ts";
import { shellQuote } from "../../process/shell_quote.ts";
import { type PreparedRun, prepareRun } from "../../run/prepare.ts";
import { askYesNo } from "../ask.ts";
import type { CommandContext } from "../command.ts";
import { lockPlan } from "../plan_lock.ts";
import { type LiftedProtection, plannedLines } from "../render/planned_lines.ts";
import { detachPrepared, planOptions, runPrepared } from "../run_plan.ts";
import type { PlanningEnd } from "./conduct_planning.ts";

/** Nobody has agreed to a plan that is there. */
export class PlanNotAgreedError extends UsageError {
  override readonly name = "PlanNotAgreedError";
}

/** A plan that was made and kept. */
export interface MadePlan {
  /** Absolute; what `omk run` takes. */
  readonly path: string;
  /** As it would be run. */
  readonly prepared: PreparedRun;
  readonly planning: PlanningSpec;
  readonly agent: string;
  /** Why it is one task with the whole request; undefined where it is the agent's own. */
  readonly fallback: string | undefined;
  readonly lifted: readonly LiftedProtection[];
}

/**
 * Keeps and loads what a run has planned; null where it has no plan.
 *
 * @throws {PlanError} where it cannot be run any more
 * @throws {OmkError} where it cannot be written to where the user wants it
 */
export async function takePlan(
  context: CommandContext,
  { directory, state, outcome }: PlanningEnd,
  replace: boolean,
): Promise<MadePlan | null> {
  const found = planningOf(state.plan.tasks);
  if (found === undefined || (outcome.kind !== "planned" && outcome.kind !== "fallback")) return null;
  const { agent, planning } = found;
  const kept = keptPlanPath(directory);
  const text = await keepPlan(directory, state.plan.tasks, outcome);
  if (planning.output !== null) await writePlanFile(planning.output, text, { replace, kept });
  const prepared = await prepareRun({
    ...planOptions(context, kept),
    cwd: state.run.directory,
    base: state.run.base?.snapshot === true ? "dirty" : "HEAD",
  });
  const lock = await lockPlan(prepared.plan, directory.runId, context);
  if (lock !== undefined) {
    await writePlanLock(kept, lock);
    if (planning.output !== null) await writePlanLock(planning.output, lock);
  }
  return {
    path: planning.output ?? kept,
    prepared,
    planning,
    agent,
    fallback: outcome.kind === "planned" ? undefined : fallbackText(agent, directory, outcome),
    lifted: liftedIn(prepared.plan, prepared),
  };
}

function fallbackText(
  agent: string,
  directory: RunDirectory,
  { attempts, problems }: Extract<PlanningEnd["outcome"], { kind: "fallback" }>,
): string {
  const answers = attempts === 1 ? "1 answer" : `${attempts} answers`;
  const where = problems === null ? "" : `; what was wrong is in ${directory.path}/${problems.path}`;
  return `${agent} has made no plan that can be run in ${answers}, so one task has the whole request${where}`;
}

/** Tasks may change what judges them where their write set names that very path: for an agent's plan a person says so. */
function liftedIn(
  plan: Plan,
  { protected: paths, repository }: PreparedRun,
): readonly LiftedProtection[] {
  const caseSensitive = repository?.caseSensitive ?? true;
  return plan.tasks.filter((task) => isProtectedFrom(plan, task)).flatMap(({ id, write_set }) => {
    const named = (write_set ?? []).filter((path) => matchesAny(paths, path, { caseSensitive }));
    return named.length === 0 ? [] : [{ task_id: id, paths: named }];
  });
}

/** Prints a plan with what is worth knowing of it. */
export function showPlan({ output }: CommandContext, made: MadePlan): void {
  output.print();
  for (const line of plannedLines(made.prepared.plan, made, output.style)) output.print(line);
  output.print();
  output.print(`kept as ${made.path}`);
}

/** Goes on after a run that has planned; resolves with the exit code. `yes`: it is agreed to beforehand. */
export async function goOnWithPlan(
  context: CommandContext,
  end: PlanningEnd,
  { yes, replace, detach }: { readonly yes: boolean; readonly replace: boolean; readonly detach: boolean },
): Promise<number> {
  const made = await takePlan(context, end, replace);
  if (made === null) return end.code;
  const { json, output } = context;
  if (!json) showPlan(context, made);
  else if (made.fallback !== undefined) output.note(`warning: ${made.fallback}`);
  if (made.planning.then === "keep") {
    if (!json) output.print(`next: ${runCommandFor(made.path)}`);
    return ExitCode.OK;
  }
  agree(context, made, yes);
  if (detach) return await detachPrepared(context, made.prepared, { request: made.planning.request });
  return await runPrepared(context, made.prepared);
}

/**
 * After a run that somebody has gone on with: where it planned, and has a plan by now, that follows which was asked for
 * at its start.
 */
export async function goOnAfter(
  context: CommandContext,
  directory: RunDirectory,
  code: number,
): Promise<number> {
  if (code !== ExitCode.OK && code !== ExitCode.NOT_READY) return code;
  const { state, plan } = await loadRun(directory);
  if (planningOf(plan.tasks) === undefined) return code;
  const end = { directory, state, outcome: planningOutcome(state), code };
  return await goOnWithPlan(context, end, { yes: context.args.flag("yes"), replace: false, detach: false });
}

/** What is typed to run a plan. */
export function runCommandFor(path: string): string {
  return `omk run ${/^[\w./@:+-]+$/.test(path) ? path : shellQuote(path)}`;
}

/** @throws {PlanNotAgreedError} where nobody agrees, or can be asked */
function agree(context: CommandContext, { path, lifted }: MadePlan, yes: boolean): void {
  const { interactive, output } = context;
  const run = runCommandFor(path);
  if (yes && lifted.length === 0) return;
  if (interactive) {
    if (askYesNo(output, "Run this plan?")) return;
    throw new PlanNotAgreedError({
      what: "The plan is not run",
      where: path,
      why: "you did not say yes",
      fix: `change it as you like, and run it with ${run}`,
    });
  }
  const [first] = lifted;
  throw new PlanNotAgreedError({
    what: "Nobody has agreed to the plan",
    where: path,
    why: first === undefined
      ? "there is no terminal to ask on"
      : `task "${first.task_id}" may change what judges it (${
        first.paths.join(", ")
      }), which --yes does not cover`,
    fix: first === undefined
      ? `look at it and run it with ${run}; --yes agrees beforehand`
      : `look at it, and run it with ${run}`,
  });
}
