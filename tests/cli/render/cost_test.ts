import { assertEquals } from "@std/assert";
import { costDocument } from "../../../src/cli/render/cost_document.ts";
import { costLines } from "../../../src/cli/render/cost_lines.ts";
import { createStyle } from "../../../src/cli/output.ts";
import { settleAttempt } from "../../../src/scheduler/settle.ts";
import { makeOutcome, makeTask } from "../../run/fixture.ts";
import { decideAll, ledgerOf, refOf, start } from "../../scheduler/steps.ts";

Deno.test("omk cost tells each attempt, task and sum with its mark, and what is unknown makes no sum", () => {
  const agent = (id: string, more = {}) => {
    const { run: _, ...task } = makeTask(id, {
      prompt: "x",
      retry_policy: { ...makeTask("x").retry_policy, max_attempts: 3, backoff_seconds: 0 },
      ...more,
    });
    return task;
  };
  const ledger = ledgerOf([agent("a", { budget: { usd: 5 } }), agent("b")], {
    workers: 1,
    budget: { time_secs: 60, usd: 10 },
    prices: { m: { input: 1, output: 10 } },
  });
  const told = {
    input_tokens: 1_000_000,
    cached_tokens: 500,
    output_tokens: 100_000,
    quality: "measured" as const,
  };
  const end = (id: string, outcome: ReturnType<typeof makeOutcome>) => {
    decideAll(ledger);
    start(ledger, id);
    ledger.add(settleAttempt(ledger.state, refOf(ledger, id), outcome, [], ledger.now));
    ledger.now += 10;
  };
  end("a", makeOutcome("exit", { exit_code: 1, usage: { ...told, model: "m-1" } }));
  const next = () => ledger.state.tasks.find(({ state }) => state === "claimed")?.id ?? "";
  decideAll(ledger);
  const second = next();
  end(second, makeOutcome("success", { usage: { ...told, usd: 0.5 } }));
  decideAll(ledger);
  end(next(), makeOutcome("success", { usage: { ...told, usd: 0.5 } }));
  const records = ledger.events.flatMap((each) => each.kind === "usage_recorded" ? [each.payload] : []);
  const document = costDocument(ledger.state, records, ledger.now);
  assertEquals(
    costLines(document, createStyle(false), 100).map((line) => line.replaceAll(/ {2,}/g, "  ").trimEnd()),
    [
      "run 20260102-030405-abcd",
      "",
      "task  model  tokens  cached  money",
      "a  2200000  1000  $2.50 (estimated)",
      "  attempt 1  m-1  1100000  500  $2.00 (estimated)",
      "  attempt 2  1100000  500  $0.5000",
      "b  1100000  500  $0.5000",
      "all  3300000  1500  $3.00 (estimated)",
      "",
      "budget: $3.00 of $10.00",
      "budget of a: $2.50 of $5.00",
    ],
  );
  const lost = { task_id: "a", attempt: 2, token: 1, metric: "usd", amount: 0, quality: "unknown" as const };
  const unknown = costDocument(ledger.state, [...records, lost], ledger.now);
  assertEquals(unknown.totals.find(({ metric }) => metric === "usd"), {
    metric: "usd",
    amount: null,
    quality: "unknown",
  });
  assertEquals(costLines(costDocument(ledger.state, [], 0), createStyle(false), 80), [
    "no agent has worked in run 20260102-030405-abcd",
  ]);
});
