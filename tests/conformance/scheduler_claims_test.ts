/**
 * The tests of the earlier omk's claim store, path ownership, workers, pools and runner loop. There the claim store kept
 * records that anybody could change; here a claim is an event, and whoever reports has to name it.
 */

import { assert, assertEquals } from "@std/assert";
import { draft, type RunEvent } from "../../src/log/event.ts";
import { PathIndex } from "../../src/plan/path_index.ts";
import { claimedRequest } from "../../src/run/claimed_request.ts";
import { runDirectoryAt } from "../../src/run/directory.ts";
import { whatKeeps } from "../../src/scheduler/explain.ts";
import { decide, isQuiet } from "../../src/scheduler/decide.ts";
import { findTask } from "../../src/scheduler/run_state.ts";
import { settleAttempt } from "../../src/scheduler/settle.ts";
import { freePlaces } from "../../src/scheduler/workers.ts";
import { type Known, transitionsOf } from "../../src/watchdog/transitions.ts";
import type { WorkerCheck } from "../../src/watchdog/watch.ts";
import { messagesOf } from "../plan/fixture.ts";
import { makeOutcome, makePlan, makeTask, RUN_ID } from "../run/fixture.ts";
import { Rig } from "../run/rig.ts";
import { ask, claimed, decideAll, end, ledgerOf, refOf, start, stateOf } from "../scheduler/steps.ts";

Deno.test("omk claim store: a task is claimed, then completed", () => {
  const ledger = ledgerOf([makeTask("a")]);
  assertEquals(claimed(decideAll(ledger)), ["a"]);
  end(ledger, "a", "success");
  assertEquals(stateOf(ledger, "a"), "completed");
});

Deno.test("omk claim store: P3: the wrong worker is refused", () => {
  const ledger = ledgerOf([makeTask("a")]);
  decideAll(ledger);
  start(ledger, "a");
  const wrong = { ...refOf(ledger, "a"), token: 0 };
  for (const result of ["success", "exit"] as const) {
    const drafts = settleAttempt(ledger.state, wrong, makeOutcome(result), [], ledger.now);
    assertEquals(drafts.map(({ kind }) => kind), ["result_refused"]);
    ledger.add(drafts);
  }
  assertEquals(stateOf(ledger, "a"), "running");
});

Deno.test("omk claim store: a failure with a retry left goes back to pending", () => {
  const policy = { ...makeTask("a").retry_policy, max_attempts: 1 };
  const ledger = ledgerOf([makeTask("a", { retry_policy: policy, retry_declared: true })]);
  decideAll(ledger);
  end(ledger, "a", "exit");
  assertEquals([stateOf(ledger, "a"), findTask(ledger.state, "a")?.task.owner], ["pending", null]);
});

Deno.test("omk claim store: a stale lease is recovered", () => {
  const ledger = ledgerOf([makeTask("a")]);
  decideAll(ledger);
  ledger.now += 300_000;
  const kinds = decideAll(ledger).map(({ kind }) => kind);
  assertEquals(kinds, ["retry_scheduled", "task_claimed"]);
});

Deno.test("omk claim store: cancelling cascades to dependents", () => {
  const ledger = ledgerOf([
    makeTask("a", { priority: -1 }),
    makeTask("b", { dependencies: ["a"] }),
    makeTask("c", { dependencies: ["b"] }),
    makeTask("busy"),
  ], { workers: 1 });
  decideAll(ledger);
  ask(ledger, "cancel_requested", { task_id: "a", reason: "no" });
  decideAll(ledger);
  assertEquals(["a", "b", "c", "busy"].map((id) => stateOf(ledger, id)), [
    "cancelled",
    "cancelled",
    "cancelled",
    "claimed",
  ]);
});

Deno.test("omk claim store: what is ready comes by priority", () => {
  const tasks = [makeTask("low", { priority: -5 }), makeTask("mid"), makeTask("high", { priority: 5 })];
  assertEquals(claimed(decideAll(ledgerOf(tasks, { workers: 3 }))), ["high", "mid", "low"]);
});

/** An index in which worker `w1` writes `src/a.rs` and reads `src/lib.rs`. */
function ownership(): PathIndex {
  const index = new PathIndex();
  index.add("w1", { writes: ["src/a.rs"], reads: ["src/lib.rs"] });
  return index;
}

Deno.test("omk ownership: two workers that write one path conflict", () => {
  assertEquals(ownership().conflictsWith({ writes: ["src/a.rs"], reads: [] }), ["w1"]);
});

Deno.test("omk ownership: a worker does not conflict with itself", () => {
  const index = ownership();
  index.add("w1", { writes: ["src/a.rs", "src/b.rs"], reads: [] });
  assertEquals(index.conflictsWith({ writes: ["src/b.rs"], reads: [] }), ["w1"], "its sets were replaced");
  assertEquals(index.conflictsWith({ writes: ["src/lib.rs"], reads: [] }), []);
  // A task that is run again is the only one at work that holds its sets.
  const ledger = ledgerOf([makeTask("a", { write_set: ["src"] })]);
  decideAll(ledger);
  ledger.now += 300_000;
  assertEquals(claimed(decideAll(ledger)), ["a"]);
});

