/** The plan lock: with which agents, versions, models and checks a plan was made or run, and what of it has changed since. Pure. */

import { canonicalJson } from "../../canonical_json.ts";
import { sha256 } from "../../digest.ts";
import type { PlanLock } from "../../log/kinds.ts";
import type { Plan } from "../../plan/spec.ts";

/** What was found of the program of an agent. */
export interface FoundAgent {
  /** Null where it is not there, or the agent is a text for a shell. */
  readonly program: string | null;
  /** Null where it does not tell. */
  readonly version: string | null;
}

/** Path of the lock that lies beside a plan. */
export function lockPathOf(planPath: string): string {
  return `${planPath.replace(/\.jsonc?$/, "")}.lock.json`;
}

/** The lock of a plan; `found` by the names of its agents, `plannedBy`: the run that made it. */
export function planLockOf(
  plan: Plan,
  found: ReadonlyMap<string, FoundAgent>,
  plannedBy: string | null,
): PlanLock {
  return {
    schema_version: 1,
    planned_by: plannedBy,
    work: sha256(canonicalJson({ tasks: plan.tasks, pools: plan.pools, worktree: plan.worktree })),
    agents: Object.entries(plan.agents ?? {}).map(([name, spec]) => ({
      name,
      driver: spec.driver,
      model: spec.model ?? null,
      program: found.get(name)?.program ?? null,
      version: found.get(name)?.version ?? null,
      sha256: sha256(canonicalJson(spec)),
    })),
    gates: (plan.gates ?? []).map((gate) => ({ name: gate.name, sha256: sha256(canonicalJson(gate)) })),
    prompt_template: plan.prompt_template === undefined ? null : sha256(plan.prompt_template),
  };
}

/** What is other than it was, one clause each; empty where nothing is. */
export function lockChanges(before: PlanLock, now: PlanLock): readonly string[] {
  return [
    ...(before.work === now.work ? [] : ["the tasks of the plan are others"]),
    ...pairs(before.agents, now.agents).flatMap(({ name, was, is }) => {
      if (was === undefined) return [`agent "${name}" is new`];
      if (is === undefined) return [`agent "${name}" is not there any more`];
      return [
        ...(was.version === is.version
          ? []
          : [`agent "${name}" is ${versionText(is.version)}, and was ${versionText(was.version)}`]),
        ...(was.model === is.model
          ? []
          : [`the model of agent "${name}" is ${modelText(is.model)}, and was ${modelText(was.model)}`]),
        ...(was.sha256 === is.sha256 || was.model !== is.model
          ? []
          : [`agent "${name}" is started in another way`]),
      ];
    }),
    ...pairs(before.gates, now.gates).flatMap(({ name, was, is }) =>
      was === undefined
        ? [`gate "${name}" is new`]
        : is === undefined
        ? [`gate "${name}" is not there any more`]
        : was.sha256 === is.sha256
        ? []
        : [`gate "${name}" is another one`]
    ),
    ...(before.prompt_template === now.prompt_template ? [] : ["the template of prompts is another one"]),
  ];
}

interface Pair<T> {
  readonly name: string;
  readonly was: T | undefined;
  readonly is: T | undefined;
}

function pairs<T extends { readonly name: string }>(
  before: readonly T[],
  now: readonly T[],
): readonly Pair<T>[] {
  const names = new Set([...before, ...now].map(({ name }) => name));
  return [...names].map((name) => ({
    name,
    was: before.find((each) => each.name === name),
    is: now.find((each) => each.name === name),
  }));
}

function versionText(version: string | null): string {
  return version === null ? "of an unknown version" : `version ${version}`;
}

function modelText(model: string | null): string {
  return model === null ? "its own choice" : `"${model}"`;
}
