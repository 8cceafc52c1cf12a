import { assert, assertEquals } from "@std/assert";
import { draft, taskSubject } from "../../src/log/event.ts";
import { decide, isQuiet, nextWake } from "../../src/scheduler/decide.ts";
import { findTask } from "../../src/scheduler/run_state.ts";
import { settleAttempt, settleConflict } from "../../src/scheduler/settle.ts";
import { makeOutcome, makeTask } from "../run/fixture.ts";
import { ask, claimed, decideAll, end, ledgerOf, OID, pin, refOf, start, stateOf } from "./steps.ts";

Deno.test("decide() claims by priority, then by the longest remaining path, then by declaration", () => {
  const ledger = ledgerOf([
    makeTask("last"),
    makeTask("chain"),
    makeTask("after", { dependencies: ["chain"] }),
    makeTask("urgent", { priority: 1 }),
  ], { workers: 4 });
  assertEquals(claimed(decideAll(ledger)), ["urgent", "chain", "last"]);
});

Deno.test("decide() lets a ready task gain one step of priority in ten minutes", () => {
  const ledger = ledgerOf([
    makeTask("blocker"),
    makeTask("old", { dependencies: [] }),
    makeTask("gate"),
    makeTask("young", { dependencies: ["gate"], priority: 1 }),
  ], { workers: 1 });
  const first = claimed(decideAll(ledger));
  assertEquals(first, ["gate"]);
  ledger.now += 25 * 60_000;
  ledger.add([draft("lease_renewed", taskSubject("gate"), "controller/1", {
    ...refOf(ledger, "gate"),
    lease_expires: ledger.now + 1000,
  })]);
  end(ledger, "gate", "success");
  assertEquals(
    claimed(decideAll(ledger)),
    ["blocker"],
    "what waited 25 minutes comes before a priority of 1",
  );
});

Deno.test("P4: all_success waits for every dependency and is blocked by one that failed, with its cause", () => {
  const ledger = ledgerOf([
    makeTask("a"),
    makeTask("b"),
    makeTask("c", { dependencies: ["a", "b"] }),
    makeTask("d", { dependencies: ["c"] }),
  ]);
  decideAll(ledger);
  end(ledger, "a", "success");
  assertEquals(claimed(decideAll(ledger)), []);
  end(ledger, "b", "exit");
  decideAll(ledger);
  assertEquals([stateOf(ledger, "c"), stateOf(ledger, "d")], ["blocked", "blocked"]);
  assertEquals(findTask(ledger.state, "c")?.task.causes, ["b"]);
  assertEquals(findTask(ledger.state, "d")?.task.reason, 'depends on "c", which is blocked');
  assert(isQuiet(ledger.state));
});

Deno.test("P4: one_success starts with the first completed dependency, all_done with the last end", () => {
  const ledger = ledgerOf([
    makeTask("a"),
    makeTask("b"),
    makeTask("any", { dependencies: ["a", "b"], trigger_rule: "one_success" }),
    makeTask("all", { dependencies: ["a", "b"], trigger_rule: "all_done" }),
  ]);
  decideAll(ledger);
  end(ledger, "a", "success");
  assertEquals(claimed(decideAll(ledger)), ["any"]);
  end(ledger, "b", "exit");
  assertEquals(claimed(decideAll(ledger)), ["all"]);
});

Deno.test("a failure that the plan declares not to be terminal lets dependents run", () => {
  const tolerant = { ...makeTask("a").retry_policy, terminal_on_permanent_failure: false };
  const ledger = ledgerOf([
    makeTask("a", { retry_policy: tolerant }),
    makeTask("b", { dependencies: ["a"] }),
  ]);
  decideAll(ledger);
  end(ledger, "a", "exit");
  assertEquals(claimed(decideAll(ledger)), ["b"]);
});

