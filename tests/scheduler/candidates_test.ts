import { assertEquals, assertMatch } from "@std/assert";
import { draft, type EventDraft, taskSubject } from "../../src/log/event.ts";
import type { AttemptsSpec, TaskSpec } from "../../src/plan/spec.ts";
import { isQuiet } from "../../src/scheduler/decide.ts";
import { findTask } from "../../src/scheduler/run_state.ts";
import { settleAttempt, settleConflict } from "../../src/scheduler/settle.ts";
import { unwantedEnd } from "../../src/scheduler/wanted.ts";
import { runStatus } from "../../src/proof/status.ts";
import { type Ledger, makeOutcome, makeTask } from "../run/fixture.ts";
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
  start,
  stateOf,
  states,
  work,
} from "./steps.ts";

/** A task with three candidates, as the plan holds it. */
function best(
  id: string,
  pick: AttemptsSpec["pick"] = "first-passing",
  changes: Partial<TaskSpec> = {},
): TaskSpec[] {
  const ids = [1, 2, 3].map((at) => `${id}.${at}`);
  return [
    ...ids.map((each) => makeTask(each, { write_set: ["src/**"], ...changes, candidate_of: id })),
    makeTask(id, {
      write_set: ["src/**"],
      ...changes,
      dependencies: ids,
      trigger_rule: "one_success",
      attempts: { pick, candidates: ids },
    }),
  ];
}

/** The body that has started ends well. */
function finish(ledger: Ledger, id: string): void {
  ledger.add(settle(ledger, id));
}

function settle(ledger: Ledger, id: string) {
  return settleAttempt(ledger.state, refOf(ledger, id), makeOutcome("success"), [], ledger.now);
}

Deno.test("P3, P4, P5: the first candidate whose work is done is merged alone, and completes the task", () => {
  const tasks = [
    ...best("a"),
    makeTask("next", { dependencies: ["a"] }),
    makeTask("rival", { write_set: ["src/x"] }),
  ];
  const ledger = ledgerOf(tasks, { workers: 4 });
  // Candidates share their sets with each other, and with nobody else.
  assertEquals(claimed(decideAll(ledger)), ["a.1", "a.2", "a.3"]);
  start(ledger, "a.3");
  work(ledger, "a.2");
  assertEquals(decideAll(ledger).map(({ kind, subject }) => `${kind} ${subject}`), [
    "candidate_picked task/a",
    "merge_started task/a.2",
  ]);
  assertEquals(findTask(ledger.state, "a")?.task.picked?.task_id, "a.2");
  assertEquals(unwantedEnd(ledger.state, refOf(ledger, "a.3")), { reason: "cancelled", now: false });
  assertEquals(unwantedEnd(ledger.state, refOf(ledger, "a.1")), { reason: "cancelled", now: false });
  // What ends well all the same is not wanted any more.
  finish(ledger, "a.3");
  end(ledger, "a.1", "cancelled");
  land(ledger, "a.2");
  assertEquals(claimed(decideAll(ledger)), ["next", "rival"]);
  assertEquals(
    states(ledger),
    "a.1 cancelled, a.2 completed, a.3 cancelled, a completed, next claimed, rival claimed",
  );
  assertEquals(findTask(ledger.state, "a.3")?.task.reason, 'candidate "a.2" was picked');
  assertEquals(findTask(ledger.state, "a")?.task.commit, OID);
  for (const id of ["next", "rival"]) {
    work(ledger, id);
    decideAll(ledger);
    land(ledger, id);
  }
  decideAll(ledger);
  assertEquals([isQuiet(ledger.state), runStatus(ledger.state)], [true, "passed"]);
  foldsAgain(ledger, tasks);
});

