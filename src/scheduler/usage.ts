/** What an attempt has used, from what its agent says, as the log records it. Pure. */

import { draft, type DraftOf, taskSubject } from "../log/event.ts";
import type { AttemptOutcome, PayloadOf } from "../log/kinds.ts";
import { isAgentWork } from "../plan/agent_work.ts";
import type { ModelPrice, Plan, TaskSpec } from "../plan/spec.ts";
import { findTask, type RunState } from "./run_state.ts";
import type { AttemptRef } from "./task_state.ts";

/** A figure of what was used. */
export type UsageEntry = Pick<
  PayloadOf<"usage_recorded">,
  "metric" | "amount" | "quality" | "model" | "source"
>;

type Usage = NonNullable<AttemptOutcome["usage"]>;

/** Prices are given for so many tokens. */
const PRICED_TOKENS = 1_000_000;
/** The metrics that budgets limit. */
const BUDGETED = ["tokens", "usd"] as const;
/** The parts of the tokens that agents tell. */
const PARTS = ["input_tokens", "cached_tokens", "output_tokens"] as const;

/**
 * The facts about what an attempt has used; none where no agent worked in it. What an iteration of a loop has used is
 * recorded when it is kept, and not again with the outcome of the attempt.
 */
export function recordUsage(
  state: RunState,
  spec: TaskSpec,
  ref: AttemptRef,
  outcome: AttemptOutcome,
): DraftOf<"usage_recorded">[] {
  const kept = findTask(state, ref.task_id)?.task.loop?.iteration;
  if (!isAgentWork(spec) || (kept !== undefined && kept === outcome.iterations)) return [];
  const actor = `controller/${state.run.incarnation}`;
  return usageEntries(outcome.usage, state.plan.prices).map((entry) =>
    draft("usage_recorded", taskSubject(ref.task_id), actor, {
      task_id: ref.task_id,
      attempt: ref.attempt,
      token: ref.token,
      ...entry,
    })
  );
}

/**
 * The figures that an agent's words amount to: tokens and US dollars always, unknown where nobody can tell, and the parts
 * of the tokens that it tells. Money that the agent does not tell is reckoned by the price of its model.
 */
export function usageEntries(usage: Usage | undefined, prices: Plan["prices"]): UsageEntry[] {
  if (usage === undefined) return BUDGETED.map((metric) => ({ metric, amount: 0, quality: "unknown" }));
  const { model } = usage;
  const named = model === undefined ? {} : { model };
  const told = (metric: string, amount: number, quality = usage.quality): UsageEntry => ({
    metric,
    amount,
    quality,
    source: "agent",
    ...named,
  });
  const tokens = tokensOf(usage);
  const parts = PARTS.flatMap((metric) => {
    const amount = usage[metric];
    return amount === undefined || usage.quality === "unknown" ? [] : [told(metric, amount)];
  });
  return [
    // Money that an agent tells is counted, whatever it tells of tokens.
    tokens === undefined
      ? { metric: "tokens", amount: 0, quality: "unknown", ...named }
      : told("tokens", tokens),
    usage.usd === undefined ? { ...reckoned(usage, prices), ...named } : told("usd", usage.usd, "measured"),
    ...parts,
  ];
}

/** Input and output together; undefined where one of them is not known. */
function tokensOf({ input_tokens, output_tokens, quality }: Usage): number | undefined {
  return quality === "unknown" || input_tokens === undefined || output_tokens === undefined
    ? undefined
    : input_tokens + output_tokens;
}

function reckoned(usage: Usage, prices: Plan["prices"]): UsageEntry {
  const price = usage.model === undefined ? undefined : priceOf(usage.model, prices);
  const { input_tokens, output_tokens, cached_tokens = 0, quality } = usage;
  if (
    quality === "unknown" || price === undefined || input_tokens === undefined || output_tokens === undefined
  ) {
    return { metric: "usd", amount: 0, quality: "unknown" };
  }
  const cached = Math.min(cached_tokens, input_tokens);
  const amount = ((input_tokens - cached) * price.input + cached * (price.cached_input ?? price.input) +
    output_tokens * price.output) / PRICED_TOKENS;
  return { metric: "usd", amount, quality: "estimated", source: "prices" };
}

/** The price of a model: that of its name, else that of the longest beginning of it (`name` for `name-20261101`). */
export function priceOf(model: string, prices: Plan["prices"] = {}): ModelPrice | undefined {
  const names = Object.keys(prices).filter((name) => model === name || model.startsWith(name));
  const best = names.sort((a, b) => b.length - a.length)[0];
  return best === undefined ? undefined : prices[best];
}
