import { assertEquals } from "@std/assert";
import { gateOverviews } from "../../src/cli/gate_overviews.ts";
import { Ledger } from "../run/fixture.ts";
import { storyDrafts, storyPlan } from "./fixture.ts";

Deno.test("gateOverviews() counts no run at the base, which tells only which tests there were", () => {
  const ledger = new Ledger(storyPlan()).start();
  ledger.add(storyDrafts("finished"));
  const { state } = ledger;
  const [failed] = state.run.gates;
  if (failed !== undefined) {
    state.run.gates.push(
      { ...failed, run_number: 2, result: "passed", reason: null },
      { ...failed, run_number: 3, at_base: true, reason: "red at the base" },
    );
  }
  const [overview] = gateOverviews(state, 0);
  assertEquals([overview?.runs, overview?.latest?.result, overview?.latest?.reason], [2, "passed", null]);
});
