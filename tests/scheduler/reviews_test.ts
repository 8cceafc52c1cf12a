import { assertEquals, assertMatch } from "@std/assert";
import type { ReviewFinding } from "../../src/log/kinds.ts";
import type { TaskSpec } from "../../src/plan/spec.ts";
import { draft, taskSubject } from "../../src/log/event.ts";
import { isQuiet } from "../../src/scheduler/decide.ts";
import { whatKeeps } from "../../src/scheduler/explain.ts";
import { findTask } from "../../src/scheduler/run_state.ts";
import { settleConflict } from "../../src/scheduler/settle.ts";
import { makeTask } from "../run/fixture.ts";
import {
  ask,
  claimed,
  decideAll,
  end,
  foldsAgain,
  land,
  ledgerOf,
  OID,
  refOf,
  review,
  start,
  stateOf,
  states,
  work,
} from "./steps.ts";

const BLOCKS: ReviewFinding = { severity: "blocking", message: "wrong" };

function reviewOf(
  id: string,
  of: readonly string[],
  changes: Partial<TaskSpec> = {},
  max_rounds = 2,
): TaskSpec {
  const { run: _, ...rest } = makeTask(id, { dependencies: of, write_set: [], ...changes });
  return { ...rest, agent: "a", review: { of, rubric: { name: "code", text: "Look" }, max_rounds } };
}

Deno.test("P4, P7: work is merged once every review of it has passed, and reviews are completed with it", () => {
  const tasks = [
    makeTask("a"),
    reviewOf("r", ["a"]),
    reviewOf("s", ["a"]),
    makeTask("next", { dependencies: ["r"] }),
  ];
  const ledger = ledgerOf(tasks, { workers: 4 });
  assertEquals(claimed(decideAll(ledger)), ["a"]);
  work(ledger, "a");
  assertEquals(claimed(decideAll(ledger)), ["r", "s"]);
  assertEquals(ledger.state.run.merge, null);
  // A reviewer of one attempt stands on its work.
  assertEquals(findTask(ledger.state, "r")?.task.base, OID);
  review(ledger, "r", [{ severity: "warning", message: "hm" }]);
  assertEquals(decideAll(ledger).map(({ kind }) => kind), ["task_reviewed"]);
  assertEquals(states(ledger), "a finished, r finished, s claimed, next pending");
  const view = findTask(ledger.state, "a");
  assertEquals(view && whatKeeps(ledger.state, view, ledger.now).map(({ code, tasks }) => [code, tasks]), [
    ["review", ["s"]],
  ]);
  review(ledger, "s");
  assertEquals(decideAll(ledger).map(({ kind }) => kind), ["task_reviewed", "merge_started"]);
  assertEquals(stateOf(ledger, "next"), "pending");
  land(ledger, "a");
  assertEquals(claimed(decideAll(ledger)), ["next"]);
  assertEquals(states(ledger), "a completed, r completed, s completed, next claimed");
  foldsAgain(ledger, tasks);
});

Deno.test("P3, P8: what blocks goes back as often as the review allows, and fails after that", () => {
  const tasks = [makeTask("a"), reviewOf("r", ["a"]), makeTask("next", { dependencies: ["a"] })];
  const ledger = ledgerOf(tasks);
  for (const round of [1, 2, 3]) {
    assertEquals(claimed(decideAll(ledger)), ["a"]);
    work(ledger, "a");
    assertEquals(claimed(decideAll(ledger)), ["r"], `round ${round}`);
    review(ledger, "r", [BLOCKS, { severity: "note", message: "x" }]);
  }
  decideAll(ledger);
  assertEquals(states(ledger), "a failed, r blocked, next blocked");
  assertMatch(
    findTask(ledger.state, "a")?.task.reason ?? "",
    /found what blocks it: wrong; it had been sent back 2 times/,
  );
  assertEquals(isQuiet(ledger.state), true);
  const told = ledger.events.flatMap((each) => each.kind === "task_reviewed" ? [each.payload] : []);
  assertEquals(told.map(({ round, verdict, findings }) => [round, verdict, findings.length]), [
    [1, "blocked", 2],
    [2, "blocked", 2],
    [3, "blocked", 2],
  ]);
  // None of them is a retry of its own policy.
  assertEquals(findTask(ledger.state, "a")?.task.retry_count, 0);
  ask(ledger, "retry_requested", { task_id: "a", reason: "again" });
  decideAll(ledger);
  assertEquals(states(ledger), "a claimed, r pending, next pending");
  assertEquals(findTask(ledger.state, "a")?.task.review_count, undefined);
  foldsAgain(ledger, tasks);
});

