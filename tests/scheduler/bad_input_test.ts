/** Plans that are made to hurt, in the scheduler: what they cost grows with their size, and nothing hangs. */

import { assert, assertEquals } from "@std/assert";
import { decide, isQuiet } from "../../src/scheduler/decide.ts";
import { findTask } from "../../src/scheduler/run_state.ts";
import { makeTask } from "../run/fixture.ts";
import { ask, claimed, decideAll, end, ledgerOf, stateOf } from "./steps.ts";

/** Runs everything to its end, each task with success; returns the largest number of tasks that were at work at once. */
function runAll(ledger: ReturnType<typeof ledgerOf>): number {
  let most = 0;
  for (let ids = claimed(decideAll(ledger)); ids.length > 0; ids = claimed(decideAll(ledger))) {
    most = Math.max(most, ids.length);
    for (const id of ids) end(ledger, id, "success");
  }
  return most;
}

const COUNT = 10_000;

for (
  const [what, setOf] of [
    ["one file", () => ["CHANGELOG.md"]],
    ["one file and one of its own", (at: number) => ["CHANGELOG.md", `src/f${at}.ts`]],
    ["everything, each by another glob", (at: number) => [`**/{a,b${at}}`]],
  ] as const
) {
  Deno.test(`P5: ten thousand tasks that write ${what} run one after the other, and each decision stays cheap`, () => {
    const tasks = Array.from({ length: COUNT }, (_, at) => makeTask(`t${at}`, { write_set: setOf(at) }));
    const ledger = ledgerOf(tasks, { workers: 8 });
    assertEquals(runAll(ledger), 1);
    assertEquals(ledger.state.index.count("completed"), COUNT);
  });
}

Deno.test("ten thousand tasks with sets of their own in one pool of one place run one after the other", () => {
  const tasks = Array.from(
    { length: COUNT },
    (_, at) => makeTask(`t${at}`, { pool: "p", write_set: [`f${at}`] }),
  );
  const ledger = ledgerOf(tasks, { workers: 8, pools: { p: 1 } });
  assertEquals(runAll(ledger), 1);
});

Deno.test("a chain that fails at its first task is blocked and reopened as a whole, without recursion", () => {
  const tasks = Array.from(
    { length: 100_000 },
    (_, at) => makeTask(`t${at}`, { dependencies: at === 0 ? [] : [`t${at - 1}`] }),
  );
  const ledger = ledgerOf(tasks);
  decideAll(ledger);
  end(ledger, "t0", "exit");
  const blocked = decide(ledger.state, ledger.now);
  assertEquals(blocked.length, tasks.length - 1);
  assert(blocked.every(({ kind }) => kind === "task_blocked"));
  ledger.add(blocked);
  ask(ledger, "retry_requested", { task_id: "t0", reason: "again" });
  assertEquals(claimed(decideAll(ledger)), ["t0"]);
  assertEquals(stateOf(ledger, "t99999"), "pending");
});

Deno.test("tasks named like the properties of objects are scheduled like any other", () => {
  const ids = ["constructor", "toString", "hasOwnProperty"];
  const tasks = ids.map((id, at) => makeTask(id, { dependencies: ids.slice(0, at), pool: "valueOf" }));
  const ledger = ledgerOf(tasks, { pools: { valueOf: 1 } });
  runAll(ledger);
  assertEquals(ids.map((id) => stateOf(ledger, id)), ["completed", "completed", "completed"]);
  assertEquals(findTask(ledger.state, "__proto__"), undefined);
});

Deno.test("a stored policy that no plan may hold gives a delay within its cap, and the run an end", () => {
  const policy = {
    ...makeTask("a").retry_policy,
    max_attempts: 3,
    backoff_seconds: 1e308,
    backoff_multiplier: 1e308,
  };
  const ledger = ledgerOf([makeTask("a", { retry_policy: policy, retry_declared: true })]);
  for (let attempt = 1; attempt <= 4; attempt++) {
    assertEquals(claimed(decideAll(ledger)), ["a"]);
    end(ledger, "a", "exit");
    ledger.now += policy.max_backoff_seconds * 1000;
  }
  assertEquals(stateOf(ledger, "a"), "failed");
  assert(isQuiet(ledger.state));
});