Deno.test("P5: tasks whose declared sets conflict do not run together, and others pass them by", () => {
  const ledger = ledgerOf([
    makeTask("writer", { write_set: ["src/api"] }),
    makeTask("rival", { write_set: ["src/api/x.ts"] }),
    makeTask("reader", { read_set: ["src"] }),
    makeTask("other", { write_set: ["docs"] }),
  ], { workers: 4 });
  assertEquals(claimed(decideAll(ledger)), ["writer", "other"]);
  start(ledger, "writer");
  pin(ledger, "writer");
  ledger.add(settleAttempt(ledger.state, refOf(ledger, "writer"), makeOutcome("success"), [], ledger.now));
  assertEquals(claimed(decideAll(ledger)), [], "its work is not in the head yet");
  ledger.add([
    draft("task_completed", taskSubject("writer"), "controller/1", {
      ...refOf(ledger, "writer"),
      commit: OID,
      tree: OID,
    }),
  ]);
  const next = decideAll(ledger);
  assertEquals(claimed(next), ["rival"]);
  assertEquals(findTask(ledger.state, "rival")?.task.base, OID, "P4: on a base that holds what was merged");
});

Deno.test("pools cap how many tasks share a resource", () => {
  const tasks = ["a", "b", "c"].map((id) => makeTask(id, { pool: "db" }));
  const ledger = ledgerOf([...tasks, makeTask("free")], { workers: 4, pools: { db: 1 } });
  assertEquals(claimed(decideAll(ledger)), ["a", "free"]);
  end(ledger, "a", "success");
  assertEquals(claimed(decideAll(ledger)), ["b"]);
});

Deno.test("a retry waits for its delay, counts once, and the last failure is final", () => {
  const policy = { ...makeTask("a").retry_policy, max_attempts: 2, backoff_seconds: 2 };
  const ledger = ledgerOf([makeTask("a", { retry_policy: policy, retry_declared: true })]);
  const began = ledger.now;
  decideAll(ledger);
  end(ledger, "a", "exit");
  assertEquals(claimed(decideAll(ledger)), []);
  assertEquals(nextWake(ledger.state, ledger.now), began + 2000);
  ledger.now = began + 2000;
  assertEquals(claimed(decideAll(ledger)), ["a"]);
  end(ledger, "a", "exit");
  assertEquals(nextWake(ledger.state, ledger.now), ledger.now + 4000);
  ledger.now += 4000;
  decideAll(ledger);
  end(ledger, "a", "exit");
  assertEquals(stateOf(ledger, "a"), "failed");
  assertEquals(findTask(ledger.state, "a")?.task.retry_count, 2, "2 retries are 3 executions");
  assertEquals(findTask(ledger.state, "a")?.task.attempt, 3);
});

Deno.test("a plain exit of a task without a policy is final, a temporary failure is not", () => {
  const policy = { ...makeTask("a").retry_policy, max_attempts: 1 };
  const ledger = ledgerOf([makeTask("a", { retry_policy: policy }), makeTask("b", { retry_policy: policy })]);
  decideAll(ledger);
  end(ledger, "a", "exit", 1);
  end(ledger, "b", "exit", 75);
  assertEquals([stateOf(ledger, "a"), stateOf(ledger, "b")], ["failed", "pending"]);
});

Deno.test("P3: a result with a token that is not the current one is refused and changes nothing", () => {
  const ledger = ledgerOf([makeTask("a")]);
  decideAll(ledger);
  const stale = refOf(ledger, "a");
  ledger.now += 301_000;
  decideAll(ledger);
  assertEquals(stateOf(ledger, "a"), "claimed", "the lease ran out, a new attempt began");
  assertEquals(findTask(ledger.state, "a")?.task.retry_count, 0, "a recovery is no retry");
  const refused = settleAttempt(ledger.state, stale, makeOutcome("success"), [], ledger.now);
  assertEquals(refused.map((each) => each.kind), ["result_refused"]);
  ledger.add(refused);
  assertEquals(stateOf(ledger, "a"), "claimed");
});

Deno.test("decide() takes no lease away that is renewed in the same commit, and holds nothing back for it", () => {
  const ledger = ledgerOf([makeTask("a"), makeTask("b"), makeTask("c")], { workers: 2 });
  decideAll(ledger);
  ledger.now += 301_000;
  const decided = decide(ledger.state, ledger.now, { renewed: new Set([refOf(ledger, "a").token]) });
  assertEquals(decided.map(({ kind, subject }) => [kind, subject]), [["retry_scheduled", "task/b"]]);
  end(ledger, "b", "success");
  const renewed = new Set([refOf(ledger, "a").token]);
  assertEquals(claimed(decide(ledger.state, ledger.now, { renewed })), ["c"]);
});

