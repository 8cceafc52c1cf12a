import { assertEquals, assertRejects } from "@std/assert";
import { retryCommand } from "../../src/cli/commands/retry.ts";
import { nothingToResume } from "../../src/cli/resume_run.ts";
import { OmkError } from "../../src/errors.ts";
import { draft } from "../../src/log/event.ts";
import { createRunState } from "../../src/scheduler/run_state.ts";
import { makePlan, makeTask, RUN_ID } from "../run/fixture.ts";
import { callCommand, PlainPlace, recordRun } from "./fixture.ts";

Deno.test("nothingToResume() names what goes on from an ended run, by how it ended", () => {
  const state = createRunState(makePlan([makeTask("a")]));
  Object.assign(state.run, { run_id: RUN_ID, status: "not_ready" });
  const way = () => nothingToResume(state).message.split(/; |: ready; /).at(-1);
  const anew = `omk run --reuse ${RUN_ID} runs its plan anew, and keeps what is done`;
  assertEquals(way(), anew, "only a gate has failed");
  const [task] = state.tasks;
  if (task !== undefined) task.state = "failed";
  assertEquals(way(), "omk retry runs failed tasks again");
  state.run.cancelled = true;
  assertEquals(way(), anew);
  state.run.cancelled = false;
  state.run.budget_exhausted = { budget: "attempts", used: 3, limit: 3 };
  assertEquals(way(), `omk budget add ${RUN_ID} --attempts … lets it go on`);
  state.run.status = "ready";
  assertEquals(way(), `see it with omk status ${RUN_ID}`);
});

Deno.test("omk retry --failed says what runs again where a gate alone has failed", async () => {
  await using place = await PlainPlace.make();
  await recordRun(place.home, RUN_ID, makePlan([makeTask("a")]), [
    draft("run_finished", "run", "controller/1", { status: "not_ready", exit_code: 1 }),
  ]);
  await assertRejects(
    () => callCommand(retryCommand, ["--failed"], place),
    OmkError,
    `no task has failed; omk run --reuse ${RUN_ID} runs its gates again`,
  );
});
