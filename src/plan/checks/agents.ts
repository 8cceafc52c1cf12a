/** Agents: each prompt has one, and omk knows how it is started. */

import { fieldScopes, isRefused, type PlanDraft } from "../draft.ts";
import { nearest } from "../nearest.ts";
import { PRESET_NAMES } from "../agent_presets.ts";
import { type Finding, type PlanPath, quote } from "../problem.ts";
import type { TaskFields } from "../task_schema.ts";
import type { AgentInput } from "../agent_schema.ts";
import { type AgentInputs, mergeAgents, resolveAgent, type ResolvedAgent } from "../resolve_agent.ts";
import { pickReviewOf } from "./candidates.ts";
import { environmentFindings } from "./environment.ts";

/** What is wrong with one entry of `agents`; `own`: omk's environment, null where nobody looks at it yet. */
export function agentEntryFindings(
  name: string,
  entry: AgentInput,
  resolved: ResolvedAgent,
  own: Readonly<Record<string, string>> | null,
): readonly Finding[] {
  const path = ["agents", name];
  const findings = own === null ? [] : environmentFindings([...path, "env"], entry.env ?? {}, own);
  if (resolved.ok) return findings;
  return [...findings, {
    code: resolved.field === undefined ? "missing_field" : "conflict",
    path: resolved.field === undefined ? path : [...path, resolved.field],
    message: `agent ${quote(name)} ${resolved.problem}`,
    hint: resolved.hint,
  }];
}

function missingAgent(path: PlanPath, what: string, how: string): Finding {
  const message = `${what} needs an agent that does it`;
  const hint = `name one, ${how}; omk agents lists those that are installed`;
  return { code: "missing_field", path, message, hint };
}

/** Whether an agent is to pick among candidates, and none is named where that is said. */
function isPickedByNobody(fields: Partial<TaskFields>, { defaults }: PlanDraft): boolean {
  const picking = pickReviewOf(fields, defaults);
  return picking !== undefined && picking.agent === undefined;
}

/** Checks `agents`, and the agents that tasks name; `configured` are those of the user. */
export function checkAgents(
  draft: PlanDraft,
  configured: AgentInputs,
  own: Readonly<Record<string, string>>,
): Finding[] {
  // Of a table that the schema refuses, who knows what it was meant to say.
  if (isRefused(draft, "agents") || draft.refused.has("/agents")) return [];
  const inputs = mergeAgents(configured, draft.agents ?? {});
  const findings: Finding[] = [];
  for (const [name, entry] of Object.entries(draft.agents ?? {})) {
    findings.push(...agentEntryFindings(name, entry, resolveAgent(name, inputs), own));
  }
  for (const { path, fields } of fieldScopes(draft)) {
    const { agent } = fields;
    const picking = pickReviewOf(fields);
    const named = [
      [agent, ["agent"]],
      [fields.review?.agent, ["review", "agent"]],
      [picking?.agent, ["attempts", "pick", "review", "agent"]],
    ] as const;
    for (const [name, place] of named) {
      if (name === undefined || draft.agents?.[name] !== undefined) continue;
      const resolved = resolveAgent(name, inputs);
      if (!resolved.ok) {
        findings.push({
          code: "unknown_name",
          path: [...path, ...place],
          message: `${quote(name)} ${resolved.problem}`,
          hint: resolved.hint,
          suggestion: nearest(name, [...Object.keys(inputs), ...PRESET_NAMES]),
        });
      }
      // What is in the plan itself was looked at there.
      const env = Object.hasOwn(configured, name) ? configured[name]?.env ?? {} : {};
      findings.push(
        ...environmentFindings([], env, own).map((finding) => ({
          ...finding,
          path: [...path, ...place],
          message: `${quote(name)} of the configuration: ${finding.message}`,
        })),
      );
    }
    const isCommand = fields.run !== undefined || fields.loop?.run !== undefined;
    if (agent !== undefined && isCommand && path[0] === "tasks") {
      findings.push({
        code: "conflict",
        path: [...path, "agent"],
        target: "key",
        message: '"agent" is for a prompt, and this task runs a command',
        hint: "remove it",
      });
    }
    const hasPrompt = (fields.prompt ?? fields.loop?.prompt) !== undefined;
    const body = hasPrompt ? "prompt" : fields.review !== undefined ? "review" : undefined;
    const hasAgent = (fields.review?.agent ?? agent ?? draft.defaults?.agent) !== undefined;
    if (path[0] !== "tasks" || hasAgent) continue;
    const [preset] = PRESET_NAMES;
    if (body !== undefined) {
      findings.push(
        missingAgent([...path, "agent"], quote(body), `here or in "defaults": "agent": "${preset}"`),
      );
    } else if (isPickedByNobody(fields, draft)) {
      const hint = `as {"review": {"agent": "${preset}"}}, or "agent" in "defaults"`;
      findings.push(missingAgent([...path, "attempts", "pick"], 'the review of "attempts"', hint));
    }
  }
  return findings;
}
