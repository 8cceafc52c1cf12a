/** The setting `prices`: what models cost. */

import type { ModelPrice } from "../../plan/spec.ts";
import type { Setting, ValueKind } from "./setting.ts";

/** Prices by the name of a model, or the beginning of one. */
export type Prices = Readonly<Record<string, ModelPrice>>;

const FIELDS: ReadonlySet<string> = new Set(["input", "output", "cached_input"]);

const amount = { type: "number", minimum: 0 };

const PRICE_LIST: ValueKind<Prices> = {
  expected:
    'prices for a million tokens, such as {"model-a": {"input": 2, "cached_input": 0.2, "output": 10}}',
  choices: [],
  schema: {
    type: "object",
    additionalProperties: {
      type: "object",
      properties: { input: amount, cached_input: amount, output: amount },
      required: ["input", "output"],
      additionalProperties: false,
    },
  },
  ofJson: pricesOf,
  ofText(text) {
    try {
      return pricesOf(JSON.parse(text));
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  },
};

/** What models cost, by which money is reckoned where an agent tells tokens and no money. */
export const PRICES: Setting<Prices> = {
  name: "prices",
  variable: "OMK_PRICES",
  kind: PRICE_LIST,
  fallback: undefined,
  fallbackText: "none",
  inPlan: false,
  options: [],
  commands: "run",
  meaning: "what models cost, US dollars for a million tokens, by name or the beginning of one",
};

function pricesOf(value: unknown): Prices | undefined {
  if (!isObject(value)) return undefined;
  const prices: Record<string, ModelPrice> = {};
  for (const [model, price] of Object.entries(value)) {
    const read = priceOf(price);
    if (model === "" || read === undefined) return undefined;
    prices[model] = read;
  }
  return prices;
}

function priceOf(value: unknown): ModelPrice | undefined {
  if (!isObject(value) || Object.keys(value).some((key) => !FIELDS.has(key))) return undefined;
  const { input, output, cached_input } = value;
  if (!isAmount(input) || !isAmount(output)) return undefined;
  if (cached_input === undefined) return { input, output };
  return isAmount(cached_input) ? { input, output, cached_input } : undefined;
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
