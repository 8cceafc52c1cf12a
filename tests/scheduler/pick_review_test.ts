import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { draft, type EventDraft, taskSubject } from "../../src/log/event.ts";
import type { TaskSpec } from "../../src/plan/spec.ts";
import { runStatus } from "../../src/proof/status.ts";
import { isQuiet } from "../../src/scheduler/decide.ts";
import { whatKeeps } from "../../src/scheduler/explain.ts";
import { findTask } from "../../src/scheduler/run_state.ts";
import { settleAttempt } from "../../src/scheduler/settle.ts";
import { unwantedEnd } from "../../src/scheduler/wanted.ts";
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

/** A task with three candidates of which a review picks one, as the plan holds it. */
function best(id: string): TaskSpec[] {
  const ids = [1, 2, 3].map((at) => `${id}.${at}`);
  const { run: _, ...judge } = makeTask(`${id}.review`, { dependencies: ids, write_set: [] });
  const rubric = { name: "code", text: "Look" };
  return [
    ...ids.map((each) => makeTask(each, { write_set: ["src/**"], candidate_of: id })),
    {
      ...judge,
      agent: "a",
      trigger_rule: "all_done",
      review: { of: ids, rubric, max_rounds: 0, picks_for: id },
    },
    makeTask(id, {
      write_set: ["src/**"],
      dependencies: ids,
      trigger_rule: "one_success",
      attempts: { pick: "review", candidates: ids, review: judge.id },
    }),
  ];
}

/** The review that is claimed starts and names a candidate. */
function judge(ledger: Ledger, task_id: string): void {
  start(ledger, "a.review");
  const outcome = makeOutcome("success", { pick: { task_id, why: "short" } });
  ledger.add(settleAttempt(ledger.state, refOf(ledger, "a.review"), outcome, [], ledger.now));
}

function steps(drafts: readonly EventDraft[]): string[] {
  return drafts.map(({ kind, subject }) => `${kind} ${subject.replace("task/", "")}`);
}

Deno.test("P3, P5, P7: a review looks at all that have passed once nothing more comes, and what it names is merged alone", () => {
  const tasks = [...best("a"), makeTask("rival", { write_set: ["src/x"] })];
  const ledger = ledgerOf(tasks, { workers: 4 });
  assertEquals(claimed(decideAll(ledger)), ["a.1", "a.2", "a.3"]);
  work(ledger, "a.1");
  end(ledger, "a.2", "exit");
  assertEquals(decideAll(ledger), [], "nothing is judged while a candidate is at work");
  work(ledger, "a.3");
  assertEquals(claimed(decideAll(ledger)), ["a.review"]);
  const waits = findTask(ledger.state, "a.3");
  const [keeping] = waits === undefined ? [] : whatKeeps(ledger.state, waits, ledger.now);
  assertEquals(keeping, {
    code: "pick",
    text: "it is one of the candidates for a, of which one is picked by a.review (claimed)",
    tasks: ["a.review"],
  });
  judge(ledger, "a.3");
  assertEquals(steps(decideAll(ledger)), ["candidate_picked a", "task_cancelled a.1", "merge_started a.3"]);
  land(ledger, "a.3");
  const [completed, judged, next] = decideAll(ledger);
  assertEquals(steps([completed, judged].filter((each) => each !== undefined)), [
    "task_completed a",
    "task_completed a.review",
  ]);
  assertEquals(next?.subject, "task/rival");
  assertEquals(
    states(ledger),
    "a.1 cancelled, a.2 failed, a.3 completed, a.review completed, a completed, rival claimed",
  );
  assertEquals([ledger.state.index.failures, findTask(ledger.state, "a")?.task.commit], [0, OID]);
  foldsAgain(ledger, tasks);
});

Deno.test("a single candidate that has passed needs no review, and none that has passed is none to review", () => {
  const tasks = best("a");
  const ledger = ledgerOf(tasks, { workers: 4 });
  decideAll(ledger);
  work(ledger, "a.2");
  end(ledger, "a.1", "exit");
  end(ledger, "a.3", "exit");
  assertEquals(steps(decideAll(ledger)), [
    "candidate_picked a",
    "task_cancelled a.review",
    "merge_started a.2",
  ]);
  assertMatch(
    String(findTask(ledger.state, "a.review")?.task.reason),
    /^the work of a single candidate is done/,
  );
  land(ledger, "a.2");
  decideAll(ledger);
  assertEquals([isQuiet(ledger.state), runStatus(ledger.state)], [true, "passed"]);
  foldsAgain(ledger, tasks);

  const hopeless = ledgerOf(tasks, { workers: 4 });
  decideAll(hopeless);
  for (const id of ["a.1", "a.2", "a.3"]) end(hopeless, id, "exit");
  assertEquals(claimed(decideAll(hopeless)), []);
  assertEquals(states(hopeless), "a.1 failed, a.2 failed, a.3 failed, a.review cancelled, a blocked");
  // Two of them that are tried again have a review again.
  for (const id of ["a.1", "a.2"]) ask(hopeless, "retry_requested", { task_id: id, reason: "again" });
  assertEquals(claimed(decideAll(hopeless)), ["a.1", "a.2"]);
  work(hopeless, "a.1");
  work(hopeless, "a.2");
  assertEquals(claimed(decideAll(hopeless)), ["a.review"]);
  judge(hopeless, "a.2");
  decideAll(hopeless);
  assertEquals(findTask(hopeless.state, "a")?.task.picked?.task_id, "a.2");
  foldsAgain(hopeless, tasks);
});