Deno.test("findings send back what they concern, by name, by path, or all; what has passed is merged", () => {
  const tasks = [
    makeTask("a", { write_set: ["a/**"] }),
    makeTask("b", { write_set: ["b/**"] }),
    makeTask("c", { write_set: ["c/**"] }),
    reviewOf("r", ["a", "b", "c"]),
  ];
  const verdicts = (findings: readonly ReviewFinding[]) => {
    const ledger = ledgerOf(tasks, { workers: 4 });
    decideAll(ledger);
    for (const id of ["a", "b", "c"]) work(ledger, id);
    assertEquals(claimed(decideAll(ledger)), ["r"]);
    review(ledger, "r", findings);
    decideAll(ledger);
    foldsAgain(ledger, tasks);
    return ["a", "b", "c"].map((id) => stateOf(ledger, id)).join(" ");
  };
  assertEquals(verdicts([]), "finished finished finished");
  assertEquals(verdicts([{ ...BLOCKS, task: "b" }]), "finished claimed finished");
  assertEquals(verdicts([{ ...BLOCKS, path: "c/x.ts" }]), "finished finished claimed");
  assertEquals(verdicts([{ ...BLOCKS, task: "a", path: "c/x.ts" }]), "claimed finished finished");
  assertEquals(verdicts([BLOCKS]), "claimed claimed claimed");
  assertEquals(
    verdicts([{ ...BLOCKS, path: "elsewhere" }, { ...BLOCKS, task: "nobody" }]),
    "claimed claimed claimed",
  );
  assertEquals(verdicts([{ severity: "warning", message: "x", task: "a" }]), "finished finished finished");
});

Deno.test("reviews that block the same work are both told, and send it back once", () => {
  const tasks = [makeTask("a"), reviewOf("r", ["a"]), reviewOf("s", ["a"], {}, 0)];
  const ledger = ledgerOf(tasks, { workers: 4 });
  decideAll(ledger);
  work(ledger, "a");
  decideAll(ledger);
  review(ledger, "r", [BLOCKS]);
  review(ledger, "s", [BLOCKS]);
  const kinds = decideAll(ledger).map(({ kind, subject }) => `${kind} ${subject}`);
  assertEquals(kinds, [
    "task_reviewed task/a",
    "task_reviewed task/a",
    "task_failed task/a",
    "retry_scheduled task/r",
    "retry_scheduled task/s",
    "task_blocked task/r",
    "task_blocked task/s",
  ]);
  // The one that allows no round decides.
  assertEquals(findTask(ledger.state, "a")?.task.reason, 'review "s" found what blocks it: wrong');
  foldsAgain(ledger, tasks);
});

Deno.test("P3: a slow review says nothing of an attempt that began after it", () => {
  const tasks = [makeTask("a"), reviewOf("slow", ["a"]), reviewOf("s", ["a"])];
  const ledger = ledgerOf(tasks, { workers: 4 });
  decideAll(ledger);
  work(ledger, "a");
  assertEquals(claimed(decideAll(ledger)), ["slow", "s"]);
  review(ledger, "s", [BLOCKS]);
  assertEquals(claimed(decideAll(ledger)), ["a"]);
  work(ledger, "a");
  assertEquals(claimed(decideAll(ledger)), ["s"]);
  review(ledger, "slow");
  assertEquals(claimed(decideAll(ledger)), ["slow"]);
  assertEquals(findTask(ledger.state, "a")?.task.passed_reviews, undefined);
  for (const id of ["slow", "s"]) review(ledger, id);
  decideAll(ledger);
  assertEquals(ledger.state.run.merge?.task_id, "a");
  foldsAgain(ledger, tasks);
});

