import { assert, assertEquals } from "@std/assert";
import { draft, taskSubject } from "../../src/log/event.ts";
import { decide, isQuiet } from "../../src/scheduler/decide.ts";
import { findTask } from "../../src/scheduler/run_state.ts";
import { makeOutcome, makeTask } from "../run/fixture.ts";
import { ask, claimed, decideAll, end, ledgerOf, refOf, refusal, start, stateOf } from "./steps.ts";

Deno.test("two requests to cancel one task: the first is carried out, the second refused", () => {
  const ledger = ledgerOf([makeTask("a"), makeTask("b")], { workers: 1 });
  decideAll(ledger);
  ask(ledger, "cancel_requested", { task_id: "b", reason: "one" });
  ask(ledger, "cancel_requested", { task_id: "b", reason: "two" });
  assertEquals(refusal(decideAll(ledger)), 'task "b" is cancelled already');
  assertEquals([ledger.state.run.open_requests, ledger.state.run.violations], [[], []]);
});

Deno.test("cancelling a task cancels what depends on it, at work or not, each with its cause, but not all_done", () => {
  const ledger = ledgerOf([
    makeTask("a"),
    makeTask("b"),
    makeTask("either", { dependencies: ["a", "b"], trigger_rule: "one_success" }),
    makeTask("next", { dependencies: ["either"] }),
    makeTask("report", { dependencies: ["a", "next"], trigger_rule: "all_done" }),
  ]);
  decideAll(ledger);
  end(ledger, "b", "success");
  decideAll(ledger);
  start(ledger, "either");
  ask(ledger, "cancel_requested", { task_id: "a", reason: "wrong way" });
  decideAll(ledger);
  assertEquals(stateOf(ledger, "next"), "cancelled");
  assertEquals(findTask(ledger.state, "next")?.task.causes, ["either"]);
  assertEquals(
    findTask(ledger.state, "either")?.task.cancel_reason,
    'depends on "a", which is cancelled: wrong way',
  );
  for (const id of ["a", "either"]) {
    if (id === "a") start(ledger, id);
    const { task_id, attempt, token } = refOf(ledger, id);
    const reason = findTask(ledger.state, id)?.task.cancel_reason ?? "";
    const request = id === "a" ? { request: ledger.state.run.open_requests[0]?.index ?? -1 } : {};
    ledger.add([draft("task_cancelled", taskSubject(id), "controller/1", {
      ...request,
      task_id,
      attempt,
      token,
      outcome: makeOutcome("cancelled"),
      reason,
    })]);
  }
  assertEquals(claimed(decideAll(ledger)), ["report"]);
  assertEquals(ledger.state.run.open_requests, []);
  assertEquals("cancel_reason" in (findTask(ledger.state, "either")?.task ?? {}), false);
});

Deno.test("the end of a task that is cancelled with another does not answer the request", () => {
  const ledger = ledgerOf([
    makeTask("a"),
    makeTask("b"),
    makeTask("either", { dependencies: ["a", "b"], trigger_rule: "one_success" }),
  ]);
  decideAll(ledger);
  end(ledger, "b", "success");
  decideAll(ledger);
  ask(ledger, "cancel_requested", { task_id: "a", reason: "wrong way" });
  end(ledger, "either", "cancelled");
  assertEquals(
    findTask(ledger.state, "either")?.task.reason,
    'depends on "a", which is cancelled: wrong way',
  );
  assertEquals(ledger.state.run.open_requests.length, 1);
  end(ledger, "a", "success");
  assertEquals([stateOf(ledger, "a"), findTask(ledger.state, "a")?.task.reason], ["cancelled", "wrong way"]);
  assertEquals(ledger.state.run.open_requests, []);
});