Deno.test("omk ownership: what is released is free", () => {
  const index = ownership();
  index.remove("w1");
  assertEquals(index.conflictsWith({ writes: ["src/a.rs", "src/lib.rs"], reads: ["src/a.rs"] }), []);
});

Deno.test("omk ownership: a read of what another writes is a hazard, in both directions", () => {
  assertEquals(ownership().conflictsWith({ writes: [], reads: ["src/a.rs"] }), ["w1"]);
  assertEquals(ownership().conflictsWith({ writes: ["src/lib.rs"], reads: [] }), ["w1"]);
  assertEquals(ownership().conflictsWith({ writes: [], reads: ["src/lib.rs"] }), []);
});

Deno.test("omk worker state: a transition is told by what was before, and staying is none", () => {
  const told = (verdict: WorkerCheck["verdict"], state: Known["state"]) =>
    transitionsOf({ verdict, reason: null, slots: [] }, { state, attempt: () => undefined })
      .map(({ kind }) => kind);
  assertEquals([told("dead", "started"), told("healthy", "dead"), told("stopped", "started")], [
    ["dead"],
    ["recovered"],
    ["stopped"],
  ]);
  assertEquals([told("healthy", "started"), told("dead", "dead"), told("stopped", "stopped")], [[], [], []]);
  assertEquals(told("dead", "stopped"), [], "the end of a worker is its end");
});

Deno.test("omk worker state: only a worker that holds no task is available", () => {
  const ledger = ledgerOf([makeTask("a"), makeTask("b")], { workers: 1 });
  assertEquals(claimed(decideAll(ledger)), ["a"]);
  start(ledger, "a");
  assertEquals(claimed(decideAll(ledger)), []);
  ledger.add(settleAttempt(ledger.state, refOf(ledger, "a"), makeOutcome("success"), [], ledger.now));
  assertEquals(claimed(decideAll(ledger)), ["b"]);
});

Deno.test("omk worker state: a worker that is gone gives its task back", async () => {
  const rig = new Rig(makePlan([makeTask("a")]), {
    outcome: (_, attempt) => attempt === 1 ? "lost" : "success",
  });
  assertEquals((await rig.run()).status, "passed");
  const task = findTask(rig.state, "a")?.task;
  assertEquals([task?.attempt, task?.retry_count], [2, 0]);
});

/** A ledger with a pool of so many places and tasks of it, each with a priority. */
function poolOf(places: number, priorities: Readonly<Record<string, number>>) {
  const tasks = Object.entries(priorities).map(([id, priority]) => makeTask(id, { pool: "db", priority }));
  return ledgerOf(tasks, { workers: 10, pools: { db: places } });
}

Deno.test("omk pool: it admits up to its capacity", () => {
  assertEquals(claimed(decideAll(poolOf(2, { a: 0, b: 0, c: 0 }))), ["a", "b"]);
});

Deno.test("omk pool: higher priority first, first come first served within one", () => {
  const ledger = poolOf(1, { a: 0, b: 1, c: 0, d: 1 });
  const order: string[] = [];
  for (let ids = claimed(decideAll(ledger)); ids.length > 0; ids = claimed(decideAll(ledger))) {
    order.push(...ids);
    for (const id of ids) end(ledger, id, "success");
  }
  assertEquals(order, ["b", "d", "a", "c"]);
});

Deno.test("omk pool: a task that waits is counted once, however often it is looked at", () => {
  const ledger = poolOf(1, { a: 0, b: 0 });
  decideAll(ledger);
  for (let look = 0; look < 3; look++) decide(ledger.state, ledger.now);
  assertEquals(ledger.state.index.dispatch.ready.size, 1);
  assertEquals(ledger.state.index.poolUse("db"), 1);
});

Deno.test("omk pool: a full one makes tasks wait, and none is turned away", () => {
  const ids = Array.from({ length: 100 }, (_, at) => `t${at}`);
  const ledger = poolOf(1, Object.fromEntries(ids.map((id) => [id, 0])));
  decideAll(ledger);
  const waiting = findTask(ledger.state, "t99");
  assert(waiting !== undefined);
  assertEquals(whatKeeps(ledger.state, waiting, ledger.now), [{
    code: "pool",
    text: "pool db is full (1), with t0",
    tasks: ["t0"],
  }]);
  let done = 0;
  for (let ids = ["t0"]; ids.length > 0; ids = claimed(decideAll(ledger))) {
    assertEquals(ids.length, 1);
    for (const id of ids) end(ledger, id, "success");
    done += ids.length;
  }
  assertEquals(done, 100);
});

Deno.test("omk pool: one that the plan does not have is refused, a task without one has no limit", async () => {
  const tasks = [{ id: "a", run: "true", pool: "databse" }];
  assertEquals(await messagesOf({ pools: { database: 1 }, tasks }), [
    'task "a": "databse" is no pool of the plan',
  ]);
  assertEquals(claimed(decideAll(ledgerOf([makeTask("a"), makeTask("b")], { pools: { db: 1 } }))), [
    "a",
    "b",
  ]);
});

