import { assertEquals } from "@std/assert";
import { draft, taskSubject } from "../../src/log/event.ts";
import { decide } from "../../src/scheduler/decide.ts";
import { whatKeeps } from "../../src/scheduler/explain.ts";
import { causeChain } from "../../src/scheduler/explain_cause.ts";
import { findTask } from "../../src/scheduler/run_state.ts";
import { settleAttempt } from "../../src/scheduler/settle.ts";
import type { Ledger } from "../run/fixture.ts";
import { makeOutcome, makeTask } from "../run/fixture.ts";
import { ask, claimed, decideAll, end, ledgerOf, pin, refOf, start } from "./steps.ts";

function keeps(ledger: Ledger, id: string): readonly string[] {
  const view = findTask(ledger.state, id);
  return view === undefined
    ? []
    : whatKeeps(ledger.state, view, ledger.now).map(({ code, text }) => `${code}: ${text}`);
}

Deno.test("whatKeeps() names the dependencies that a trigger rule waits for, with their states", () => {
  const ledger = ledgerOf([
    makeTask("a"),
    makeTask("b"),
    makeTask("all", { dependencies: ["a", "b"] }),
    makeTask("one", { dependencies: ["a", "b"], trigger_rule: "one_success" }),
    makeTask("done", { dependencies: ["a"], trigger_rule: "all_done" }),
  ]);
  decideAll(ledger);
  start(ledger, "a");
  assertEquals(keeps(ledger, "all"), [
    "dependencies: it waits until these are completed: a (running), b (claimed)",
  ]);
  assertEquals(keeps(ledger, "one"), [
    "dependencies: it waits until one of these is completed: a (running), b (claimed)",
  ]);
  assertEquals(keeps(ledger, "done"), ["dependencies: it waits until these have ended: a (running)"]);
  assertEquals(keeps(ledger, "a"), [], "it is at work");
});

Deno.test("whatKeeps() names workers, pools and the paths of a conflict, in the order in which they count", () => {
  const ledger = ledgerOf([
    makeTask("first", { priority: 1, pool: "db", write_set: ["src/api/**"] }),
    makeTask("pooled", { pool: "db" }),
    makeTask("rival", { write_set: ["src/**"] }),
    makeTask("reader", { read_set: ["src/api/x.ts"], write_set: [] }),
    makeTask("free"),
    makeTask("late"),
  ], { workers: 2, pools: { db: 1 } });
  decideAll(ledger);
  assertEquals(keeps(ledger, "pooled"), ["pool: pool db is full (1), with first"]);
  assertEquals(keeps(ledger, "rival"), [
    "path_sets: it may not run beside first, while it is at work: both write src/** and src/api/**",
  ]);
  assertEquals(keeps(ledger, "reader"), [
    "path_sets: it may not run beside first, while it is at work: it reads what first writes: src/api/x.ts and src/api/**",
  ]);
  assertEquals(keeps(ledger, "late"), ["workers: all 2 workers are busy, with first, free"]);
});

Deno.test("whatKeeps() tells of delays, pauses, budgets, failures and selections", () => {
  const retrying = ledgerOf([
    makeTask("a", {
      retry_policy: { ...makeTask("a").retry_policy, max_attempts: 1, backoff_seconds: 60 },
      retry_declared: true,
    }),
  ]);
  decideAll(retrying);
  end(retrying, "a", "exit");
  assertEquals(keeps(retrying, "a"), [
    `delay: its retry waits until ${new Date(retrying.now + 60_000).toISOString()}`,
  ]);

  const paused = ledgerOf([makeTask("a")], { budget: { time_secs: 10 } });
  ask(paused, "pause_requested", { reason: "x" });
  decideAll(paused);
  assertEquals(keeps(paused, "a"), ["paused: the run is paused"]);

  const failing = ledgerOf([makeTask("a"), makeTask("b")], { on_failure: "no-new", workers: 1 });
  decideAll(failing);
  end(failing, "a", "exit");
  assertEquals(keeps(failing, "b"), ["on_failure: a task has failed, and on_failure is no-new"]);

  const spent = ledgerOf([makeTask("a"), makeTask("b")], {
    budget: { time_secs: null, attempts: 1 },
    workers: 1,
  });
  decideAll(spent);
  end(spent, "a", "success");
  decideAll(spent);
  assertEquals(keeps(spent, "b"), ["budget: the budget of attempts is used up"]);

  const chosen = ledgerOf([makeTask("a"), makeTask("b")]);
  chosen.state.index.start(["a"], new Map(), true, chosen.now);
  assertEquals(keeps(chosen, "b"), [
    "not_selected: it is not part of this run: --only or --from chose others",
  ]);
});

