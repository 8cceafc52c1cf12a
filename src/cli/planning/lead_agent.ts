/** Which agent plans: the one that was said, else the only one that is installed. */

import { UsageError } from "../../errors.ts";
import { AGENT_PRESETS, PRESET_NAMES } from "../../plan/agent_presets.ts";
import { nearest } from "../../plan/nearest.ts";
import { type AgentInputs, mergeAgents, resolveAgent } from "../../plan/resolve_agent.ts";
import { findProgram } from "../../process/find_program.ts";
import type { Project } from "../../run/planning/project.ts";
import type { Config } from "../config/config.ts";
import { AGENT } from "../config/settings.ts";

/** The agent that plans, with the names of the others that there are. */
export interface LeadAgent {
  readonly agent: string;
  readonly others: readonly string[];
}

/**
 * Option and variable go first, then the plan of the project, then the configuration of the user, then what is installed.
 * `configured`: the agents of the user's configuration.
 *
 * @throws {UsageError} where that leaves none, or more than one
 */
export function chooseLeadAgent(
  config: Config,
  project: Pick<Project, "agent" | "agents" | "planPath">,
  { configured, env, cwd }: {
    readonly configured: AgentInputs;
    readonly env: Readonly<Record<string, string>>;
    readonly cwd: string;
  },
): LeadAgent {
  const inputs = mergeAgents(configured, project.agents);
  const isInstalled = (program: string) => findProgram(program, env["PATH"] ?? "", cwd) !== undefined;
  const here = [
    ...Object.keys(inputs),
    ...PRESET_NAMES.filter((name) =>
      !Object.hasOwn(inputs, name) && isInstalled(AGENT_PRESETS[name].program)
    ),
  ];
  const over = config.overPlan(AGENT);
  const under = config.underPlan(AGENT);
  const said = over?.value ?? project.agent ?? under.value;
  if (said !== undefined) {
    const resolved = resolveAgent(said, inputs);
    if (!resolved.ok) {
      const origin = over?.value !== undefined
        ? over.origin
        : project.agent !== undefined
        ? project.planPath
        : under.origin;
      const guess = nearest(said, [...Object.keys(inputs), ...PRESET_NAMES]);
      throw new UsageError({
        what: `Cannot have "${said}" plan`,
        where: origin ?? undefined,
        why: `it ${resolved.problem}`,
        fix: guess === undefined
          ? `${resolved.hint}; omk agents lists those of omk`
          : `did you mean ${guess}?`,
      });
    }
    return { agent: said, others: here.filter((name) => name !== said) };
  }
  const [first, ...others] = here;
  if (first !== undefined && others.length === 0) return { agent: first, others };
  throw new UsageError(
    first === undefined
      ? {
        what: "There is no agent that could plan",
        why: "none is installed that omk knows, and none is configured",
        fix: 'install one (omk agents lists them), or say under "agents" in omk.jsonc how yours is started',
      }
      : {
        what: "Cannot tell which agent is to plan",
        why: `there are ${here.join(", ")}`,
        fix: `name one: --agent ${first}, or "agent" in your configuration`,
      },
  );
}
