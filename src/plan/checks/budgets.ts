/** Budgets of tokens and money: each agent that works under one must be able to tell what it uses (P10). */

import type { Measures } from "../agent_measures.ts";
import { fieldScopes, type PlanDraft } from "../draft.ts";
import { type Finding, type PlanPath, quote } from "../problem.ts";
import type { TaskFields } from "../task_schema.ts";
import { bodiesOf } from "./bodies.ts";
import { pickReviewOf } from "./candidates.ts";

/** What is known of agents and of prices. */
export interface UsageKnowledge {
  /** What the agent of this name tells, or the one that works where a plan names none. */
  readonly measuresOf: (agent: string | undefined) => Measures;
  /** Whether the user gives prices of models, which stand in where an agent tells tokens and no money. */
  readonly hasPrices: boolean;
}

/** Checks the budgets of the plan and of tasks. */
export function checkBudgets(draft: PlanDraft, knowledge: UsageKnowledge): Finding[] {
  if (draft.budget?.unknown === "allow") return [];
  const findings: Finding[] = [];
  for (const budget of ["tokens", "usd"] as const) {
    const ofRun = draft.budget?.[budget] === undefined ? undefined : ["budget", budget];
    for (const { path, fields } of fieldScopes(draft)) {
      if (path[0] === "defaults") continue;
      const own = fields.budget?.[budget] !== undefined
        ? [...path, "budget", budget]
        : draft.defaults?.budget?.[budget] !== undefined
        ? ["defaults", "budget", budget]
        : ofRun;
      const agent = fields.review?.agent ?? fields.agent ?? draft.defaults?.agent;
      const picking = pickReviewOf(fields, draft.defaults);
      // Who picks among candidates works for the run alone.
      const works = [
        ...(own !== undefined && isAgentWork(fields, draft.defaults) ? [[own, agent] as const] : []),
        ...(ofRun !== undefined && picking !== undefined ? [[ofRun, picking.agent ?? agent] as const] : []),
      ];
      for (const [place, who] of works) {
        if (canTell(budget, who, knowledge) || findings.some((each) => isSame(each.path, place))) continue;
        findings.push(unmeasured(place, budget, who, knowledge));
      }
    }
  }
  return findings;
}

function canTell(budget: "tokens" | "usd", agent: string | undefined, knowledge: UsageKnowledge): boolean {
  const { tokens, usd } = knowledge.measuresOf(agent);
  const tellsTokens = tokens !== "unknown";
  return budget === "tokens" ? tellsTokens : usd !== "unknown" || (tellsTokens && knowledge.hasPrices);
}

function unmeasured(
  path: PlanPath,
  budget: "tokens" | "usd",
  agent: string | undefined,
  { measuresOf, hasPrices }: UsageKnowledge,
): Finding {
  const who = agent === undefined ? "the agent of the plan" : `agent ${quote(agent)}`;
  const what = budget === "tokens" ? "how many tokens it uses" : "what it costs";
  const byPrices = budget === "usd" && measuresOf(agent).tokens !== "unknown" && !hasPrices;
  return {
    code: "unsupported",
    path,
    target: "key",
    message: `${who} cannot tell ${what}, so the budget cannot be kept`,
    hint: byPrices
      ? 'give prices of its models in the configuration, or set "budget": {"unknown": "allow"}'
      : 'set "budget": {"unknown": "allow"}, which the proof then says, or remove the budget',
  };
}

/** Whether an agent does the task: by its own body, or by that of the defaults. */
function isAgentWork(fields: Partial<TaskFields>, defaults: Partial<TaskFields> = {}): boolean {
  const { prompt, review, loop } = bodiesOf(fields).length > 0 ? fields : defaults;
  return prompt !== undefined || review !== undefined || loop?.prompt !== undefined;
}

function isSame(a: PlanPath, b: PlanPath): boolean {
  return a.join("/") === b.join("/");
}