Deno.test("the smallest patch is picked once nothing more can come; of equal ones the first in the plan", () => {
  const tasks = best("a", "smallest-diff");
  const winner = (sizes: readonly (number | null)[]) => {
    const ledger = ledgerOf(tasks, { workers: 4 });
    decideAll(ledger);
    for (const [at, bytes] of sizes.entries()) {
      if (at > 0) assertEquals(decideAll(ledger), [], "nobody is picked while one is at work");
      const id = `a.${at + 1}`;
      if (bytes === null) end(ledger, id, "exit");
      else work(ledger, id, bytes);
    }
    decideAll(ledger);
    foldsAgain(ledger, tasks);
    return findTask(ledger.state, "a")?.task.picked?.task_id;
  };
  assertEquals(winner([30, 20, 25]), "a.2");
  assertEquals(winner([30, 20, 20]), "a.2");
  assertEquals(winner([null, 20, 10]), "a.3");
  assertEquals(winner([null, null, 10]), "a.3");
  assertEquals(winner([null, null, null]), undefined);
});

Deno.test("a task fails with the last of its candidates, and on_failure takes notice only then", () => {
  const tasks = [...best("a"), makeTask("next", { dependencies: ["a"] }), makeTask("other")];
  const ledger = ledgerOf(tasks, { workers: 3, on_failure: "no-new" });
  decideAll(ledger);
  end(ledger, "a.1", "exit");
  assertEquals(claimed(decideAll(ledger)), ["other"]);
  end(ledger, "other", "cancelled");
  end(ledger, "a.2", "exit");
  end(ledger, "a.3", "exit");
  decideAll(ledger);
  assertEquals(
    states(ledger),
    "a.1 failed, a.2 failed, a.3 failed, a blocked, next blocked, other cancelled",
  );
  assertEquals(ledger.state.index.failures, 1);
  assertEquals(runStatus(ledger.state), "not_ready");
  // Tried again, it competes alone, and completes the task.
  ask(ledger, "retry_requested", { task_id: "a.2", reason: "again" });
  assertEquals(claimed(decideAll(ledger)), ["a.2"]);
  work(ledger, "a.2");
  decideAll(ledger);
  land(ledger, "a.2");
  decideAll(ledger);
  assertMatch(states(ledger), /a\.2 completed, a\.3 failed, a completed/);
  foldsAgain(ledger, tasks);
});

Deno.test("P3: a candidate that was picked stays it through a conflict; one that changed nothing needs no merge", () => {
  const tasks = best("a");
  const ledger = ledgerOf(tasks, { workers: 1 });
  decideAll(ledger);
  work(ledger, "a.1");
  decideAll(ledger);
  assertEquals(states(ledger), "a.1 finished, a.2 cancelled, a.3 cancelled, a pending");
  const conflict = { head: "b".repeat(40), paths: ["x"], detail: "" };
  ledger.add(settleConflict(ledger.state, refOf(ledger, "a.1"), conflict, ledger.now));
  assertEquals(claimed(decideAll(ledger)), ["a.1"]);
  start(ledger, "a.1");
  finish(ledger, "a.1");
  decideAll(ledger);
  assertEquals([stateOf(ledger, "a.1"), stateOf(ledger, "a")], ["completed", "completed"]);
  assertEquals(isQuiet(ledger.state), true);
  foldsAgain(ledger, tasks);
});

Deno.test("P5, P9: candidates that wait for somebody else's paths start together once these are free", () => {
  const tasks = [
    makeTask("holder", { write_set: ["src/**"], priority: 1 }),
    ...best("a", "smallest-diff"),
    makeTask("other", { write_set: ["src/y"], priority: -1 }),
  ];
  const ledger = ledgerOf(tasks, { workers: 2 });
  assertEquals(claimed(decideAll(ledger)), ["holder"]);
  work(ledger, "holder");
  decideAll(ledger);
  land(ledger, "holder");
  assertEquals(claimed(decideAll(ledger)), ["a.1", "a.2"]);
  // The third one waits for a worker, not for its rivals, whose sets keep others out until one of them is merged.
  work(ledger, "a.1", 5);
  assertEquals(claimed(decideAll(ledger)), ["a.3"]);
  work(ledger, "a.2", 6);
  assertEquals(claimed(decideAll(ledger)), []);
  work(ledger, "a.3", 7);
  decideAll(ledger);
  assertEquals(stateOf(ledger, "other"), "pending");
  land(ledger, "a.1");
  assertEquals(claimed(decideAll(ledger)), ["other"]);
  foldsAgain(ledger, tasks);
});