Deno.test("what came back after its review had passed is reviewed again, and only that", () => {
  const tasks = [makeTask("a"), makeTask("b"), reviewOf("r", ["a", "b"])];
  const ledger = ledgerOf(tasks);
  decideAll(ledger);
  for (const id of ["a", "b"]) work(ledger, id);
  decideAll(ledger);
  review(ledger, "r");
  decideAll(ledger);
  assertEquals(ledger.state.run.merge?.task_id, "a");
  const conflict = { head: "b".repeat(40), paths: ["x"], detail: "" };
  ledger.add(settleConflict(ledger.state, refOf(ledger, "a"), conflict, ledger.now));
  const drafts = decideAll(ledger);
  assertEquals(claimed(drafts), ["a"]);
  assertEquals([stateOf(ledger, "r"), ledger.state.run.merge?.task_id], ["pending", "b"]);
  land(ledger, "b");
  work(ledger, "a");
  assertEquals(claimed(decideAll(ledger)), ["r"]);
  review(ledger, "r");
  decideAll(ledger);
  land(ledger, "a");
  decideAll(ledger);
  assertEquals(states(ledger), "a completed, b completed, r completed");
  const told = ledger.events.flatMap((each) => each.kind === "task_reviewed" ? [each.payload.task_id] : []);
  assertEquals(told, ["a", "b", "a"]);
  foldsAgain(ledger, tasks);
});

Deno.test("P9: a review that fails keeps its work out of the head and ends the run; tried again it goes on with the same work", () => {
  const same = { write_set: ["x/**"] };
  const tasks = [makeTask("a", same), reviewOf("r", ["a"]), makeTask("rival", same)];
  const ledger = ledgerOf(tasks, { workers: 4 });
  assertEquals(claimed(decideAll(ledger)), ["a"]);
  work(ledger, "a");
  decideAll(ledger);
  end(ledger, "r", "refused");
  assertEquals(decideAll(ledger), []);
  // The rival needs what the held work holds, and nobody will let go of it.
  assertEquals(states(ledger), "a finished, r failed, rival pending");
  assertEquals(isQuiet(ledger.state), true);
  ask(ledger, "retry_requested", { task_id: "r", reason: "again" });
  assertEquals(claimed(decideAll(ledger)), ["r"]);
  review(ledger, "r");
  decideAll(ledger);
  land(ledger, "a");
  assertEquals(claimed(decideAll(ledger)), ["rival"]);
  assertEquals(findTask(ledger.state, "a")?.task.attempt, 1);
  foldsAgain(ledger, tasks);
});

Deno.test("P7: the fold takes no merge that its reviews have not passed, and no verdict that is none", () => {
  const ledger = ledgerOf([makeTask("a"), reviewOf("r", ["a"]), makeTask("b")], { workers: 4 });
  decideAll(ledger);
  work(ledger, "a");
  const merge = { head: "b".repeat(40), base: "b".repeat(40), pin: OID, date: ledger.now };
  const actor = "controller/1";
  const refused = (add: () => void) => {
    const before = ledger.state.run.violations.length;
    add();
    return ledger.state.run.violations.at(before)?.why;
  };
  assertEquals(
    refused(() =>
      ledger.add([draft("merge_started", taskSubject("a"), actor, { ...refOf(ledger, "a"), ...merge })])
    ),
    'review "r" has not passed the work of "a"',
  );
  const verdict = { round: 1, verdict: "passed" as const, findings: [] };
  const by = (id: string) => ({ ...refOf(ledger, "a"), ...verdict, review: refOf(ledger, id) });
  work(ledger, "b");
  assertEquals(
    refused(() => ledger.add([draft("task_reviewed", taskSubject("a"), actor, by("b"))])),
    'task "b" is no review of "a"',
  );
  decideAll(ledger);
  assertEquals(
    refused(() => ledger.add([draft("task_reviewed", taskSubject("a"), actor, by("r"))])),
    'task "r" is claimed',
  );
  assertEquals(findTask(ledger.state, "a")?.task.passed_reviews, undefined);
});

Deno.test("a task whose attempt failed or was cancelled takes its review with it", () => {
  const failed = ledgerOf([
    makeTask("a", { retry_policy: { ...makeTask("x").retry_policy, terminal_on_permanent_failure: false } }),
    reviewOf("r", ["a"]),
  ]);
  decideAll(failed);
  end(failed, "a", "exit");
  decideAll(failed);
  // That dependents may go on without it says nothing of a review.
  assertEquals(states(failed), "a failed, r blocked");
  const cancelled = ledgerOf([makeTask("a"), reviewOf("r", ["a"])]);
  decideAll(cancelled);
  work(cancelled, "a");
  decideAll(cancelled);
  start(cancelled, "r");
  ask(cancelled, "cancel_requested", { task_id: "a", reason: "no" });
  decideAll(cancelled);
  assertEquals(stateOf(cancelled, "a"), "cancelled");
  assertEquals(findTask(cancelled.state, "r")?.task.cancel_request !== null, true);
});
