/** The bugs of the earlier omk's scheduler that a test can show: none of them is here. */

import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import type { RunEvent } from "../../src/log/event.ts";
import { startRunClock } from "../../src/log/run_clock.ts";
import { conflicts } from "../../src/plan/path_set.ts";
import { planInput } from "../../src/plan/schema.ts";
import type { TaskSpec } from "../../src/plan/spec.ts";
import { applyAll } from "../../src/run/state.ts";
import { decide } from "../../src/scheduler/decide.ts";
import { whatKeeps } from "../../src/scheduler/explain.ts";
import { readLegacyTask } from "./legacy_task.ts";
import { backoffMs } from "../../src/scheduler/retry.ts";
import { createRunState, findTask, runStateJson } from "../../src/scheduler/run_state.ts";
import { settleAttempt } from "../../src/scheduler/settle.ts";
import { messagesOf, taskOf } from "../plan/fixture.ts";
import { makeOutcome, makePlan, makeTask } from "../run/fixture.ts";
import { Rig } from "../run/rig.ts";
import { VirtualClock } from "../run/virtual_clock.ts";
import { ask, claimed, decideAll, end, ledgerOf, refOf, start, stateOf } from "../scheduler/steps.ts";

/** The messages about two tasks, the first with these fields. */
function refusals(fields: object): Promise<string[]> {
  return messagesOf({ tasks: [{ id: "a", run: "true", ...fields }, { id: "b", run: "true" }] });
}

/** A task whose failures are retried so often. */
function retried(id: string, max_attempts: number, overrides: Partial<TaskSpec> = {}): TaskSpec {
  const policy = { ...makeTask(id).retry_policy, max_attempts };
  return makeTask(id, { retry_policy: policy, retry_declared: true, ...overrides });
}

function kindsOf(events: readonly RunEvent[], id: string): string[] {
  return events.filter(({ subject }) => subject === `task/${id}`).map(({ kind }) => kind);
}

Deno.test("002 bug 3.3.1: what failed, was cancelled or does not exist satisfies no dependency (P4)", async () => {
  for (const result of ["exit", "cancelled"] as const) {
    const ledger = ledgerOf([makeTask("dep"), makeTask("a", { dependencies: ["dep"] })]);
    decideAll(ledger);
    end(ledger, "dep", result);
    assertEquals(claimed(decideAll(ledger)), [], result);
  }
  assertEquals(await refusals({ dependencies: ["gone"] }), [
    'task "a": "dependencies" names "gone", which is no task of the plan',
  ]);
});

Deno.test("002 bug 3.3.2: max_attempts counts retries, and says so where it is described", () => {
  const ledger = ledgerOf([retried("a", 2)]);
  for (let execution = 1; execution <= 3; execution++) {
    decideAll(ledger);
    end(ledger, "a", "exit");
    ledger.now += 60_000;
  }
  assertEquals([stateOf(ledger, "a"), findTask(ledger.state, "a")?.task.attempt], ["failed", 3]);
  const described = JSON.stringify(
    planInput.shape.defaults.unwrap().shape.retry_policy.unwrap().shape.max_attempts.description,
  );
  assertMatch(described, /2 means up to 3 executions/);
});

Deno.test("002 bug 3.3.3: an explicit policy wins, the defaults too, and is written back as it was read", () => {
  const read = (fields: object) => readLegacyTask(JSON.stringify({ id: "a", ...fields })).spec;
  const theirDefault = { max_attempts: 2, backoff_seconds: 1, backoff_multiplier: 2.0 };
  assertEquals(read({ retry_policy: theirDefault, max_retries: 9 }).retry_policy.max_attempts, 2);
  const { max_attempts, backoff_seconds, backoff_multiplier } = read({ max_retries: 5 }).retry_policy;
  const written = read({ retry_policy: { max_attempts, backoff_seconds, backoff_multiplier } });
  assertEquals(written.retry_policy, read({ max_retries: 5 }).retry_policy);
});

Deno.test("002 bug 3.3.4: delays have a cap and jitter, and are numbers whatever the policy says", async () => {
  const policy = { ...makeTask("a").retry_policy, max_backoff_seconds: 60 };
  assertEquals(backoffMs(policy, "seed", "a", 1000), 60_000);
  const wild = [NaN, Infinity, -1, 0, 1e308];
  for (const backoff_seconds of wild) {
    for (const backoff_multiplier of wild) {
      for (const retry of [0, 1, 2, 1e6, Infinity]) {
        const delay = backoffMs({ ...policy, backoff_seconds, backoff_multiplier }, "seed", "a", retry);
        assert(Number.isSafeInteger(delay) && delay >= 0 && delay <= 60_000, `${delay} ms`);
      }
    }
  }
  const jittery = { ...policy, backoff_seconds: 10, jitter: 0.5 };
  const delays = ["a", "b", "c"].map((id) => backoffMs(jittery, "seed", id, 1));
  assertEquals(new Set(delays).size, 3);
  for (const delay of delays) assert(delay >= 5000 && delay <= 15_000);
  assertEquals(await refusals({ retry_policy: { backoff_multiplier: 0.5 } }), [
    'task "a": "retry_policy.backoff_multiplier" must be at least 1',
  ]);
});

