/** A controller that dies right before and right after every event of reviews and picks, with all that comes before it. */

import { assert, assertEquals } from "@std/assert";
import type { RunEvent } from "../../src/log/event.ts";
import type { AttemptsSpec, TaskSpec } from "../../src/plan/spec.ts";
import type { RunState } from "../../src/scheduler/run_state.ts";
import { makeGate, makeOutcome, makePlan, makeTask } from "../run/fixture.ts";
import { type Behaviour, dieEverywhere, type DyingRun } from "./dying_run.ts";

const CANDIDATES = ["b.1", "b.2"];
/** Of these, a review picks the second. */
const REVIEWED = ["d.1", "d.2", "d.3"];

function review(id: string, of: readonly string[]): TaskSpec {
  const { run: _, ...rest } = makeTask(id, { dependencies: of, write_set: [] });
  return { ...rest, agent: "a", review: { of, rubric: { name: "code", text: "Look" }, max_rounds: 3 } };
}

function candidates(
  id: string,
  ids: readonly string[],
  attempts: Omit<AttemptsSpec, "candidates">,
): TaskSpec[] {
  return [
    ...ids.map((each) => makeTask(each, { candidate_of: id })),
    makeTask(id, {
      dependencies: ids,
      trigger_rule: "one_success",
      attempts: { ...attempts, candidates: ids },
    }),
  ];
}

function pickingReview(id: string, of: readonly string[], picks_for: string): TaskSpec {
  const { review: how, ...rest } = review(id, of);
  return {
    ...rest,
    trigger_rule: "all_done",
    review: { of, rubric: { name: "code", text: "Look" }, max_rounds: 0, ...how, picks_for },
  };
}

/**
 * `a` is sent back once by its review; two candidates compete for `b`, three for `d`, of which a review picks one, and `c`
 * comes after all of them.
 */
const PLAN = makePlan([
  makeTask("a"),
  review("look", ["a"]),
  ...candidates("b", CANDIDATES, { pick: "first-passing" }),
  pickingReview("d.review", REVIEWED, "d"),
  ...candidates("d", REVIEWED, { pick: "review", review: "d.review" }),
  makeTask("c", { dependencies: ["look", "b", "d"] }),
], { workers: 8, gates: [makeGate()] });

const BEHAVIOUR: Behaviour = {
  changes: (taskId) => taskId !== "look" && taskId !== "d.review",
  outcome(taskId, events) {
    if (taskId === "d.1") return makeOutcome("exit", { exit_code: 1 });
    if (taskId === "d.review") return makeOutcome("success", { pick: { task_id: "d.3", why: "short" } });
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
function assertSound(run: DyingRun, state: RunState, what: string): void {
  const { events } = run.world;
  assertEquals(state.run.status, "ready", what);
  const picks = events.flatMap((event) => event.kind === "candidate_picked" ? [event.payload] : []);
  assertEquals(picks.map(({ task_id }) => task_id).toSorted(), ["b", "d"], `one pick for each: ${what}`);
  const picked = picks.map((each) => each.picked.task_id);
  assertEquals(picks.find(({ task_id }) => task_id === "d")?.review?.task_id, "d.review", what);
  assert(picked.includes("d.3"), `what the review named: ${what}`);
  const endOf = (id: string) =>
    id === "d.1"
      ? "failed"
      : [...CANDIDATES, ...REVIEWED].includes(id) && !picked.includes(id)
      ? "cancelled"
      : "completed";
  assertEquals(
    state.tasks.map((task) => `${task.id} ${task.state}`),
    PLAN.tasks.map(({ id }) => `${id} ${endOf(id)}`),
    what,
  );
  assertEquals(run.delivered.toSorted(), ["a", ...picked, "c"].toSorted(), `P6, P7: ${what}`);
  const passed = new Set<number>();
  let blocked = 0;
  for (const { kind, payload } of events) {
    if (kind === "task_reviewed" && payload.verdict === "passed") passed.add(payload.token);
    if (kind === "task_reviewed" && payload.verdict === "blocked") blocked += 1;
    if (kind === "merge_started" && payload.task_id === "a") assert(passed.has(payload.token), `P7: ${what}`);
  }
  assertEquals(blocked, 1, `what was said once is not said again: ${what}`);
}

Deno.test("P1 P3 P7: a controller may die before and after every event of a review and of a pick: both come to their end all the same", async () => {
  await dieEverywhere(PLAN, BEHAVIOUR, { isPoint: isOfJudgement, least: 10 }, assertSound);
});
