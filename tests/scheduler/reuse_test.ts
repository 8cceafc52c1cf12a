import { assert, assertEquals } from "@std/assert";
import { draft, taskSubject } from "../../src/log/event.ts";
import type { Plan, TaskSpec } from "../../src/plan/spec.ts";
import { applyAll } from "../../src/run/state.ts";
import { decide, isQuiet } from "../../src/scheduler/decide.ts";
import { chooseReusable } from "../../src/scheduler/reuse.ts";
import type { ReusableAttempt } from "../../src/scheduler/run_record.ts";
import { createRunState, findTask, runStateJson } from "../../src/scheduler/run_state.ts";
import { BASE_COMMIT, Ledger, makePlan, makeTask } from "../run/fixture.ts";
import { ask, claimed, decideAll, OID, stateOf } from "./steps.ts";

const EARLIER = "20260101-000000-aaaa";

/** What the second attempt of a task left in the earlier run; `pin` null: it changed nothing. */
function attemptOf(task_id: string, pin: string | null = OID): ReusableAttempt {
  return {
    task_id,
    from: { run: EARLIER, attempt: 2 },
    token: 7,
    base: BASE_COMMIT,
    pin,
    changed: { count: 1, paths: [{ path: "x", change: "added" }] },
    secrets: [],
    outputs: [],
  };
}

/** The ids that a plan takes over of an earlier one in which every task was completed. */
function chosen(
  tasks: readonly TaskSpec[],
  earlier: Partial<Plan> & { readonly changed?: readonly string[] },
) {
  const plan = makePlan(tasks);
  const { changed = [], ...overrides } = earlier;
  const attempts = new Map(tasks.map(({ id }) => [id, attemptOf(id)]));
  return chooseReusable(plan, null, { plan: { ...plan, ...overrides }, attempts, changed }, {})
    .map(({ task_id }) => task_id);
}

const A = makeTask("a");
const B = makeTask("b", { dependencies: ["a"] });

Deno.test("chooseReusable() takes what has the same spec and whose dependencies are taken", () => {
  assertEquals(chosen([B, A], {}), ["a", "b"], "in an order in which each comes after what it depends on");
  assertEquals(chosen([A, B], { tasks: [A, { ...B, run: "false" }] }), ["a"]);
  assertEquals(chosen([A, B], { tasks: [{ ...A, run: "false" }, B] }), []);
  assertEquals(chosen([A, B], { worktree: { setup: "make", setup_inputs: [], keep: [], copy: [] } }), []);
});

Deno.test("chooseReusable() compares the bases in what a task declares, or in everything", () => {
  const declared = makeTask("d", { read_set: ["src"], write_set: ["docs/**"] });
  const writes = makeTask("w", { write_set: ["docs/**"] });
  assertEquals(chosen([A, declared, writes], { changed: ["lib/x.ts"] }), ["d"]);
  assertEquals(chosen([declared], { changed: ["src/deep/x.ts"] }), []);
  assertEquals(chosen([declared], { changed: ["docs/x.md"] }), []);
});

Deno.test("chooseReusable() never takes what works in place, or gets a value from outside", () => {
  assertEquals(chosen([makeTask("a", { isolation: "none", write_set: [] }), B], {}), []);
  assertEquals(chosen([makeTask("a", { env: { KEY: { from: "KEY" }, X: "1" } })], {}), []);
  const plan = makePlan([A, B]);
  const attempts = new Map([["a", attemptOf("a")]]);
  assertEquals(chooseReusable(plan, null, { plan, attempts, changed: [] }, {}).length, 1, "b left nothing");
  assertEquals(chooseReusable(plan, ["b"], { plan, attempts, changed: [] }, {}), [], "a is not selected");
});

/** A run that is to take over these attempts. */
function reusing(tasks: readonly TaskSpec[], attempts: readonly ReusableAttempt[]): Ledger {
  return new Ledger(makePlan(tasks, { workers: 4 })).start({ reuse: { run: EARLIER, tasks: [...attempts] } });
}