Deno.test("002 bug 3.3.5: terminal_on_permanent_failure counts, and some failures are not worth a retry", () => {
  const tolerant = { ...makeTask("a").retry_policy, terminal_on_permanent_failure: false };
  const ledger = ledgerOf([
    makeTask("a", { retry_policy: tolerant }),
    makeTask("b", { dependencies: ["a"] }),
    retried("c", 5, { retry_declared: false }),
  ]);
  decideAll(ledger);
  end(ledger, "a", "exit");
  end(ledger, "c", "exit", 1);
  assertEquals(claimed(decideAll(ledger)), ["b"]);
  assertEquals(stateOf(ledger, "c"), "failed");
});

Deno.test("002 bug 3.3.6: a delay is no lease, and the run clock never goes back", () => {
  const ledger = ledgerOf([retried("a", 1)]);
  decideAll(ledger);
  end(ledger, "a", "exit");
  const task = findTask(ledger.state, "a")?.task;
  assertEquals([task?.lease_expires, task?.not_before], [null, ledger.now + 1000]);
  const wall = new VirtualClock();
  let back = 0;
  const clock = startRunClock({
    wall: () => wall.wall() - back,
    monotonic: () => wall.monotonic(),
    sleep: () => Promise.resolve(),
  }, wall.wall() + 5000);
  const before = clock.now();
  back = 3_600_000;
  assertEquals(clock.now(), before);
  assertNotEquals(clock.jump(), undefined);
});

Deno.test("002 bug 3.3.7: ids, other fields, self-dependencies and cycles are checked before anything runs", async () => {
  assertEquals(await refusals({ owner: "me" }), ['task "a": unknown field "owner"']);
  assertEquals(await refusals({ dependencies: ["a"] }), ['task "a": the task depends on itself']);
  const cycle = [["a", "b"], ["b", "a"]].map(([id, dep]) => ({ id, run: "true", dependencies: [dep] }));
  assertEquals(await messagesOf({ tasks: cycle }), ['task "a": the dependencies form a cycle: a -> b -> a']);
  assertEquals(readLegacyTask('{"id":"a","state":"failed","role":"x"}').spec.metadata, { role: "x" });
});

Deno.test("002 bug 3.3.8: a lease is renewed for as long as it takes, and a task that takes workers down is set aside", async () => {
  const long = new Rig(makePlan([makeTask("a")], { lease_secs: 10 }), {
    duration: () => 25_000,
  });
  assertEquals((await long.run()).status, "passed");
  assertEquals(findTask(long.state, "a")?.task.attempt, 1);
  const deadly = new Rig(makePlan([makeTask("a")]), { outcome: () => "lost" });
  await deadly.run();
  assertEquals([findTask(deadly.state, "a")?.task.state, deadly.attempts.get("a")?.ref.attempt], [
    "failed",
    3,
  ]);
});

Deno.test("002 bug 3.3.9: P3: a report of an attempt that was given up is refused, and told", () => {
  const ledger = ledgerOf([makeTask("a")]);
  decideAll(ledger);
  start(ledger, "a");
  const late = refOf(ledger, "a");
  ledger.now += 300_000;
  decideAll(ledger);
  for (const result of ["success", "exit"] as const) {
    const drafts = settleAttempt(ledger.state, late, makeOutcome(result), [], ledger.now);
    assertEquals(drafts.map(({ kind }) => kind), ["result_refused"]);
    ledger.add(drafts);
  }
  assertEquals(stateOf(ledger, "a"), "claimed");
});

Deno.test("002 bug 3.3.10: a cancellation ends running dependents too, each with a fact and a reason", async () => {
  const ledger = ledgerOf([
    makeTask("dep"),
    makeTask("other"),
    makeTask("a", { dependencies: ["dep", "other"], trigger_rule: "one_success" }),
  ], { workers: 3 });
  decideAll(ledger);
  end(ledger, "other", "success");
  assertEquals(claimed(decideAll(ledger)), ["a"]);
  ask(ledger, "cancel_requested", { task_id: "dep", reason: "no" });
  decideAll(ledger);
  assertNotEquals(findTask(ledger.state, "a")?.task.cancel_request, null, "what runs is asked to end");
  end(ledger, "a", "cancelled");
  const { state, owner, reason } = findTask(ledger.state, "a")?.task ?? {};
  assertEquals([state, owner, reason], ["cancelled", null, 'depends on "dep", which is cancelled: no']);
  assertEquals(await messagesOf({ tasks: [{ id: "a", run: "x" }, { id: "a", run: "y" }] }), [
    'task "a": the id "a" is already taken',
  ]);
});

