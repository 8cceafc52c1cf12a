import { assertEquals } from "@std/assert";
import { nothingToResume } from "../../src/cli/resume_run.ts";
import { makePlan, makeTask, RUN_ID } from "../run/fixture.ts";
import { createRunState } from "../../src/scheduler/run_state.ts";

Deno.test("nothingToResume() names what goes on from an ended run, by how it ended", () => {
  const { run } = createRunState(makePlan([makeTask("a")]));
  Object.assign(run, { run_id: RUN_ID, status: "not_ready" });
  const way = (changes: Partial<typeof run>) =>
    nothingToResume({ ...run, ...changes }).message.split("; ").at(-1);
  assertEquals(way({}), "omk retry runs failed tasks again");
  assertEquals(
    way({ cancelled: true }),
    `omk run --reuse ${RUN_ID} runs its plan anew, and keeps what is done`,
  );
  assertEquals(
    way({ budget_exhausted: { budget: "attempts", used: 3, limit: 3 } }),
    `omk budget add ${RUN_ID} --attempts … lets it go on`,
  );
});