Deno.test("P8: a review that fails for good picks nothing: the candidates wait for it to be tried again", () => {
  const tasks = best("a");
  const ledger = ledgerOf(tasks, { workers: 4 });
  decideAll(ledger);
  for (const id of ["a.1", "a.2", "a.3"]) work(ledger, id);
  decideAll(ledger);
  end(ledger, "a.review", "timeout");
  assertEquals(decideAll(ledger), []);
  assertEquals([isQuiet(ledger.state), runStatus(ledger.state)], [true, "not_ready"]);
  const choice = findTask(ledger.state, "a");
  const [keeping] = choice === undefined ? [] : whatKeeps(ledger.state, choice, ledger.now);
  assertStringIncludes(String(keeping?.text), "which one is merged is said by a.review (failed)");
  ask(ledger, "retry_requested", { task_id: "a.review", reason: "again" });
  assertEquals(claimed(decideAll(ledger)), ["a.review"]);
  judge(ledger, "a.1");
  decideAll(ledger);
  land(ledger, "a.1");
  decideAll(ledger);
  assertEquals([stateOf(ledger, "a"), stateOf(ledger, "a.review")], ["completed", "completed"]);
  assertEquals(runStatus(ledger.state), "passed");
  foldsAgain(ledger, tasks);
});

Deno.test("P3: a review that has seen other work than there is now looks anew, or is not wanted any more", () => {
  const tasks = best("a");
  const ledger = ledgerOf(tasks, { workers: 4 });
  decideAll(ledger);
  work(ledger, "a.1");
  work(ledger, "a.2");
  end(ledger, "a.3", "exit");
  assertEquals(claimed(decideAll(ledger)), ["a.review"]);
  ask(ledger, "retry_requested", { task_id: "a.3", reason: "again" });
  assertEquals(claimed(decideAll(ledger)), ["a.3"]);
  judge(ledger, "a.1");
  assertEquals(decideAll(ledger), [], "a candidate is at work");
  work(ledger, "a.3");
  assertEquals(steps(decideAll(ledger)), ["retry_scheduled a.review", "task_claimed a.review"]);
  assertEquals(unwantedEnd(ledger.state, refOf(ledger, "a.review")), null);
  ask(ledger, "cancel_requested", { task_id: "a", reason: "no" });
  decideAll(ledger);
  assertEquals(unwantedEnd(ledger.state, refOf(ledger, "a.review")), { reason: "cancelled", now: false });
  judge(ledger, "a.3");
  assertEquals(decideAll(ledger), []);
  assertEquals(findTask(ledger.state, "a.review")?.task.reason, '"a" is cancelled');
  assertEquals(
    states(ledger),
    "a.1 cancelled, a.2 cancelled, a.3 cancelled, a.review cancelled, a cancelled",
  );
  foldsAgain(ledger, tasks);
});

Deno.test("P7, P8: the fold takes no pick that the review has not made", () => {
  const ledger = ledgerOf([...best("a"), ...best("b")], { workers: 8 });
  decideAll(ledger);
  for (const id of ["a.1", "a.2"]) work(ledger, id);
  end(ledger, "a.3", "exit");
  const why = (id: string, review?: string) => {
    const before = ledger.state.run.violations.length;
    const by = review === undefined ? {} : { review: refOf(ledger, review) };
    const payload = { task_id: "a", picked: refOf(ledger, id), reason: "", ...by };
    ledger.add([draft("candidate_picked", taskSubject("a"), "controller/1", payload)]);
    return ledger.state.run.violations.at(before)?.why;
  };
  assertEquals(why("a.1"), 'no review has picked among the candidates for "a"');
  decideAll(ledger);
  assertEquals(why("a.1", "a.review"), 'task "a.review" is claimed');
  judge(ledger, "a.2");
  assertEquals(why("a.1", "a.review"), 'review "a.review" has not picked this attempt of "a.1"');
  assertEquals(why("a.2", "a.1"), 'task "a.1" does not pick for "a"');
  assertEquals(why("a.2", "a.review"), undefined);
});
