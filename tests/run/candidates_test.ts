import { assertEquals } from "@std/assert";
import type { AttemptsSpec, TaskSpec } from "../../src/plan/spec.ts";
import { runStateJson } from "../../src/scheduler/run_state.ts";
import { makeGate, makePlan, makeTask } from "./fixture.ts";
import { Rig } from "./rig.ts";

function best(id: string, pick: AttemptsSpec["pick"], changes: Partial<TaskSpec> = {}): TaskSpec[] {
  const ids = [1, 2, 3].map((at) => `${id}.${at}`);
  return [
    ...ids.map((each) => makeTask(each, { ...changes, candidate_of: id })),
    makeTask(id, {
      ...changes,
      dependencies: ids,
      trigger_rule: "one_success",
      attempts: { pick, candidates: ids },
    }),
  ];
}

/** The same with a review that picks. */
function reviewedBest(id: string, retry_policy = makeTask("x").retry_policy): TaskSpec[] {
  const tasks = best(id, "review");
  const of = tasks.slice(0, -1).map((each) => each.id);
  const { run: _, ...rest } = makeTask(`${id}.review`, { dependencies: of, write_set: [], retry_policy });
  const rubric = { name: "code", text: "Look" };
  return tasks.flatMap((each): TaskSpec[] =>
    each.attempts === undefined ? [each] : [
      { ...rest, trigger_rule: "all_done", agent: "a", review: { of, rubric, max_rounds: 0, picks_for: id } },
      { ...each, attempts: { ...each.attempts, review: rest.id } },
    ]
  );
}

Deno.test("P1, P3, P7: one candidate for each task is merged, whatever becomes of the others", async () => {
  const retry_policy = { ...makeTask("x").retry_policy, max_attempts: 1 };
  const tasks = [
    ...best("a", "first-passing", { write_set: ["a.1.txt", "a.2.txt", "a.3.txt"] }),
    ...best("b", "smallest-diff", {
      write_set: ["b.1.txt", "b.2.txt", "b.3.txt"],
      retry_declared: true,
      retry_policy,
    }),
    makeTask("after", { dependencies: ["a", "b"] }),
  ];
  const rig = new Rig(makePlan(tasks, { workers: 6, gates: [makeGate()], gate_each: "batch" }), {
    // The first one never ends, and is told to.
    outcome: (id, attempt) => id === "a.1" ? null : id === "b.1" && attempt === 1 ? "signal" : "success",
    duration: (id) => id === "a.3" ? 50 : 100,
    conflict: (id, attempt) => id === "a.3" && attempt === 1 ? ["x"] : [],
  });
  assertEquals(await rig.run(), { status: "ready", exit_code: 0 });
  assertEquals(rig.state.run.violations, []);
  assertEquals(rig.foldAgain(), runStateJson(rig.state));
  assertEquals(
    rig.state.tasks.map(({ id, state, attempt }) => `${id} ${state} ${attempt}`),
    [
      "a.1 cancelled 1",
      "a.2 cancelled 1",
      "a.3 completed 2",
      "a completed 0",
      "b.1 completed 2",
      "b.2 cancelled 1",
      "b.3 cancelled 1",
      "b completed 0",
      "after completed 1",
    ],
  );
  assertEquals(rig.tasksIn(rig.state.run.head?.commit ?? null).toSorted(), ["a.3", "after", "b.1"]);
});

Deno.test("P1, P3, P7, P8: the candidate that the review names is merged, and none where it names none", async () => {
  const retry_policy = { ...makeTask("x").retry_policy, max_attempts: 1 };
  const tasks = [
    ...reviewedBest("a"),
    ...reviewedBest("b", retry_policy),
    ...reviewedBest("c"),
    ...reviewedBest("d", retry_policy),
    makeTask("after", { dependencies: ["a"] }),
  ];
  const rig = new Rig(makePlan(tasks, { workers: 12, gates: [makeGate()] }), {
    outcome: (id) => ["b.1", "c.1", "c.3"].includes(id) ? "signal" : "success",
    duration: (id) => id === "a.3" ? 500 : 100,
    // The one of "b" names a candidate that has failed at first, and the one of "d" somebody else's.
    pick: (id, attempt) => ({ "a.review": "a.2", "b.review": `b.${attempt}`, "d.review": "a.1" })[id],
    conflict: (id, attempt) => id === "a.2" && attempt === 1 ? ["x"] : [],
  });
  assertEquals(await rig.run(), { status: "not_ready", exit_code: 1 });
  assertEquals(rig.state.run.violations, []);
  assertEquals(rig.foldAgain(), runStateJson(rig.state));
  assertEquals(
    rig.state.tasks.map(({ id, state, attempt }) => `${id} ${state} ${attempt}`),
    [
      ...["a.1 cancelled 1", "a.2 completed 2", "a.3 cancelled 1", "a.review completed 1", "a completed 0"],
      ...["b.1 failed 1", "b.2 completed 1", "b.3 cancelled 1", "b.review completed 2", "b completed 0"],
      ...["c.1 failed 1", "c.2 completed 1", "c.3 failed 1", "c.review cancelled 0", "c completed 0"],
      ...["d.1 finished 1", "d.2 finished 1", "d.3 finished 1", "d.review failed 2", "d pending 0"],
      "after completed 1",
    ],
  );
  assertEquals(rig.tasksIn(rig.state.run.head?.commit ?? null).toSorted(), ["a.2", "after", "b.2", "c.2"]);
  const outcome = (id: string) => rig.state.tasks.find((each) => each.id === id)?.outcome?.result;
  assertEquals(outcome("d.review"), "pick_invalid");
  const picks = rig.events.flatMap(({ kind, payload }) =>
    kind === "candidate_picked" ? [`${payload.picked.task_id} ${payload.reason}`] : []
  );
  assertEquals(picks.toSorted(), [
    'a.2 review "a.review" named it: it is short',
    'b.2 review "b.review" named it: it is short',
    "c.2 its work alone is done, so no review is needed",
  ]);
});