Deno.test("omk pool: a capacity of none is refused", async () => {
  assertEquals(await messagesOf({ pools: { db: 0 }, tasks: [{ id: "a", run: "true" }] }), [
    '"pools.db" must be at least 1',
  ]);
});

Deno.test("omk pool: a release promotes the next, however the task that held the place ended", () => {
  for (const result of ["success", "exit", "cancelled", "blocked_on_human"] as const) {
    const ledger = poolOf(1, { a: 0, b: 0 });
    assertEquals(claimed(decideAll(ledger)), ["a"]);
    end(ledger, "a", result);
    assertEquals(claimed(decideAll(ledger)), ["b"], result);
    assertEquals(ledger.state.index.poolUse("db"), 1, result);
  }
});

Deno.test("omk pool: it is drained when nothing of it is left", () => {
  const ledger = poolOf(2, { a: 0, b: 0 });
  decideAll(ledger);
  end(ledger, "a", "success");
  end(ledger, "b", "success");
  assertEquals([ledger.state.index.poolUse("db"), ledger.state.index.dispatch.ready.size], [0, 0]);
  assert(isQuiet(ledger.state));
});

Deno.test("omk runner: the reason of a cancellation is recorded", () => {
  const ledger = ledgerOf([makeTask("a")]);
  decideAll(ledger);
  ask(ledger, "cancel_requested", { task_id: "a", reason: "superseded" });
  end(ledger, "a", "cancelled");
  const last = ledger.events.at(-1);
  assertEquals(last?.kind === "task_cancelled" && last.payload.reason, "superseded");
});

Deno.test("omk runner: the worker gets the task, whole, once its claim is in the log", async () => {
  const before: (string | undefined)[] = [];
  const rig = new Rig(makePlan([makeTask("a", { outputs: ["out.txt"] })]), {
    outcome: () => {
      before.push(rig.events.at(-1)?.kind);
      return "success";
    },
  });
  await rig.run();
  assertEquals(before, ["task_claimed"]);
  assertEquals(findTask(rig.state, "a")?.task.reason, "did not make its outputs: out.txt");
});

Deno.test("omk runner: P5: a task that conflicts with one at work is not dispatched", () => {
  const ledger = ledgerOf([
    makeTask("a", { write_set: ["src"] }),
    makeTask("b", { write_set: ["src/b.ts"] }),
  ]);
  assertEquals(claimed(decideAll(ledger)), ["a"]);
});

Deno.test("omk runner: P3: what a stale worker still reports is set aside", () => {
  const ledger = ledgerOf([makeTask("a")]);
  decideAll(ledger);
  const stale = refOf(ledger, "a");
  ledger.now += 300_000;
  decideAll(ledger);
  start(ledger, "a");
  ledger.add(settleAttempt(ledger.state, stale, makeOutcome("success"), [], ledger.now));
  assertEquals([stateOf(ledger, "a"), findTask(ledger.state, "a")?.task.attempt], ["running", 2]);
});

Deno.test("omk runner: P9: with no worker that lives the run fails, and does not hang", async () => {
  const rig = new Rig(makePlan([makeTask("a"), makeTask("b", { dependencies: ["a"] })]), {
    outcome: () => "lost",
  });
  assertEquals((await rig.run()).status, "not_ready");
  assertEquals(["a", "b"].map((id) => findTask(rig.state, id)?.task.state), ["failed", "blocked"]);
});

Deno.test("omk runner: what a task may use up reaches its worker", () => {
  const budget = { usd: 2 };
  const ledger = ledgerOf([makeTask("a", { timeout_secs: 42, budget })]);
  decideAll(ledger);
  const log = { read: () => new ReadableStream<RunEvent>() };
  const { spec } = claimedRequest(ledger.state, "a", runDirectoryAt("/nowhere", RUN_ID), log);
  assertEquals([spec.timeout_secs, spec.budget], [42, budget]);
});

Deno.test("omk runner: a stale worker is set aside, and a recovered task prefers a different one", () => {
  const ledger = ledgerOf([makeTask("first"), makeTask("a")], { workers: 1 });
  ask(ledger, "worker_joined", { worker: "w", slots: 1, mark: "m" });
  decideAll(ledger);
  const ownerOf = (id: string) => findTask(ledger.state, id)?.task.owner;
  assertEquals(["first", "a"].map(ownerOf), ["local", "w"]);
  ledger.add([draft("worker_dead", "run", "controller/1", { worker: "w", reason: "no heartbeat for 31 s" })]);
  end(ledger, "first", "success");
  ledger.now += 300_000;
  decideAll(ledger);
  assertEquals([stateOf(ledger, "a"), ownerOf("a")], ["claimed", "local"]);
  assertEquals(freePlaces(ledger.state), [], "the worker that is dead has no place");
});
