/** A controller that dies right before and right after every event of reviews and picks, with all that comes before it. */

import { assert, assertEquals } from "@std/assert";
import type { RunEvent } from "../../src/log/event.ts";
import { apply, applyAll } from "../../src/run/state.ts";
import { createRunState, runStateJson } from "../../src/scheduler/run_state.ts";
import type { TaskSpec } from "../../src/plan/spec.ts";
import { makeGate, makeOutcome, makePlan, makeTask } from "../run/fixture.ts";
import { type Behaviour, DyingRun } from "./dying_run.ts";

const CANDIDATES = ["b.1", "b.2"];

function review(id: string, of: readonly string[]): TaskSpec {
  const { run: _, ...rest } = makeTask(id, { dependencies: of, write_set: [] });
  return { ...rest, agent: "a", review: { of, rubric: { name: "code", text: "Look" }, max_rounds: 3 } };
}

/** `a` is sent back once by its review; two candidates compete for `b`, and `c` comes after all of them. */
const PLAN = makePlan([
  makeTask("a"),
  review("look", ["a"]),
  ...CANDIDATES.map((id) => makeTask(id, { candidate_of: "b" })),
  makeTask("b", {
    dependencies: CANDIDATES,
    trigger_rule: "one_success",
    attempts: { pick: "first-passing", candidates: CANDIDATES },
  }),
  makeTask("c", { dependencies: ["look", "b"] }),
], { workers: 4, gates: [makeGate()] });

const BEHAVIOUR: Behaviour = {
  changes: (taskId) => taskId !== "look",
  outcome(taskId, events) {
    if (taskId !== "look") return makeOutcome("success");
    const isSecond = events.some(({ kind }) => kind === "task_reviewed");
    const findings = isSecond ? [] : [{ severity: "blocking" as const, message: "wrong" }];
    return makeOutcome("success", { findings });
  },
};

/** Whether an event is about a review, a pick, or what follows from them. */
function isOfJudgement({ kind, subject }: RunEvent): boolean {
  const ends = ["task_finished", "task_completed", "task_cancelled", "retry_scheduled"];
  return kind === "task_reviewed" || kind === "candidate_picked" ||
    (ends.includes(kind) && subject !== "task/c");
}

/** The run has ended as one that nobody has disturbed. */
function assertSound(run: DyingRun, what: string): void {
  const { events } = run.world;
  const state = applyAll(createRunState(PLAN), events);
  assertEquals([run.world.violations, state.run.violations], [[], []], what);
  assertEquals(state.run.status, "ready", what);
  const picks = events.flatMap((event) =>
    event.kind === "candidate_picked" ? [event.payload.picked.task_id] : []
  );
  assertEquals(picks.length, 1, `one pick: ${what}`);
  const [picked = ""] = picks;
  assertEquals(
    state.tasks.map((task) => `${task.id} ${task.state}`),
    ["a", "look", ...CANDIDATES, "b", "c"].map((id) =>
      `${id} ${CANDIDATES.includes(id) && id !== picked ? "cancelled" : "completed"}`
    ),
    what,
  );
  assertEquals(run.delivered.toSorted(), ["a", picked, "c"].toSorted(), `P6, P7: ${what}`);
  const passed = new Set<number>();
  let blocked = 0;
  for (const { kind, payload } of events) {
    if (kind === "task_reviewed" && payload.verdict === "passed") passed.add(payload.token);
    if (kind === "task_reviewed" && payload.verdict === "blocked") blocked += 1;
    if (kind === "merge_started" && payload.task_id === "a") assert(passed.has(payload.token), `P7: ${what}`);
  }
  assertEquals(blocked, 1, `what was said once is not said again: ${what}`);
  const again = createRunState(PLAN);
  for (const event of events) apply(again, event);
  assertEquals(runStateJson(again), runStateJson(state), `P1: ${what}`);
}

Deno.test("P1 P3 P7: a controller may die before and after every event of a review and of a pick: both come to their end all the same", async () => {
  const quiet = new DyingRun(PLAN, BEHAVIOUR, null);
  await quiet.toEnd();
  assertSound(quiet, "nobody dies");
  const points = quiet.world.events.filter(isOfJudgement);
  assert(points.length > 10, `${points.length} points`);
  for (const { index, kind } of points) {
    for (const isBefore of [true, false]) {
      const run = new DyingRun(PLAN, BEHAVIOUR, { index, isBefore });
      await run.toEnd();
      const what = `death ${isBefore ? "before" : "after"} event ${index} (${kind})`;
      assertEquals(run.deaths, 1, what);
      assertSound(run, what);
    }
  }
});