Deno.test("whatKeeps() passes over what cannot start when it says which task comes first", () => {
  const ledger = ledgerOf([
    makeTask("works", { priority: 3, pool: "db" }),
    makeTask("pooled", { priority: 2, pool: "db" }),
    makeTask("first", { priority: 1 }),
    makeTask("second"),
  ], { workers: 1, pools: { db: 1 } });
  decideAll(ledger);
  const { settings } = ledger.state.run;
  if (settings !== null) ledger.state.run.settings = { ...settings, workers: 2 };
  assertEquals(keeps(ledger, "first"), []);
  assertEquals(keeps(ledger, "second"), ["rank: tasks of a higher rank come first, such as first"]);
});

Deno.test("whatKeeps() tells what finished work and open questions wait for", () => {
  const ledger = ledgerOf([makeTask("a"), makeTask("b"), makeTask("asks")], { workers: 3 });
  decideAll(ledger);
  for (const id of ["a", "b"]) {
    start(ledger, id);
    pin(ledger, id);
    ledger.add(settleAttempt(ledger.state, refOf(ledger, id), makeOutcome("success"), [], ledger.now));
  }
  assertEquals(keeps(ledger, "a"), ["merge: its work is the next to be merged"]);
  assertEquals(keeps(ledger, "b"), ["merge: its work is merged after that of a"]);
  decideAll(ledger);
  assertEquals(keeps(ledger, "a"), ["merge: its work is being merged"]);
  end(ledger, "asks", "blocked_on_external");
  assertEquals(keeps(ledger, "asks"), [
    "answer: it waits for something outside: waits for something outside",
  ]);
});

Deno.test("whatKeeps() counts the places of extra workers, except for what stays with the controller", () => {
  const until = { name: "until", command: "true", required: true, timeout_secs: 60, scope: "task" } as const;
  const gate = { ...until, retries: 0, allow_fail: false, skip: false, output_fails: false, reports: [] };
  const ledger = ledgerOf([
    makeTask("first"),
    makeTask("second"),
    makeTask("loops", { loop: { run: "true", max_iterations: 2, until: gate } }),
    makeTask("late", { priority: -1 }),
  ], { workers: 1 });
  ask(ledger, "worker_joined", { worker: "w", slots: 1, mark: "m" });
  decideAll(ledger);
  assertEquals(keeps(ledger, "late"), ["workers: all 2 workers are busy, with first, second"]);
  assertEquals(keeps(ledger, "loops"), [
    "workers: the only worker of the controller, which alone runs it, is busy, with first",
  ]);
  ask(ledger, "worker_joined", { worker: "x", slots: 1, mark: "m" });
  ledger.add(decide(ledger.state, ledger.now));
  assertEquals(keeps(ledger, "late"), [], "what waits for the controller stands in nobody's way");
  assertEquals(claimed(decideAll(ledger)), ["late"]);
});

Deno.test("whatKeeps() tells which leave an agent at work waits for", () => {
  const ledger = ledgerOf([makeTask("a"), makeTask("b")]);
  decideAll(ledger);
  start(ledger, "a");
  ledger.add([draft("approval_requested", taskSubject("a"), "controller/1", {
    ...refOf(ledger, "a"),
    approval: "1",
    tool: "execute",
    detail: "run make",
    expires: ledger.now + 60_000,
  })]);
  const until = new Date(ledger.now + 60_000).toISOString();
  assertEquals(keeps(ledger, "a"), [
    `approval: its agent waits for leave (1), which is denied at ${until}: run make`,
  ]);
  assertEquals(keeps(ledger, "b"), []);
});

Deno.test("causeChain() goes the shortest way back to what ended by itself", () => {
  const ledger = ledgerOf([
    makeTask("root"),
    makeTask("a", { dependencies: ["root"] }),
    makeTask("b", { dependencies: ["a"] }),
    makeTask("near", { dependencies: ["b", "root"] }),
    makeTask("leaf", { dependencies: ["b"] }),
  ]);
  decideAll(ledger);
  end(ledger, "root", "exit", 3);
  decideAll(ledger);
  const chain = (id: string) => {
    const view = findTask(ledger.state, id);
    return view === undefined ? [] : causeChain(ledger.state, view).map(({ task_id }) => task_id);
  };
  assertEquals(chain("leaf"), ["b", "a", "root"]);
  assertEquals(chain("near"), ["root"]);
  assertEquals(chain("root"), []);
});
