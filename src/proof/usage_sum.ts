/** Sums of what agents have used: a sum is only as good as its worst part. Pure. */

import type { PayloadOf } from "../log/kinds.ts";

/** A sum with its mark. */
export interface UsageSum {
  readonly metric: string;
  /** Null where a part of it is unknown. */
  readonly amount: number | null;
  readonly quality: "measured" | "estimated" | "unknown";
}

type Part = Pick<PayloadOf<"usage_recorded">, "metric" | "amount" | "quality">;

/** One sum for each metric, in the order in which they come. */
export function sumUsage(parts: readonly Part[]): UsageSum[] {
  return [...Map.groupBy(parts, ({ metric }) => metric)].map(([metric, ofMetric]) => {
    if (ofMetric.some(({ quality }) => quality === "unknown")) {
      return { metric, amount: null, quality: "unknown" };
    }
    const amount = ofMetric.reduce((sum, part) => sum + part.amount, 0);
    const isMeasured = ofMetric.every(({ quality }) => quality === "measured");
    return { metric, amount, quality: isMeasured ? "measured" : "estimated" };
  });
}