Deno.test("P9: what comes between two candidates and may not run beside them keeps neither waiting", () => {
  const [first = makeTask("a.1"), ...others] = best("a", "smallest-diff");
  const tasks = [
    makeTask("holder", { write_set: ["src/**"], priority: 9 }),
    { ...first, priority: 2 },
    ...others,
    makeTask("between", { write_set: ["src/**"], priority: 1 }),
  ];
  const ledger = ledgerOf(tasks, { workers: 4 });
  assertEquals(claimed(decideAll(ledger)), ["holder"]);
  work(ledger, "holder");
  decideAll(ledger);
  land(ledger, "holder");
  assertEquals(claimed(decideAll(ledger)).toSorted(), ["a.1", "a.2", "a.3"]);
  foldsAgain(ledger, tasks);
});

Deno.test("P7: the fold takes no merge of a candidate that was not picked, and no second pick", () => {
  const ledger = ledgerOf([...best("a"), makeTask("b")], { workers: 4 });
  decideAll(ledger);
  work(ledger, "a.1");
  work(ledger, "a.2");
  work(ledger, "b");
  const why = (kind: Parameters<typeof draft>[0], payload: object) => {
    const before = ledger.state.run.violations.length;
    // A kind with its own payload is a draft; the compiler cannot see that for a kind that is a parameter.
    ledger.add([{ kind, subject: "run", actor: "controller/1", payload } as unknown as EventDraft]);
    return ledger.state.run.violations.at(before)?.why;
  };
  const merge = { head: "b".repeat(40), base: "b".repeat(40), pin: OID, date: ledger.now };
  assertEquals(why("merge_started", { ...refOf(ledger, "a.1"), ...merge }), 'candidate "a.1" was not picked');
  const pickOf = (id: string) => ({ task_id: "a", picked: refOf(ledger, id), reason: "" });
  assertEquals(why("candidate_picked", pickOf("b")), 'task "b" is no candidate for "a"');
  assertEquals(why("candidate_picked", pickOf("a.3")), 'task "a.3" is claimed');
  assertEquals(why("candidate_picked", pickOf("a.2")), undefined);
  assertEquals(why("candidate_picked", pickOf("a.1")), 'the best candidate for "a" is picked already');
  const done = { ...refOf(ledger, "a.2"), task_id: "a", picked: "a.2", commit: null, tree: null };
  assertEquals(why("task_completed", done), 'candidate "a.2" is not completed');
  assertEquals(why("task_completed", { ...done, picked: "a.1" }), 'candidate "a.1" was not picked');
});

Deno.test("a candidate whose budget is used up at the moment of the pick is cancelled, and waits for nothing", () => {
  const { retry_policy } = makeTask("a");
  const limits = { budget: { usd: 1 }, retry_policy: { ...retry_policy, max_attempts: 2 } };
  const tasks = best("a", "first-passing", limits);
  const ledger = ledgerOf(tasks, { workers: 3 });
  decideAll(ledger);
  start(ledger, "a.2");
  const ref = refOf(ledger, "a.2");
  const usage = { metric: "usd", amount: 2, quality: "measured" } as const;
  ledger.add([draft("usage_recorded", taskSubject("a.2"), "controller/1", { ...ref, ...usage })]);
  // The end of one and the work of another come into the log before anything is decided.
  ledger.add(settleAttempt(ledger.state, ref, makeOutcome("signal"), [], ledger.now));
  assertEquals(stateOf(ledger, "a.2"), "pending");
  work(ledger, "a.1");
  decideAll(ledger);
  assertEquals(stateOf(ledger, "a.2"), "cancelled");
  foldsAgain(ledger, tasks);
});

Deno.test("a task that is cancelled takes its candidates with it", () => {
  const tasks = best("a", "smallest-diff");
  const ledger = ledgerOf(tasks, { workers: 1 });
  decideAll(ledger);
  work(ledger, "a.1", 3);
  ask(ledger, "cancel_requested", { task_id: "a", reason: "no" });
  decideAll(ledger);
  assertEquals(states(ledger), "a.1 cancelled, a.2 cancelled, a.3 cancelled, a cancelled");
  assertEquals(isQuiet(ledger.state), true);
});
