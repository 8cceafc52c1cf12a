import { assertEquals } from "@std/assert";
import type { AttemptOutcome } from "../../src/log/kinds.ts";
import { settleAttempt } from "../../src/scheduler/settle.ts";
import { makeOutcome, makeTask } from "../run/fixture.ts";
import { decideAll, ledgerOf, refOf, start, stateOf } from "./steps.ts";

/** The refusals that follow when a task proposes this. */
function refusals(reported: Omit<NonNullable<AttemptOutcome["reported"]>, "status">) {
  const ledger = ledgerOf([makeTask("a")]);
  decideAll(ledger);
  start(ledger, "a");
  const ref = refOf(ledger, "a");
  const outcome = makeOutcome("success", { reported: { status: "success", ...reported } });
  ledger.add(settleAttempt(ledger.state, ref, outcome, [], ledger.now));
  assertEquals([stateOf(ledger, "a"), ledger.state.run.violations], ["completed", []]);
  return ledger.events.flatMap(({ kind, subject, payload }) => {
    if (kind !== "task_rejected") return [];
    assertEquals([subject, payload.proposed_by], ["task/a", ref]);
    return [[payload.task_id, payload.reason]];
  });
}

Deno.test("each proposal of a finished attempt is refused with its reason, after the attempt's own end", () => {
  const proposals = [{ id: "next", run: "true" }, { run: "no id" }, { id: "../x" }, { id: 7 }];
  const reason = "the plan does not allow proposals";
  assertEquals(refusals({ proposals }), [["next", reason], ["a", reason], ["a", reason], ["a", reason]]);
  assertEquals(refusals({}), []);
});

Deno.test("proposals beyond those that are read are refused as one", () => {
  assertEquals(refusals({ proposals: [{ id: "x" }], more_proposals: 5 }).at(-1), [
    "a",
    "5 more were not read: an attempt may make 20 proposals",
  ]);
});
