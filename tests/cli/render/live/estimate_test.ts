import { assertEquals } from "@std/assert";
import { remainingMs } from "../../../../src/cli/render/live/estimate.ts";
import { Ledger, makePlan, makeTask } from "../../../run/fixture.ts";
import { decideAll, end } from "../../../scheduler/steps.ts";

Deno.test("remainingMs() shares what is left among the workers, and says nothing where too little is known", () => {
  const tasks = ["a", "b", "c", "d"].map((id) => makeTask(id));
  const known = (ids: readonly string[]) => {
    const ledger = new Ledger(makePlan(tasks, { workers: 2 }));
    ledger.start({ durations: ids.map((task_id) => ({ task_id, ms: 10_000 })) });
    return ledger;
  };
  const start = known(["a", "b", "c", "d"]);
  assertEquals(remainingMs(start.state, start.now), 20_000);
  decideAll(start);
  end(start, "a", "success");
  assertEquals(remainingMs(start.state, start.now + 4_000), 13_000, "b has run 4 s, c and d not yet");
  assertEquals(remainingMs(known(["a"]).state, 0), undefined);
  assertEquals(remainingMs(known(["a", "b", "c"]).state, 0), 20_000, "what was never timed takes the mean");
});
