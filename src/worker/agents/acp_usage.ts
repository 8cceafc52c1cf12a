/** What a session over the Agent Client Protocol used: the protocol has no stable field for it, and every agent its own. */

import { amountOf, countOf, type JsonObject, objectOf, objectsOf, textOf } from "./json.ts";
import type { AgentUsage } from "./port.ts";

/** Collects what one session tells. */
export class AcpUsage {
  #usd: number | undefined;
  /** Tokens told with each call of the model, as Qwen Code does. */
  #perCall: { readonly input: number; readonly cached: number; readonly output: number } | null = null;
  #atEnd: Omit<AgentUsage, "quality"> | null = null;
  readonly #isLastCallOnly: boolean;

  /** `isLastCallOnly`: what comes with the answer is that of one call of many, as with OpenCode. */
  constructor(isLastCallOnly: boolean) {
    this.#isLastCallOnly = isLastCallOnly;
  }

  /** Takes in an update; most tell nothing of it. The context that is in use is no measure of what was used. */
  update(update: JsonObject): void {
    if (update["sessionUpdate"] === "usage_update") {
      const cost = objectOf(update["cost"]);
      // Cumulative for the session.
      if (cost["currency"] === "USD") this.#usd = amountOf(cost["amount"]) ?? this.#usd;
      return;
    }
    const usage = objectOf(objectOf(update["_meta"])["usage"]);
    const input = countOf(usage["inputTokens"]) ?? countOf(usage["input_tokens"]);
    if (input === undefined) return;
    const before = this.#perCall ?? { input: 0, cached: 0, output: 0 };
    this.#perCall = {
      input: before.input + input,
      cached: before.cached + (countOf(usage["cachedReadTokens"]) ?? countOf(usage["cached_tokens"]) ?? 0),
      output: before.output + (countOf(usage["outputTokens"]) ?? countOf(usage["output_tokens"]) ?? 0),
    };
  }

  /** Takes in the answer to the prompt. */
  answer(response: JsonObject): void {
    const usage = objectOf(response["usage"]);
    const quota = objectOf(objectOf(response["_meta"])["quota"]);
    const counted = objectOf(quota["token_count"]);
    const [model] = objectsOf(quota["model_usage"]);
    const input = countOf(usage["inputTokens"]);
    const output = countOf(usage["outputTokens"]);
    const name = textOf(model?.["model"]);
    if (input !== undefined || output !== undefined) {
      const read = countOf(usage["cachedReadTokens"]);
      const cached = (read ?? 0) + (countOf(usage["cachedWriteTokens"]) ?? 0);
      this.#atEnd = {
        input_tokens: (input ?? 0) + cached,
        ...(read === undefined ? {} : { cached_tokens: read }),
        output_tokens: output ?? 0,
        ...(name === undefined ? {} : { model: name }),
      };
      return;
    }
    const countedInput = countOf(counted["input_tokens"]);
    if (countedInput === undefined) return;
    this.#atEnd = {
      input_tokens: countedInput,
      output_tokens: countOf(counted["output_tokens"]) ?? 0,
      ...(name === undefined ? {} : { model: name }),
    };
  }

  /** What is known. */
  known(): AgentUsage {
    const usd = this.#usd === undefined ? {} : { usd: this.#usd };
    if (this.#atEnd !== null) {
      return { ...this.#atEnd, ...usd, quality: this.#isLastCallOnly ? "estimated" : "measured" };
    }
    if (this.#perCall !== null) {
      const { input, cached, output } = this.#perCall;
      return {
        input_tokens: input,
        cached_tokens: cached,
        output_tokens: output,
        ...usd,
        quality: "measured",
      };
    }
    return { ...usd, quality: "unknown" };
  }
}