Deno.test("a retry reopens the task and what was blocked by it, and counts retries anew", () => {
  const ledger = ledgerOf([
    makeTask("a"),
    makeTask("b", { dependencies: ["a"] }),
    makeTask("c", { dependencies: ["b"] }),
    makeTask("other"),
    makeTask("both", { dependencies: ["c", "other"] }),
  ]);
  decideAll(ledger);
  end(ledger, "a", "exit");
  end(ledger, "other", "exit");
  decideAll(ledger);
  assertEquals(["b", "c", "both"].map((id) => stateOf(ledger, id)), ["blocked", "blocked", "blocked"]);
  ask(ledger, "retry_requested", { task_id: "a", reason: "fixed" });
  assertEquals(claimed(decideAll(ledger)), ["a"]);
  const states = ["b", "c", "other", "both"].map((id) => stateOf(ledger, id));
  assertEquals(
    states,
    ["pending", "pending", "failed", "blocked"],
    "what another failure blocks stays blocked",
  );
  assertEquals(ledger.state.run.open_requests, []);
  ask(ledger, "retry_requested", { task_id: null, reason: "all" });
  decideAll(ledger);
  assertEquals([stateOf(ledger, "other"), stateOf(ledger, "both")], ["claimed", "pending"]);
});

Deno.test("a retry brings back what was cancelled with the task, not what somebody cancelled", () => {
  const ledger = ledgerOf([
    makeTask("busy"),
    makeTask("a", { priority: -1 }),
    makeTask("b", { dependencies: ["a"] }),
    makeTask("c", { dependencies: ["a"] }),
  ], { workers: 1 });
  decideAll(ledger);
  ask(ledger, "cancel_requested", { task_id: "c", reason: "not this" });
  ask(ledger, "cancel_requested", { task_id: "a", reason: "later" });
  decideAll(ledger);
  assertEquals(["a", "b", "c"].map((id) => stateOf(ledger, id)), ["cancelled", "cancelled", "cancelled"]);
  ask(ledger, "retry_requested", { task_id: "a", reason: "now" });
  decideAll(ledger);
  assertEquals(["a", "b", "c"].map((id) => stateOf(ledger, id)), ["pending", "pending", "cancelled"]);
});

Deno.test("a retry that makes no sense is refused with its reason", () => {
  const ledger = ledgerOf([makeTask("a"), makeTask("b", { dependencies: ["a"] }), makeTask("c")]);
  decideAll(ledger);
  const why = (task_id: string | null) => {
    ask(ledger, "retry_requested", { task_id, reason: "again" });
    return refusal(decideAll(ledger));
  };
  assertEquals(why(null), "no task has failed");
  assertEquals(why("a"), 'task "a" is claimed, so it is not at its end');
  assertEquals(why("nobody"), 'the plan has no task "nobody"');
  end(ledger, "c", "success");
  assertEquals(why("c"), 'task "c" is completed; what it made is in the run\'s head');
  end(ledger, "a", "exit");
  decideAll(ledger);
  assertEquals(why("b"), 'task "b" depends on "a", which did not succeed; retry that first');
});

Deno.test("an answer sends a waiting task back, and the next attempt can see it", () => {
  const ledger = ledgerOf([makeTask("a")]);
  decideAll(ledger);
  end(ledger, "a", "blocked_on_human");
  assert(isQuiet(ledger.state));
  ask(ledger, "answer_given", { task_id: "a", answer: "use the second one" });
  assertEquals(claimed(decideAll(ledger)), ["a"]);
  assertEquals(findTask(ledger.state, "a")?.task.answer, "use the second one");
  ask(ledger, "answer_given", { task_id: "a", answer: "again" });
  assertEquals(refusal(decideAll(ledger)), 'task "a" is claimed, and waits for no answer');
});

Deno.test("a paused run starts nothing until it goes on", () => {
  const ledger = ledgerOf([makeTask("a")]);
  ask(ledger, "pause_requested", { reason: "lunch" });
  assertEquals(decideAll(ledger).map(({ kind }) => kind), ["run_paused"]);
  assertEquals(isQuiet(ledger.state), false, "a paused run is not over");
  ask(ledger, "pause_requested", { reason: "again" });
  assertEquals(refusal(decideAll(ledger)), "the run is paused already");
  ask(ledger, "unpause_requested", {});
  assertEquals(claimed(decideAll(ledger)), ["a"]);
  assertEquals(decide(ledger.state, ledger.now), []);
});
