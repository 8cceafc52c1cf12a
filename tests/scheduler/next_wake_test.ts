import { assertEquals } from "@std/assert";
import { draft, taskSubject } from "../../src/log/event.ts";
import { nextWake } from "../../src/scheduler/decide.ts";
import { makeTask } from "../run/fixture.ts";
import { ask, claimed, decideAll, end, ledgerOf, OID, pin, refOf } from "./steps.ts";

const POLICY = { ...makeTask("a").retry_policy, max_attempts: 1, backoff_seconds: 5 };

Deno.test("nextWake() does not wait for a delay that passed while the run is paused", () => {
  const ledger = ledgerOf([makeTask("a", { retry_policy: POLICY, retry_declared: true })]);
  decideAll(ledger);
  end(ledger, "a", "exit");
  ask(ledger, "pause_requested", { reason: "lunch" });
  decideAll(ledger);
  assertEquals(nextWake(ledger.state, ledger.now), ledger.now + 5_000);
  ledger.now += 5_000;
  assertEquals([decideAll(ledger), nextWake(ledger.state, ledger.now)], [[], undefined]);
  ask(ledger, "unpause_requested", {});
  assertEquals(claimed(decideAll(ledger)), ["a"]);
});

Deno.test("nextWake() does not wait for a delay that passed after a failure that lets nothing start", () => {
  const tasks = [makeTask("a", { retry_policy: POLICY, retry_declared: true }), makeTask("b"), makeTask("c")];
  const ledger = ledgerOf(tasks, { workers: 3, on_failure: "no-new" });
  decideAll(ledger);
  end(ledger, "a", "exit");
  end(ledger, "b", "exit");
  ledger.now += 5_000;
  decideAll(ledger);
  assertEquals(nextWake(ledger.state, ledger.now), refLease(ledger, "c"));
});

Deno.test("nextWake() does not wait for the end of a budget of time that passed while the last task is merged", () => {
  const ledger = ledgerOf([makeTask("a")], { budget: { time_secs: 60 } });
  decideAll(ledger);
  pin(ledger, "a");
  end(ledger, "a", "success");
  decideAll(ledger);
  ledger.now += 60_000;
  assertEquals([decideAll(ledger), nextWake(ledger.state, ledger.now)], [[], undefined]);
  const merged = { ...refOf(ledger, "a"), commit: OID, tree: OID };
  ledger.add([draft("task_completed", taskSubject("a"), "controller/1", merged)]);
  assertEquals(ledger.state.run.budget_exhausted, null);
});

function refLease(ledger: ReturnType<typeof ledgerOf>, id: string): number | undefined {
  return ledger.state.tasks.find((task) => task.id === id)?.lease_expires ?? undefined;
}
