/** The setting `agents`: agents of the user's own, and what omk's are to be told. */

import type { AgentInputs } from "../../plan/resolve_agent.ts";
import type { Setting, ValueKind } from "./setting.ts";

/**
 * Only its outer form is looked at here, since every command loads this: `checkAgents` looks at the fields where there are
 * agents.
 */
const AGENT_TABLE: ValueKind<AgentInputs> = {
  expected: 'agents by name, such as {"mine": {"command": ["my-agent", "--print"]}}',
  choices: [],
  schema: { type: "object", additionalProperties: { type: "object" } },
  ofJson: tableOf,
  ofText(text) {
    try {
      return tableOf(JSON.parse(text));
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  },
};

/** How agents are started, beside those of a plan, which go first. */
export const AGENTS: Setting<AgentInputs> = {
  name: "agents",
  variable: "OMK_AGENTS",
  kind: AGENT_TABLE,
  fallback: undefined,
  fallbackText: "those that omk knows",
  inPlan: false,
  options: [],
  commands: "agents, doctor, plan, run",
  meaning: "agents by name, as a plan says them: your own, or changes to those that omk knows",
};

function tableOf(value: unknown): AgentInputs | undefined {
  return isObject(value) && Object.values(value).every(isObject) ? value as AgentInputs : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
