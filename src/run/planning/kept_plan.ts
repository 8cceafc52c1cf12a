/** What a run that planned has come to: the plan of its agent, or one task with the whole request in its place. */

import { sha256 } from "../../digest.ts";
import { isSystemError, OmkError, reasonOf } from "../../errors.ts";
import type { Artifact, PlanLock } from "../../log/kinds.ts";
import type { PlanningSpec, TaskSpec } from "../../plan/spec.ts";
import { findTask, type RunState } from "../../scheduler/run_state.ts";
import { type RunDirectory, runDirectory } from "../directory.ts";
import { planHeader, singleTaskPlan } from "./compose_plan.ts";
import { lockPathOf } from "./plan_lock.ts";
import { PLANNING_TASK } from "./prepare_planning.ts";

/** Only omk's user reads what a run leaves. */
const FILE_MODE = 0o600;

/** What a run that planned has come to. */
export type PlanningOutcome =
  | { readonly kind: "planned"; readonly plan: Artifact; readonly attempts: number }
  /** No answer was a plan that can be run; `problems`: what was wrong with the last one. */
  | { readonly kind: "fallback"; readonly problems: Artifact | null; readonly attempts: number }
  | { readonly kind: "waiting"; readonly question: string }
  /** It has ended, or stands still, for another reason. */
  | { readonly kind: "none" };

/** The task of a run that plans, with what it is for; undefined where the run does something else. */
export function planningOf(
  tasks: readonly TaskSpec[],
): { readonly agent: string; readonly planning: PlanningSpec } | undefined {
  const task = tasks.find(({ id }) => id === PLANNING_TASK);
  return task?.planning === undefined ? undefined : { agent: task.agent ?? "", planning: task.planning };
}

/** See {@linkcode PlanningOutcome}. */
export function planningOutcome(state: RunState): PlanningOutcome {
  const task = findTask(state, PLANNING_TASK)?.task;
  if (task === undefined || state.run.phase !== "finished") return { kind: "none" };
  const { outcome, attempt: attempts } = task;
  const plan = outcome?.planning?.plan;
  if (task.state === "completed" && plan !== undefined) return { kind: "planned", plan, attempts };
  if (task.state === "failed" && outcome?.result === "plan_invalid") {
    return { kind: "fallback", problems: outcome.planning?.problems ?? null, attempts };
  }
  if (task.state === "waiting" && task.waiting_on !== "budget") {
    return { kind: "waiting", question: task.reason ?? "" };
  }
  return { kind: "none" };
}

/** Whether there is a plan to go on with: what the run that planned came to is then not worth telling. */
export function hasPlan(state: RunState): boolean {
  const { kind } = planningOutcome(state);
  return kind === "planned" || kind === "fallback";
}

/** Absolute path of the plan that a run has made. */
export function keptPlanPath(directory: RunDirectory): string {
  return `${directory.path}/planned.jsonc`;
}

/** The run that has made the plan of this path, where it is one that a run keeps; null for any other. */
export function planningRunOf(home: string, planPath: string): string | null {
  const runs = `${home}/runs/`;
  const [runId = "", ...rest] = planPath.startsWith(runs) ? planPath.slice(runs.length).split("/") : [];
  return rest.length === 1 && planPath === keptPlanPath(runDirectory(home, runId)) ? runId : null;
}

/**
 * Keeps the plan with the run that made it, and returns its text. Doing so again gives the same file.
 *
 * @throws {OmkError} where what the log tells of has been changed since: nobody has checked what is there now
 */
export async function keepPlan(
  directory: RunDirectory,
  tasks: readonly TaskSpec[],
  outcome: Extract<PlanningOutcome, { kind: "planned" | "fallback" }>,
): Promise<string> {
  const text = outcome.kind === "planned"
    ? await readArtifact(directory, outcome.plan)
    : fallbackText(directory, tasks);
  await Deno.writeTextFile(keptPlanPath(directory), text, { mode: FILE_MODE });
  return text;
}

/**
 * Writes a plan where the user wants it.
 *
 * @throws {OmkError} where there is a file already that is not to be replaced, or the system refuses
 */
export async function writePlanFile(
  path: string,
  text: string,
  { replace, kept }: { readonly replace: boolean; readonly kept: string },
): Promise<void> {
  try {
    await Deno.writeTextFile(path, text, replace ? {} : { createNew: true });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const isThere = error instanceof Deno.errors.AlreadyExists;
    throw new OmkError({
      what: "Cannot write the plan",
      where: path,
      why: isThere ? "there is a file already" : reasonOf(error),
      fix: `the plan is kept as ${kept}${isThere ? "; --force replaces the file" : ""}`,
      cause: error,
    });
  }
}

/** Writes the lock of a plan beside it, in the place of an earlier one. */
export async function writePlanLock(planPath: string, lock: PlanLock): Promise<void> {
  await Deno.writeTextFile(lockPathOf(planPath), `${JSON.stringify(lock, null, 2)}\n`, { mode: FILE_MODE });
}

async function readArtifact(directory: RunDirectory, { path, sha256: digest }: Artifact): Promise<string> {
  const text = await Deno.readTextFile(`${directory.path}/${path}`);
  if (sha256(text) === digest) return text;
  throw new OmkError({
    what: "Cannot use the plan",
    where: `${directory.path}/${path}`,
    why: "it is not the one that was checked: the file was changed since",
    fix: "plan again",
  });
}

function fallbackText(directory: RunDirectory, tasks: readonly TaskSpec[]): string {
  const found = planningOf(tasks);
  if (found === undefined) throw new OmkError({ what: `Run ${directory.runId} does not plan` });
  const { agent, planning } = found;
  const header = planHeader(planning.request, [
    `One task with the whole request: ${agent} has made no plan that can be run, in run ${directory.runId}.`,
  ]);
  return header + singleTaskPlan(planning, agent);
}
