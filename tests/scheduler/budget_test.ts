import { assert, assertEquals } from "@std/assert";
import { draft, taskSubject } from "../../src/log/event.ts";
import { budgets } from "../../src/scheduler/budget.ts";
import { isQuiet, nextWake } from "../../src/scheduler/decide.ts";
import { makeTask } from "../run/fixture.ts";
import { ask, claimed, decideAll, end, ledgerOf, refOf, refusal } from "./steps.ts";

const TASKS = [makeTask("a"), makeTask("b"), makeTask("c"), makeTask("d")];

Deno.test("a budget of attempts lets no more than that many be claimed, and more where it is extended", () => {
  const ledger = ledgerOf(TASKS, { budget: { time_secs: null, attempts: 3 }, workers: 2 });
  assertEquals(claimed(decideAll(ledger)), ["a", "b"]);
  end(ledger, "a", "success");
  end(ledger, "b", "success");
  const drafts = decideAll(ledger);
  assertEquals(claimed(drafts), ["c"], "two places are free, one attempt is left");
  assertEquals(drafts.at(-1)?.kind, "budget_exhausted");
  end(ledger, "c", "success");
  decideAll(ledger);
  assert(isQuiet(ledger.state));
  ask(ledger, "budget_add_requested", { budget: "attempts", by: 1 });
  assertEquals(claimed(decideAll(ledger)), ["d"]);
  assertEquals(ledger.state.run.budget_exhausted, null, "nothing is left that needs another attempt");
});

Deno.test("a budget of money counts what attempts report, and is told of once when nearly used up", () => {
  const ledger = ledgerOf(TASKS, { budget: { time_secs: null, usd: 10 }, workers: 1 });
  decideAll(ledger);
  const use = (amount: number) =>
    ledger.add([draft("usage_recorded", taskSubject("a"), "controller/1", {
      ...refOf(ledger, "a"),
      metric: "usd",
      amount,
      quality: "measured",
    })]);
  use(8.5);
  assertEquals(decideAll(ledger).map(({ kind, payload }) => [kind, payload]), [
    ["budget_checkpoint", { budget: "usd", used: 8.5, limit: 10 }],
  ]);
  use(1);
  assertEquals(decideAll(ledger), [], "told once");
  use(1);
  assertEquals(decideAll(ledger).map(({ kind }) => kind), ["budget_exhausted"]);
  assertEquals(budgets(ledger.state, ledger.now), [{ budget: "usd", used: 10.5, limit: 10 }]);
  end(ledger, "a", "success");
  assertEquals(claimed(decideAll(ledger)), []);
});

Deno.test("a pause stops the budget of time, and so does the time in which nobody held the run", () => {
  const ledger = ledgerOf(TASKS, { budget: { time_secs: 100 }, workers: 1, lease_secs: 1_000_000 });
  decideAll(ledger);
  const started = ledger.now;
  ledger.now += 10_000;
  ask(ledger, "pause_requested", { reason: "lunch" });
  decideAll(ledger);
  ledger.now += 3_600_000;
  assertEquals(decideAll(ledger), [], "nothing is used up while it is paused");
  ask(ledger, "unpause_requested", {});
  decideAll(ledger);
  assertEquals(nextWake(ledger.state, ledger.now), started + 3_600_000 + 100_000);
  ledger.now += 7_200_000;
  const controller = { pid: 2, pgid: 2, start_time: null, boot_id: null, mark: "n" };
  ledger.add([
    draft("run_resumed", "run", "controller/2", { incarnation: 2, controller, by: "resume", onto: null }),
  ]);
  assertEquals(nextWake(ledger.state, ledger.now), started + 3_600_000 + 7_200_000 + 100_000);
  assertEquals(budgets(ledger.state, ledger.now)[0]?.used, 10);
});

Deno.test("a budget that the plan does not set cannot be extended", () => {
  const ledger = ledgerOf(TASKS);
  ask(ledger, "budget_add_requested", { budget: "usd", by: 5 });
  assertEquals(refusal(decideAll(ledger)), "the plan sets no budget of usd");
});
