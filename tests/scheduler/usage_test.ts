import { assert, assertEquals } from "@std/assert";
import { draft, taskSubject } from "../../src/log/event.ts";
import { budgets } from "../../src/scheduler/budget.ts";
import { isQuiet } from "../../src/scheduler/decide.ts";
import { findTask } from "../../src/scheduler/run_state.ts";
import { settleAttempt } from "../../src/scheduler/settle.ts";
import { priceOf, usageEntries } from "../../src/scheduler/usage.ts";
import { runStatus } from "../../src/proof/status.ts";
import { makeOutcome, makeTask } from "../run/fixture.ts";
import { ask, claimed, decideAll, ledgerOf, refOf, refusal, start, stateOf } from "./steps.ts";

const PRICES = { "model-a": { input: 2, output: 10, cached_input: 0.5 }, model: { input: 1, output: 1 } };

Deno.test("usageEntries() marks each figure by who tells it, and never takes silence for nothing", () => {
  assertEquals(usageEntries(undefined, PRICES), [
    { metric: "tokens", amount: 0, quality: "unknown" },
    { metric: "usd", amount: 0, quality: "unknown" },
  ]);
  const told = {
    input_tokens: 2_000_000,
    cached_tokens: 1_000_000,
    output_tokens: 100_000,
    quality: "measured" as const,
  };
  const named = { model: "model-a-20261101" };
  assertEquals(usageEntries({ ...told, ...named }, PRICES), [
    { metric: "tokens", amount: 2_100_000, quality: "measured", source: "agent", ...named },
    { metric: "usd", amount: 3.5, quality: "estimated", source: "prices", ...named },
    { metric: "input_tokens", amount: 2_000_000, quality: "measured", source: "agent", ...named },
    { metric: "cached_tokens", amount: 1_000_000, quality: "measured", source: "agent", ...named },
    { metric: "output_tokens", amount: 100_000, quality: "measured", source: "agent", ...named },
  ]);
  const qualities = (usage: Parameters<typeof usageEntries>[0]) =>
    usageEntries(usage, PRICES).slice(0, 2).map(({ amount, quality }) => [amount, quality]);
  assertEquals(qualities(told), [[2_100_000, "measured"], [0, "unknown"]], "no model, no price");
  assertEquals(qualities({ ...told, model: "other" })[1], [0, "unknown"]);
  assertEquals(qualities({ usd: 0.25, quality: "unknown" }), [[0, "unknown"], [0.25, "measured"]]);
  assertEquals(qualities({ input_tokens: 5, quality: "measured", model: "model-a" }), [[0, "unknown"], [
    0,
    "unknown",
  ]]);
  assertEquals(qualities({ ...told, quality: "estimated", usd: 1 }), [[2_100_000, "estimated"], [
    1,
    "measured",
  ]]);
});

Deno.test("priceOf() takes the name of a model, else the longest beginning of it", () => {
  assertEquals(priceOf("model-a", PRICES)?.input, 2);
  assertEquals(priceOf("model-a-2", PRICES)?.input, 2);
  assertEquals(priceOf("model-b", PRICES)?.input, 1);
  assertEquals(priceOf("x-model", PRICES), undefined);
  assertEquals(priceOf("model", undefined), undefined);
});

const RETRY = { ...makeTask("x").retry_policy, max_attempts: 5, backoff_seconds: 0 };
const prompt = (id: string, budget?: { readonly usd: number }) => {
  const { run: _, ...task } = makeTask(id, {
    prompt: "do it",
    retry_policy: RETRY,
    ...(budget && { budget }),
  });
  return task;
};

Deno.test("settleAttempt() records what agents use: of every attempt, also of those that are stale or lost", () => {
  const ledger = ledgerOf([prompt("a"), makeTask("b")], { prices: PRICES, workers: 2 });
  decideAll(ledger);
  const outcome = makeOutcome("success", { usage: { usd: 2, quality: "unknown" } });
  const kinds = (id: string) =>
    settleAttempt(ledger.state, refOf(ledger, id), outcome, [], ledger.now).map(({ kind }) => kind);
  assertEquals(kinds("b"), ["task_finished", "task_completed"], "a command uses nothing");
  start(ledger, "a");
  assertEquals(kinds("a"), ["usage_recorded", "usage_recorded", "task_finished", "task_completed"]);
  const stale = settleAttempt(ledger.state, { ...refOf(ledger, "a"), token: 0 }, outcome, [], ledger.now);
  assertEquals(stale.map(({ kind }) => kind), ["usage_recorded", "usage_recorded", "result_refused"]);
  ledger.now += 301_000;
  const lost = decideAll(ledger).filter((each) => each.kind === "usage_recorded");
  assertEquals(lost.map(({ payload }) => [payload.metric, payload.quality]), [["tokens", "unknown"], [
    "usd",
    "unknown",
  ]]);
});

