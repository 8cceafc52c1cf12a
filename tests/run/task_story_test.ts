import { assertEquals } from "@std/assert";
import { draft } from "../../src/log/event.ts";
import type { OnStall } from "../../src/plan/spec.ts";
import { apply } from "../../src/run/state.ts";
import { TaskStory } from "../../src/run/task_story.ts";
import { createRunState } from "../../src/scheduler/run_state.ts";
import { settleAttempt } from "../../src/scheduler/settle.ts";
import { makeOutcome, makeTask } from "./fixture.ts";
import { ask, decideAll, end, ledgerOf, refOf, start } from "../scheduler/steps.ts";
import type { Ledger } from "./fixture.ts";

/** What the log of a run tells of a task. */
function story(ledger: Ledger, id: string): readonly string[] {
  const told = new TaskStory(id);
  const state = createRunState(ledger.state.plan);
  for (const event of ledger.events) {
    apply(state, event);
    told.take(event, state);
  }
  return told.points.map(({ what, text }) => `${what}: ${text}`);
}

Deno.test("TaskStory tells when a task was ready, what kept it, and how each attempt ended", () => {
  const policy = { ...makeTask("b").retry_policy, max_attempts: 1, backoff_seconds: 0 };
  const ledger = ledgerOf([
    makeTask("a"),
    makeTask("other", { priority: 1 }),
    makeTask("b", { dependencies: ["a"], retry_policy: policy, retry_declared: true }),
  ], { workers: 1 });
  decideAll(ledger);
  end(ledger, "other", "success");
  decideAll(ledger);
  end(ledger, "a", "success");
  decideAll(ledger);
  end(ledger, "b", "exit");
  decideAll(ledger);
  end(ledger, "b", "exit");
  assertEquals(story(ledger, "a").slice(0, 2), [
    "ready: it depends on nothing, so it was ready from the start",
    "task_claimed: attempt 1 was given to worker local; until then the only worker is busy, with other",
  ]);
  assertEquals(story(ledger, "b"), [
    "ready: its dependencies allowed it to start, by all_success: a (completed at 03:04:05)",
    "task_claimed: attempt 1 was given to worker local",
    "task_started: its body started as process 1",
    "retry_scheduled: exited with 1 (after 0.0 s): retry 1 of at most 1, at once",
    "task_claimed: attempt 2 was given to worker local",
    "task_started: its body started as process 1",
    "task_failed: it failed for good: exited with 1 (after 0.0 s); its one retry is used up",
  ]);
});

Deno.test("TaskStory tells who cancelled a task, and what it took with it", () => {
  const ledger = ledgerOf([
    makeTask("a", { priority: 1 }),
    makeTask("b"),
    makeTask("c", { dependencies: ["b"] }),
  ], { workers: 1 });
  decideAll(ledger);
  ask(ledger, "cancel_requested", { task_id: "b", reason: "not now" });
  decideAll(ledger);
  assertEquals(story(ledger, "b").slice(-2), [
    "cancel_requested: cli/2 asked to cancel it: not now",
    "task_cancelled: it was cancelled: not now, as cli/2 asked to cancel it",
  ]);
  assertEquals(story(ledger, "c"), [
    'task_cancelled: it was cancelled: depends on "b", which is cancelled: not now, as cli/2 asked to cancel b',
  ]);
});

Deno.test("TaskStory tells the task that proposed others which of them were refused", () => {
  const ledger = ledgerOf([makeTask("a"), makeTask("b")]);
  const refused = { proposed_by: { task_id: "a", attempt: 1, token: 1 }, reason: "not in this plan" };
  ledger.add([
    draft("task_rejected", "task/a", "controller/1", { ...refused, task_id: "more", proposal: 0 }),
    draft("task_rejected", "task/a", "controller/1", { ...refused, task_id: "b", proposal: 1 }),
    draft("task_rejected", "task/a", "controller/1", { ...refused, task_id: "a", proposal: 2 }),
  ]);
  assertEquals(story(ledger, "a").slice(-3), [
    "task_rejected: its proposal more was refused: not in this plan",
    "task_rejected: its proposal b was refused: not in this plan",
    "task_rejected: a proposal was refused: not in this plan",
  ]);
  assertEquals(story(ledger, "b").filter((each) => each.startsWith("task_rejected")), []);
});

Deno.test("TaskStory tells of stalls, and why an attempt was ended for one", () => {
  const reason = "neither output nor CPU time for 60 s";
  const told = (on_stall: OnStall) => {
    const ledger = ledgerOf([makeTask("a", { on_stall })]);
    decideAll(ledger);
    start(ledger, "a");
    const { task_id, attempt, token } = refOf(ledger, "a");
    const ref = { task_id, attempt, token };
    ledger.add([
      draft("worker_stalled", "task/a", "controller/1", { worker: "local", ...ref, since: 0, reason }),
    ]);
    if (on_stall === "warn") {
      ledger.add([draft("worker_recovered", "task/a", "controller/1", { worker: "local", attempt: ref })]);
    }
    const outcome = makeOutcome("stalled", { detail: reason, duration_ms: 0 });
    ledger.add(settleAttempt(ledger.state, ref, outcome, [], ledger.now));
    return story(ledger, "a").slice(3);
  };
  assertEquals(told("kill"), [
    `worker_stalled: it is stalled: ${reason}; its on_stall is kill, so it is ended for good`,
    `task_failed: it failed for good: made no progress: ${reason}; its on_stall is kill`,
  ]);
  assertEquals(told("retry"), [
    `worker_stalled: it is stalled: ${reason}; its on_stall is retry, so it is ended`,
    `task_failed: it failed for good: made no progress: ${reason}; its plan allows no retry`,
  ]);
  assertEquals(told("warn").slice(0, 2), [
    `worker_stalled: it is stalled: ${reason}; its on_stall is warn, so it may go on`,
    "worker_recovered: it makes progress again",
  ]);
});