Deno.test("the third recovery of a task in a row is quarantine", () => {
  const ledger = ledgerOf([makeTask("a")]);
  for (let recovery = 0; recovery < 3; recovery++) {
    decideAll(ledger);
    ledger.now += 301_000;
  }
  decideAll(ledger);
  assertEquals(stateOf(ledger, "a"), "failed");
});

Deno.test("a merge conflict sends a task back on the new base, three times, and not a fourth", () => {
  const ledger = ledgerOf([makeTask("a")]);
  for (let conflict = 1; conflict <= 4; conflict++) {
    decideAll(ledger);
    start(ledger, "a");
    pin(ledger, "a");
    ledger.add(settleAttempt(ledger.state, refOf(ledger, "a"), makeOutcome("success"), [], ledger.now));
    decideAll(ledger);
    const merge = ledger.state.run.merge;
    assert(merge !== null);
    ledger.add(
      settleConflict(
        ledger.state,
        refOf(ledger, "a"),
        { head: merge.head, paths: ["x"], detail: "text" },
        ledger.now,
      ),
    );
    assertEquals(stateOf(ledger, "a"), conflict <= 3 ? "pending" : "failed");
  }
});

Deno.test("cancelling a task answers the request at its end and takes its dependents with it", () => {
  const ledger = ledgerOf([makeTask("a"), makeTask("b", { dependencies: ["a"] })]);
  decideAll(ledger);
  ask(ledger, "cancel_requested", { task_id: "a", reason: "not needed" });
  const drafts = decideAll(ledger);
  assertEquals(drafts.map(({ kind, subject }) => [kind, subject]), [["task_cancelled", "task/b"]]);
  assertEquals(ledger.state.run.open_requests.length, 1, "a is at work: the answer comes when it has ended");
  end(ledger, "a", "cancelled");
  decideAll(ledger);
  assertEquals([stateOf(ledger, "a"), stateOf(ledger, "b")], ["cancelled", "cancelled"]);
  assertEquals(findTask(ledger.state, "a")?.task.reason, "not needed");
  assertEquals(ledger.state.run.open_requests, []);
});

Deno.test("cancelling the run ends what waits at once, and the run when nothing is at work", () => {
  const ledger = ledgerOf([makeTask("a"), makeTask("b", { dependencies: ["a"] })]);
  decideAll(ledger);
  ask(ledger, "cancel_requested", { task_id: null, reason: "stop" });
  decideAll(ledger);
  assertEquals([stateOf(ledger, "a"), stateOf(ledger, "b")], ["claimed", "cancelled"]);
  end(ledger, "a", "cancelled");
  assertEquals(decideAll(ledger).map((each) => each.kind), ["run_cancelled"]);
  assert(isQuiet(ledger.state));
});

Deno.test("a request that cannot be met is refused with its reason", () => {
  const ledger = ledgerOf([makeTask("a")]);
  ask(ledger, "cancel_requested", { task_id: "nobody", reason: "x" });
  const refused = decideAll(ledger).find((each) => each.kind === "request_refused");
  assertEquals(refused?.payload, { request: 1, reason: 'the plan has no task "nobody"' });
});

Deno.test("on_failure no-new starts nothing after a failure, and the run is then over", () => {
  const ledger = ledgerOf([makeTask("a"), makeTask("b"), makeTask("c")], { on_failure: "no-new" });
  decideAll(ledger);
  end(ledger, "a", "exit");
  assertEquals(claimed(decideAll(ledger)), []);
  assertEquals(isQuiet(ledger.state), false);
  end(ledger, "b", "success");
  decideAll(ledger);
  assert(isQuiet(ledger.state));
  assertEquals(stateOf(ledger, "c"), "pending");
});

Deno.test("a used up time budget starts nothing new", () => {
  const ledger = ledgerOf([makeTask("a"), makeTask("b"), makeTask("c")], { budget: { time_secs: 10 } });
  decideAll(ledger);
  ledger.now += 10_000;
  assertEquals(decideAll(ledger).map((each) => each.kind), ["budget_exhausted"]);
  end(ledger, "a", "success");
  assertEquals(claimed(decideAll(ledger)), []);
});