Deno.test("the budget of a task keeps it from being tried again until it is extended, and others go on", () => {
  const ledger = ledgerOf([prompt("a", { usd: 3 }), makeTask("b")], { workers: 1 });
  const fail = (usd: number) => {
    start(ledger, "a");
    const outcome = makeOutcome("exit", { exit_code: 1, usage: { usd, quality: "measured" } });
    ledger.add(settleAttempt(ledger.state, refOf(ledger, "a"), outcome, [], ledger.now));
    ledger.now += 10;
  };
  assertEquals(claimed(decideAll(ledger)), ["a"]);
  fail(1);
  const next = claimed(decideAll(ledger))[0];
  assert(next !== undefined);
  if (next === "b") {
    ledger.add(
      settleAttempt(
        ledger.state,
        (start(ledger, "b"), refOf(ledger, "b")),
        makeOutcome("success"),
        [],
        ledger.now,
      ),
    );
    assertEquals(claimed(decideAll(ledger)), ["a"]);
  }
  fail(2.5);
  const drafts = decideAll(ledger);
  assertEquals(drafts.filter(({ kind }) => kind === "budget_exhausted").map(({ payload }) => payload), [
    { budget: "usd", used: 3.5, limit: 3, task_id: "a" },
  ]);
  assertEquals(stateOf(ledger, "a"), "waiting");
  assertEquals(findTask(ledger.state, "a")?.task.reason, "its budget of usd is used up: 3.5 of 3");
  if (stateOf(ledger, "b") !== "completed") {
    start(ledger, "b");
    ledger.add(settleAttempt(ledger.state, refOf(ledger, "b"), makeOutcome("success"), [], ledger.now));
  }
  assertEquals(decideAll(ledger), []);
  assert(isQuiet(ledger.state));
  assertEquals(runStatus(ledger.state), "needs_more_budget");
  assertEquals(ledger.state.run.usage?.["usd"], 3.5);
  assertEquals(budgets(ledger.state, ledger.now), [], "the run has none");
  ask(ledger, "answer_given", { task_id: "a", answer: "go on" });
  assertEquals(refusal(decideAll(ledger)), 'task "a" is waiting, and waits for no answer');
  ask(ledger, "budget_add_requested", { budget: "usd", by: 0.25, task_id: "a" });
  assertEquals(claimed(decideAll(ledger)), [], "that is not enough");
  ask(ledger, "budget_add_requested", { budget: "tokens", by: 1, task_id: "a" });
  assertEquals(refusal(decideAll(ledger)), 'task "a" has no budget of tokens');
  ask(ledger, "retry_requested", { task_id: "a", reason: "again" });
  assertEquals(
    refusal(decideAll(ledger)),
    'task "a" waits for more budget; give it with omk budget add --task',
  );
  ask(ledger, "budget_add_requested", { budget: "usd", by: 1, task_id: "z" });
  assertEquals(refusal(decideAll(ledger)), 'the plan has no task "z"');
  ask(ledger, "budget_add_requested", { budget: "usd", by: 1, task_id: "a" });
  assertEquals(claimed(decideAll(ledger)), ["a"]);
});

Deno.test("the budget of the run stops new work when what agents tell has used it up", () => {
  const ledger = ledgerOf([prompt("a"), prompt("b")], {
    budget: { time_secs: null, tokens: 100 },
    workers: 1,
  });
  assertEquals(claimed(decideAll(ledger)), ["a"]);
  start(ledger, "a");
  const usage = { input_tokens: 90, output_tokens: 30, quality: "measured" as const };
  ledger.add(
    settleAttempt(ledger.state, refOf(ledger, "a"), makeOutcome("success", { usage }), [], ledger.now),
  );
  assertEquals(decideAll(ledger).map(({ kind }) => kind), ["budget_exhausted"]);
  assertEquals(runStatus(ledger.state), "needs_more_budget");
  ask(ledger, "budget_add_requested", { budget: "tokens", by: 100 });
  assertEquals(claimed(decideAll(ledger)), ["b"]);
});

Deno.test("a task that waits for a larger budget is cancelled like any other", () => {
  const ledger = ledgerOf([prompt("a", { usd: 1 })], { workers: 1 });
  decideAll(ledger);
  ledger.add([
    draft("usage_recorded", taskSubject("a"), "controller/1", {
      ...refOf(ledger, "a"),
      metric: "usd",
      amount: 2,
      quality: "measured",
    }),
  ]);
  start(ledger, "a");
  ledger.add(
    settleAttempt(ledger.state, refOf(ledger, "a"), makeOutcome("exit", { exit_code: 1 }), [], ledger.now),
  );
  ledger.now += 10;
  decideAll(ledger);
  assertEquals(stateOf(ledger, "a"), "waiting");
  ask(ledger, "cancel_requested", { task_id: "a", reason: "no more" });
  decideAll(ledger);
  assertEquals(stateOf(ledger, "a"), "cancelled");
});

Deno.test("P1: a metric adds up to a number, whatever it is called", () => {
  const ledger = ledgerOf([prompt("a")]);
  decideAll(ledger);
  for (const amount of [1, 2]) {
    const used = { ...refOf(ledger, "a"), metric: "constructor", amount, quality: "measured" as const };
    ledger.add([draft("usage_recorded", taskSubject("a"), "controller/1", used)]);
  }
  assertEquals(findTask(ledger.state, "a")?.task.usage, { constructor: 3 });
  assertEquals(ledger.state.run.usage, { constructor: 3 });
});
