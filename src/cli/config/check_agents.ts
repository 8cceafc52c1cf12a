/** Checks the setting `agents` field by field, with the schema that plans have. Loaded only where there are agents. */

import * as z from "zod";
import { UsageError } from "../../errors.ts";
import { agentInput } from "../../plan/agent_schema.ts";
import { agentEntryFindings } from "../../plan/checks/agents.ts";
import type { Finding } from "../../plan/problem.ts";
import { resolveAgent } from "../../plan/resolve_agent.ts";
import { schemaFindings } from "../../plan/schema_findings.ts";

const table = z.object({ agents: z.record(z.string(), agentInput) });

/** What is wrong with the agents of a configuration, at their places below `agents`. */
export function agentTableFindings(agents: unknown): readonly Finding[] {
  const result = table.safeParse({ agents }, { reportInput: true });
  if (!result.success) return schemaFindings(result.error.issues);
  return Object.entries(result.data.agents).flatMap(([name, entry]) =>
    // Whether a variable is set that an agent takes, is of interest once a task wants that agent.
    agentEntryFindings(name, entry, resolveAgent(name, result.data.agents), null)
  );
}

/** @throws {UsageError} for agents that are wrong; `subject`: who gives them */
export function requireAgents(agents: unknown, subject: string): void {
  const [first] = agentTableFindings(agents);
  if (first === undefined) return;
  throw new UsageError({
    what: `${subject} gives agents that cannot be used`,
    why: first.message,
    fix: first.hint ?? "omk help plan says what an agent may be told",
  });
}