/** The merge of the task that is being taken over ends: with this head, or with a conflict. */
function endMerge(ledger: Ledger, commit: string | null): void {
  const { merge } = ledger.state.run;
  assert(merge?.reused !== undefined);
  const { task_id, attempt, token, head, reused } = merge;
  const ref = { task_id, attempt, token, reused };
  ledger.add([
    commit === null
      ? draft("merge_conflicted", taskSubject(task_id), "controller/1", {
        ...ref,
        head,
        paths: ["x"],
        detail: "",
      })
      : draft("task_completed", taskSubject(task_id), "controller/1", { ...ref, commit, tree: commit }),
  ]);
}

Deno.test("what is taken over is merged one after the other, before anything is claimed", () => {
  const ledger = reusing([A, B, makeTask("c")], [attemptOf("a"), attemptOf("b", null)]);
  assertEquals(decideAll(ledger).map(({ kind }) => kind), ["merge_started"]);
  assertEquals(decide(ledger.state, ledger.now), [], "the merge is under way");
  endMerge(ledger, "1".repeat(40));
  assertEquals(decideAll(ledger).map(({ kind }) => kind), ["task_completed", "task_claimed"]);
  assertEquals([stateOf(ledger, "a"), stateOf(ledger, "b"), stateOf(ledger, "c")], [
    "completed",
    "completed",
    "claimed",
  ]);
  const { reused, attempt, commit } = findTask(ledger.state, "a")?.task ?? {};
  assertEquals([reused, attempt, commit], [{ run: EARLIER, attempt: 2 }, 0, "1".repeat(40)]);
  assertEquals(ledger.state.run.head?.commit, "1".repeat(40));
  assertEquals(ledger.state.run.violations, []);
  const again = applyAll(createRunState(ledger.state.plan), ledger.events);
  assertEquals(runStateJson(again), runStateJson(ledger.state), "P1");
});

Deno.test("what conflicts with the head is run, and so is all that depends on it", () => {
  const ledger = reusing([A, B, makeTask("c")], ["a", "b", "c"].map((id) => attemptOf(id)));
  decideAll(ledger);
  endMerge(ledger, null);
  decideAll(ledger);
  assertEquals(ledger.state.run.merge?.task_id, "c");
  endMerge(ledger, "1".repeat(40));
  assertEquals(claimed(decideAll(ledger)), ["a"]);
  assertEquals(findTask(ledger.state, "a")?.task.conflict_count, 0);
});

Deno.test("a run that is cancelled or paused takes nothing more over, and waits for the merge under way", () => {
  const ledger = reusing([A, B], [attemptOf("a"), attemptOf("b")]);
  ask(ledger, "pause_requested", { reason: "wait" });
  assertEquals(decideAll(ledger).map(({ kind }) => kind), ["run_paused"]);
  ask(ledger, "unpause_requested", {});
  decideAll(ledger);
  ask(ledger, "cancel_requested", { task_id: null, reason: "stop" });
  decideAll(ledger);
  assertEquals([stateOf(ledger, "a"), stateOf(ledger, "b")], ["pending", "cancelled"]);
  endMerge(ledger, "1".repeat(40));
  assertEquals(decideAll(ledger).map(({ kind }) => kind), ["run_cancelled"]);
  assertEquals(stateOf(ledger, "a"), "completed");
  assert(isQuiet(ledger.state));
});

Deno.test("P3: the fold takes over nothing that the run did not start with, and nothing twice", () => {
  const ledger = reusing([A, B], [attemptOf("b", null)]);
  const completed = (task_id: string, attempt: number, reused = { run: EARLIER, attempt }) =>
    draft("task_completed", taskSubject(task_id), "controller/1", {
      ...{ task_id, attempt, token: 7, commit: null, tree: null },
      reused,
    });
  ledger.add([completed("a", 2)]);
  ledger.add([completed("b", 1)]);
  assertEquals([stateOf(ledger, "a"), stateOf(ledger, "b")], ["pending", "pending"]);
  ledger.add([completed("b", 2)]);
  ledger.add([completed("b", 2)]);
  assertEquals(ledger.state.run.violations.length, 3);
  assertEquals(stateOf(ledger, "b"), "completed");
});
