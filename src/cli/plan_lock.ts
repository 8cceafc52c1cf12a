/** Finds out with which agents a plan would be run here. */

import type { PlanLock } from "../log/kinds.ts";
import { findPreset } from "../plan/agent_presets.ts";
import type { AgentSpec, Plan } from "../plan/spec.ts";
import { findProgram } from "../process/find_program.ts";
import { type FoundAgent, planLockOf } from "../run/planning/plan_lock.ts";
import { versionOf } from "./examine_agents.ts";

/** The lock of a plan; undefined where it starts no agent. `plannedBy`: the run that made it. */
export async function lockPlan(
  plan: Plan,
  plannedBy: string | null,
  { env, cwd }: { readonly env: Readonly<Record<string, string>>; readonly cwd: string },
): Promise<PlanLock | undefined> {
  const agents = Object.entries(plan.agents ?? {});
  if (agents.length === 0) return undefined;
  const found = await Promise.all(
    agents.map(async ([name, spec]) => [name, await find(spec, env, cwd)] as const),
  );
  return planLockOf(plan, new Map(found), plannedBy);
}

/** Only a program that omk knows is asked for its version: who knows what another one does with the question. */
async function find(
  { preset, command }: AgentSpec,
  env: Readonly<Record<string, string>>,
  cwd: string,
): Promise<FoundAgent> {
  const [word = ""] = typeof command === "string" ? [] : command;
  const program = word === "" ? null : findProgram(word, env["PATH"] ?? "", cwd) ?? null;
  const known = preset === undefined ? undefined : findPreset(preset)?.program;
  const asked = program !== null && known !== undefined && word.split("/").at(-1) === known;
  return { program, version: asked ? await versionOf(program, cwd) : null };
}
