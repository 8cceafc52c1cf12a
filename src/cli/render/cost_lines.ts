/** What the agents of a run have used, for people. Pure. */

import type { UsageSum } from "../../proof/usage_sum.ts";
import type { Style } from "../output.ts";
import type { CostDocument } from "./cost_document.ts";
import { alignColumns } from "./text.ts";

/** What is told, in this order. */
const METRICS = ["tokens", "cached_tokens", "usd"] as const;
/** What the figures of the metrics are of, in words. */
const UNITS = ["tokens", "cached", "of money"] as const;

/** The lines; `columns` is the width of the terminal. */
export function costLines(document: CostDocument, style: Style, columns: number): readonly string[] {
  const { run_id, tasks, totals, budgets, planning } = document;
  if (tasks.length === 0) return [`no agent has worked in run ${run_id}`];
  const rows = tasks.flatMap(({ task_id, usage, attempts }) => [
    [task_id, "", ...figures(usage)],
    ...(attempts.length < 2 ? [] : attempts.map((each) => [
      style.dim(`  attempt ${each.attempt}`),
      each.model ?? "",
      ...figures(each.usage),
    ])),
  ]);
  return [
    `run ${style.bold(run_id)}`,
    "",
    ...alignColumns([
      ["task", "model", "tokens", "cached", "money"].map((title) => style.dim(title)),
      ...rows,
      [style.bold("all"), "", ...figures(totals)],
    ], columns),
    ...(planning === null
      ? []
      : ["", `planned in run ${planning.run_id}, besides: ${planningText(planning.totals)}`]),
    ...(budgets.length === 0 ? [] : [""]),
    ...budgets.map(({ budget, used, limit, task_id }) =>
      `${task_id === null ? "budget" : `budget of ${task_id}`}: ${amountText(budget, used)} of ${
        amountText(budget, limit)
      }`
    ),
  ];
}

function planningText(totals: readonly UsageSum[]): string {
  const told = [...figures(totals).entries()].filter(([, figure]) => figure !== "");
  return told.length === 0
    ? "nothing that it tells"
    : told.map(([at, figure]) => `${figure} ${UNITS[at]}`).join(", ");
}

function figures(usage: readonly UsageSum[]): string[] {
  return METRICS.map((metric) => {
    const sum = usage.find((each) => each.metric === metric);
    if (sum === undefined) return "";
    if (sum.amount === null) return "unknown";
    return `${amountText(metric, sum.amount)}${sum.quality === "measured" ? "" : " (estimated)"}`;
  });
}

function amountText(metric: string, amount: number): string {
  return metric === "usd" ? `$${amount.toFixed(amount < 1 ? 4 : 2)}` : String(amount);
}
