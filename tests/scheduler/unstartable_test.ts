import { assertEquals } from "@std/assert";
import { findTask } from "../../src/scheduler/run_state.ts";
import { makeTask } from "../run/fixture.ts";
import { ask, decideAll, end, ledgerOf, refusal } from "./steps.ts";

Deno.test("one_success is blocked by failures that only all_success dependents tolerate, and names them", () => {
  const policy = { ...makeTask("a").retry_policy, terminal_on_permanent_failure: false };
  const ledger = ledgerOf([
    makeTask("a", { retry_policy: policy }),
    makeTask("b", { dependencies: ["a"], trigger_rule: "one_success" }),
    makeTask("c", { dependencies: ["b"] }),
  ]);
  decideAll(ledger);
  end(ledger, "a", "exit");
  decideAll(ledger);
  const { task } = findTask(ledger.state, "b") ?? {};
  assertEquals([task?.state, task?.causes, task?.reason], ["blocked", ["a"], 'depends on "a", which failed']);
  assertEquals(findTask(ledger.state, "c")?.task.causes, ["b"]);
  ask(ledger, "retry_requested", { task_id: "b", reason: "again" });
  assertEquals(
    refusal(decideAll(ledger)),
    'task "b" depends on "a", which did not succeed; retry that first',
  );
});