Deno.test("002 bug 3.3.11: a lease ends its length after its claim", () => {
  const ledger = ledgerOf([makeTask("a")], { lease_secs: 300 });
  const [claim] = decideAll(ledger);
  assertEquals(claim?.kind === "task_claimed" && claim.payload.lease_expires, ledger.now + 300_000);
});

Deno.test("002 bug 3.3.12: who may start is known before a claim, a claim holds its sets at once, and hazards count", () => {
  const ledger = ledgerOf([
    makeTask("a", { write_set: ["src"] }),
    makeTask("reader", { read_set: ["src/x.ts"] }),
    makeTask("free"),
  ]);
  assertEquals(claimed(decideAll(ledger)), ["a", "free"], "the place of the one that waits is not lost");
  end(ledger, "free", "success");
  assertEquals(claimed(decideAll(ledger)), [], "a is claimed and has not started");
  end(ledger, "a", "success");
  assertEquals(claimed(decideAll(ledger)), ["reader"]);
});

Deno.test("002 bug 3.3.13: every end has its own kind, a retry is told as one, and two folds give the same bytes", () => {
  const ledger = ledgerOf([retried("a", 1), makeTask("b"), makeTask("c", { dependencies: ["b"] })]);
  decideAll(ledger);
  end(ledger, "a", "exit");
  ask(ledger, "cancel_requested", { task_id: "b", reason: "no" });
  decideAll(ledger);
  end(ledger, "b", "cancelled");
  decideAll(ledger);
  assertEquals(kindsOf(ledger.events, "a").at(-1), "retry_scheduled");
  assertEquals([kindsOf(ledger.events, "b").at(-1), kindsOf(ledger.events, "c").at(-1)], [
    "task_cancelled",
    "task_cancelled",
  ]);
  const again = applyAll(createRunState(ledger.state.plan), ledger.events);
  assertEquals(runStateJson(again), runStateJson(ledger.state));
});

Deno.test("002 bug 3.3.15: a place of a pool goes to one task, and a claim that was not written takes none", () => {
  const ids = ["a", "b", "c"];
  const ledger = ledgerOf(ids.map((id) => makeTask(id, { pool: "db" })), { workers: 3, pools: { db: 1 } });
  decideAll(ledger);
  end(ledger, "a", "success");
  // What is decided and never appended is decided again.
  assertEquals(claimed(decide(ledger.state, ledger.now)), ["b"]);
  assertEquals(claimed(decideAll(ledger)), ["b"]);
  assertEquals(ledger.state.index.poolUse("db"), 1);
});

Deno.test("002 bug 3.3.16: paths are compared by what they name, by one rule", async () => {
  const set = async (path: string) => (await taskOf({ write_set: [path] })).write_set;
  assertEquals(await set("./a"), await set("a"));
  assertEquals(await set("a//b/./c"), await set("a/b/c"));
  const conflict = (a: string, b: string) =>
    conflicts({ write_set: [a], read_set: [] }, { write_set: [b], read_set: [] });
  assertEquals([conflict("dir", "dir/file"), conflict("dir/file", "dir"), conflict("a", "a")], [
    true,
    true,
    true,
  ]);
  assertEquals([conflict("dir", "directory"), conflict("a/x", "b/x")], [false, false]);
});

Deno.test("002 bug 3.3.17: tasks in one directory that say nothing of what they write do not run at once", async () => {
  const inPlace = { run: "true", isolation: "none" };
  const first = await taskOf({ ...inPlace });
  const ledger = ledgerOf([{ ...first, id: "a" }, { ...first, id: "b" }], { workers: 2 });
  assertEquals(claimed(decideAll(ledger)), ["a"]);
  const second = findTask(ledger.state, "b");
  assert(second !== undefined);
  assertEquals(whatKeeps(ledger.state, second, ledger.now).map(({ code }) => code), ["path_sets"]);
});

Deno.test("002 bug 3.3.18: what waits gains on what is more urgent, so nothing starves", () => {
  const ledger = ledgerOf([
    makeTask("patient"),
    makeTask("now", { priority: 1 }),
    makeTask("later", { priority: 1, dependencies: ["now"] }),
  ], { workers: 1, lease_secs: 100_000 });
  assertEquals(claimed(decideAll(ledger)), ["now"]);
  ledger.now += 21 * 60_000;
  end(ledger, "now", "success");
  assertEquals(claimed(decideAll(ledger)), ["patient"]);
});
